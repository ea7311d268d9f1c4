"""Our server with TLS from the first byte (RFC 8314), against clients that speak nothing else there."""

import pytest

from starttls.core.errors import HandshakeFailed
from starttls.protocols import ALL
from tests.interop.backends.visit import MAIL, PASSWORD, USER
from tests.interop.clients.attacks import Wire
from tests.interop.clients.house import Door, House
from tests.interop.clients.papers import BAD
from tests.interop.clients.program import Home, Ran
from tests.interop.clients.words import WORDS

pytestmark = pytest.mark.interop

SCHEMES = [(protocol.implicit, protocol.name) for protocol in ALL if protocol.implicit]
# What curl fetches, and what it shows of it. Its FTP has a protected data connection beside.
CURL = {
    "imaps": ("/INBOX;UID=1", MAIL.decode()),
    "pop3s": ("/1", MAIL.decode()),
    "ftps": ("/mail.txt", MAIL.decode()),
    "ldaps": ("/?vendorName?base", "vendorName: starttls interop"),
}


def curl(home: Home, door: Door, path: str) -> Ran:
    # cn= is how LDAP writes a user; it goes by address, as libldap wants another name than "localhost"
    user, host = (f"cn={USER}", "127.0.0.1") if door.scheme == "ldaps" else (USER, "localhost")
    command = ["curl", "--silent", "--show-error", "--cacert", str(door.ca_file), "--user", f"{user}:{PASSWORD}"]
    return home.run(*command, f"{door.scheme}://{host}:{door.port}{path}")


@pytest.mark.parametrize(("scheme", "protocol"), SCHEMES, ids=[scheme for scheme, _ in SCHEMES])
def test_openssl_verifies_us_and_is_served(house: House, home: Home, scheme: str, protocol: str) -> None:
    words = WORDS[protocol]
    with house.open(scheme) as door:
        command = ["openssl", "s_client", "-quiet", "-connect", f"127.0.0.1:{door.port}", "-servername", "localhost"]
        command += ["-verify_hostname", "localhost", "-verify_return_error", "-CAfile", str(door.ca_file)]
        ran = home.run(*command, said=words.said)
        assert words.answer in ran.output
        assert ran.status == 0, ran.output
        visit = door.visit()
        assert visit.heard == list(words.heard)
        assert visit.stream.upgrade is None


@pytest.mark.parametrize("scheme", CURL)
def test_curl_fetches(house: House, home: Home, scheme: str) -> None:
    path, expected = CURL[scheme]
    with house.open(scheme) as door:
        ran = curl(home, door, path)
        assert ran.status == 0, ran.output
        assert expected in ran.output.replace("\n", "\r\n").replace("\r\r", "\r")
        assert door.visit().user == USER


@pytest.mark.parametrize("scheme", CURL)
@pytest.mark.parametrize("kind", BAD)
def test_curl_refuses(house: House, home: Home, scheme: str, kind: str) -> None:
    with house.open(scheme, kind=kind) as door:
        assert curl(home, door, CURL[scheme][0]).status == 60  # CURLE_PEER_FAILED_VERIFICATION
        assert door.heard() == []


@pytest.mark.parametrize(("scheme", "protocol"), SCHEMES, ids=[scheme for scheme, _ in SCHEMES])
def test_plaintext_is_no_handshake(house: House, scheme: str, protocol: str) -> None:
    with house.open(scheme) as door, Wire(door.port) as wire:
        wire.write(WORDS[protocol].said)
        wire.rest()
        assert isinstance(door.failure(), HandshakeFailed)
        assert door.visits == []
