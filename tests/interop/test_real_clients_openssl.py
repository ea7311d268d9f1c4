"""Our server against ``openssl s_client -starttls``: OpenSSL's own dialogue, in every protocol that it has."""

import pytest

from starttls.core.errors import HandshakeFailed
from starttls.core.facts import Protocol
from starttls.protocols import ALL
from tests.interop.clients.house import Door, House
from tests.interop.clients.papers import BAD
from tests.interop.clients.program import Home, Ran
from tests.interop.clients.words import WORDS

pytestmark = pytest.mark.interop

# Our name of a protocol, where openssl has another.
NAMES = {"submission": "smtp", "managesieve": "sieve", "postgresql": "postgres"}
each_protocol = pytest.mark.parametrize("protocol", [protocol.name for protocol in ALL])


def s_client(home: Home, door: Door, *options: str, said: bytes) -> Ran:
    command = ["openssl", "s_client", "-starttls", NAMES.get(door.scheme, door.scheme), "-quiet"]
    command += ["-connect", f"127.0.0.1:{door.port}", "-servername", "localhost", "-verify_hostname", "localhost"]
    command += ["-verify_return_error", "-CAfile", str(door.ca_file), *options]
    if door.scheme.startswith("xmpp"):
        command += ["-xmpphost", "localhost"]
    return home.run(*command, said=said)


@each_protocol
def test_it_is_upgraded_verifies_us_and_is_served(house: House, home: Home, protocol: str) -> None:
    words = WORDS[protocol]
    with house.open(protocol) as door:
        ran = s_client(home, door, said=words.said)
        assert words.answer in ran.output
        assert ran.status == 0, ran.output
        assert door.visit().heard == list(words.heard)


@each_protocol
def test_with_a_bad_certificate_it_says_nothing_to_us(house: House, home: Home, protocol: str) -> None:
    with house.open(protocol, kind="unknown-issuer") as door:
        ran = s_client(home, door, said=WORDS[protocol].said)
        assert "unable to get local issuer certificate" in ran.output
        assert ran.status != 0
        failure = door.failure()
        assert isinstance(failure, HandshakeFailed)
        assert door.visits == []


@pytest.mark.parametrize("kind", BAD)
def test_it_refuses_each_kind_of_bad_certificate(house: House, home: Home, kind: str) -> None:
    with house.open("imap", kind=kind) as door:
        assert s_client(home, door, said=WORDS["imap"].said).status != 0
        assert isinstance(door.failure(), HandshakeFailed)
        assert door.visits == []


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_both_versions_of_today_will_do(house: House, home: Home, version: str) -> None:
    with house.open("smtp") as door:
        assert s_client(home, door, version, said=WORDS["smtp"].said).status == 0
        assert door.visit().heard == list(WORDS["smtp"].heard)


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_older_versions_do_not(house: House, home: Home, version: str) -> None:
    with house.open("smtp") as door:
        ran = s_client(home, door, version, "-cipher", "ALL:@SECLEVEL=0", said=WORDS["smtp"].said)
        assert "alert protocol version" in ran.output
        assert isinstance(door.failure(), HandshakeFailed)
        assert door.visits == []


@pytest.mark.parametrize(
    "protocol", [protocol for protocol in ALL if protocol.alpn], ids=lambda protocol: protocol.name
)
def test_the_registered_name_of_the_protocol_is_agreed_on(house: House, home: Home, protocol: Protocol) -> None:
    with house.open(protocol.name) as door:
        s_client(home, door, "-alpn", f"h2,{protocol.alpn[0]}", said=WORDS[protocol.name].said)
        facts = door.visit().stream.tls
        assert facts is not None
        assert facts.alpn == protocol.alpn[0]


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_session_is_resumed(house: House, home: Home, version: str) -> None:
    ticket = str(home.folder / "ticket")
    with house.open("smtp") as door:
        for option in ("-sess_out", "-sess_in"):
            assert s_client(home, door, version, option, ticket, said=WORDS["smtp"].said).status == 0
        door.heard()
        facts = [visit.stream.tls for visit in door.visits]
        assert [seen.resumed for seen in facts if seen] == [False, True]
