import asyncio
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from starttls.asyncio.client import Client
from starttls.asyncio.server import listen
from starttls.check import observe as observe_module
from starttls.check.observe import Observation, State, observe
from starttls.core.errors import CertificateRejected, Misuse
from starttls.lab.authority import Authority
from starttls.lab.backends import smtp
from starttls.lab.world import world
from starttls.policy.answer import Question, Status
from starttls.policy.errors import NoMail, NotAuthentic
from starttls.resolve.fake import FakeWorld
from starttls.resolve.route import ClientOptions, Route, nowhere
from starttls.tls.level import Level
from starttls.tls.plan import Timeouts
from starttls.tls.target import Target
from tests import hostile

QUICK = Timeouts(connect=1, wait=0.3, handshake=0.3, whole=2)


def look(url: str, **options: object) -> Observation:
    given = ClientOptions(timeouts=QUICK)
    given.update(options)  # type: ignore[typeddict-item]
    return asyncio.run(observe(Client(**given), Target.parse(url)))


async def test_the_facts_of_an_honest_upgrade() -> None:
    async with world() as here:
        seen = await observe(Client(ca_file=here.ca_file), Target.parse(here.honest[0]))
    assert (seen.target, seen.protocol, seen.state, seen.level) == (
        here.honest[0],
        "smtp",
        State.UPGRADED,
        Level.VERIFIED,
    )
    assert seen.address == f"127.0.0.1:{here.honest[0].rpartition(':')[2]}"
    assert seen.offered == ("ENHANCEDSTATUSCODES", "STARTTLS")
    assert seen.tls is not None
    assert seen.tls.version == "TLSv1.3"
    assert seen.tls.cipher in {"TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"}
    assert seen.tls.group
    assert seen.certificate is not None
    assert (seen.certificate.names, seen.certificate.issuer) == (("localhost", "127.0.0.1"), "CN=starttls demo CA")
    assert (seen.certificate.verified, seen.certificate.reason) == (True, None)
    assert len(seen.certificate.sha256) == 64
    assert seen.certificate.not_after - seen.certificate.not_before >= timedelta(days=7)
    assert seen.error is None
    assert "C: STARTTLS" in (seen.transcript or "")
    assert 0 < seen.seconds < 10


async def test_implicit_tls_has_no_conversation() -> None:
    async with world() as here:
        url = next(url for url in here.honest if url.startswith("imaps"))
        seen = await observe(Client(ca_file=here.ca_file), Target.parse(url))
    assert (seen.state, seen.level, seen.protocol) == (State.IMPLICIT, Level.VERIFIED, "imap")
    assert (seen.offered, seen.transcript) == (None, None)


async def test_every_server_of_the_world_is_verified() -> None:
    async with world() as here:
        client = Client(ca_file=here.ca_file)
        seen = [await observe(client, Target.parse(url)) for url in here.honest]
    assert [one.level for one in seen] == [Level.VERIFIED] * len(here.honest)


async def test_a_stripped_offer() -> None:
    async with world() as here:
        seen = await observe(Client(ca_file=here.ca_file), Target.parse(here.stripped))
    assert (seen.state, seen.level, seen.offered) == (
        State.NOT_OFFERED,
        Level.NONE,
        ("ENHANCEDSTATUSCODES", "XXXXXXXX"),
    )
    assert seen.error is not None
    assert seen.error.kind == "NotOffered"


async def test_a_rejected_certificate_is_still_described() -> None:
    async with world() as here:
        seen = await observe(Client(ca_file=here.ca_file), Target.parse(here.impostor))
    assert (seen.state, seen.level) == (State.REJECTED, Level.NONE)
    assert seen.certificate is not None
    assert seen.error is not None
    assert seen.error.kind == "CertificateRejected"
    assert (seen.certificate.verified, seen.certificate.reason) == (False, "issuer unknown")
    assert (seen.certificate.issuer, seen.certificate.names[0]) == ("CN=somebody else's CA", "localhost")
    assert seen.address is not None


async def test_a_certificate_that_nobody_verifies_is_said_to_be_that() -> None:
    async with world() as here:
        seen = await observe(Client(level="encrypted"), Target.parse(here.impostor))
    assert (seen.state, seen.level, seen.error) == (State.UPGRADED, Level.ENCRYPTED, None)
    assert seen.certificate is not None
    assert (seen.certificate.verified, seen.certificate.reason) == (False, "it was not asked for")


@pytest.mark.parametrize(
    ("names", "valid", "reason"),
    [
        (("mail.example.org",), timedelta(days=1), "name mismatch: certificate is for mail.example.org, not 127.0.0.1"),
        (("127.0.0.1",), timedelta(days=-3), "certificate expired on "),
    ],
)
async def test_why_a_certificate_was_rejected(names: tuple[str, ...], valid: timedelta, reason: str) -> None:
    authority = Authority()
    with authority.issue(*names, valid=valid).files() as files:
        ca_file = files.chain.parent / "ca.pem"
        ca_file.write_bytes(authority.certificate)
        async with listen("smtp://127.0.0.1:0", smtp, certificate=files.chain, key=files.key) as server:
            target = Target.parse(f"smtp://127.0.0.1:{server.addresses[0][1]}")
            seen = await observe(Client(ca_file=ca_file), target)
    assert seen.state is State.REJECTED
    assert seen.certificate is not None
    assert (seen.certificate.reason or "").startswith(reason)
    assert seen.certificate.names == names


@pytest.mark.parametrize(
    ("behaviour", "state", "kind", "words"),
    [
        (hostile.silent, State.UNREACHABLE, "TimedOut", "timed out after 0.3 s while waiting for the greeting"),
        (hostile.dribbling, State.UNREACHABLE, "TimedOut", "timed out after 0.3 s while waiting for the greeting"),
        (hostile.stuck_handshake, State.UNREACHABLE, "TimedOut", "while waiting for the TLS handshake"),
        (hostile.endless_line, State.FAILED, "TooLong", "bytes while waiting for the greeting"),
        (hostile.endless_lines, State.FAILED, "TooLong", "bytes while waiting for the greeting"),
        (hostile.garbage, State.FAILED, "Unexpected", r"unexpected '\x1b[2J"),
        (hostile.resetting, State.FAILED, "ClosedEarly", "connection reset by the peer while waiting for the greeting"),
        (hostile.leaving, State.FAILED, "ClosedEarly", "connection closed by the peer while waiting for the greeting"),
        (hostile.throttling, State.REFUSED, "Refused", "(throttled)"),
        (hostile.without_tls, State.FAILED, "PlaintextAfterGoAhead", "500 what?"),
    ],
)
def test_what_a_hostile_server_comes_to(
    behaviour: Callable[[socket.socket], None], state: State, kind: str, words: str
) -> None:
    began = time.monotonic()
    with hostile.serving(behaviour) as port:
        seen = look(f"smtp://127.0.0.1:{port}")
        assert time.monotonic() - began < 2.5
    assert seen.error is not None
    assert (seen.state, seen.level, seen.error.kind) == (state, Level.NONE, kind)
    assert words in seen.error.message
    assert "\n" not in seen.error.message
    assert seen.address == f"127.0.0.1:{port}"


def test_a_closed_port_is_unreachable() -> None:
    seen = look(f"smtp://127.0.0.1:{hostile.closed_port()}")
    assert seen.error is not None
    assert (seen.state, seen.address, seen.transcript) == (State.UNREACHABLE, None, None)
    assert (seen.error.kind, seen.error.message.endswith("connection refused")) == ("CannotConnect", True)


def test_a_name_without_an_address_is_unreachable() -> None:
    seen = look("smtp://nowhere.invalid")
    assert seen.error is not None
    assert (seen.state, seen.error.kind, seen.offered) == (State.UNREACHABLE, "CannotResolve", None)


def test_options_that_cannot_be_meant_are_the_callers_own() -> None:
    with hostile.serving(hostile.silent) as port, pytest.raises(Misuse, match="no such file"):
        look(f"smtp://127.0.0.1:{port}", ca_file="/nowhere/ca.pem")


@pytest.mark.parametrize(
    ("level", "asked", "enough"),
    [
        (Level.VERIFIED, Level.VERIFIED, True),
        (Level.VERIFIED, Level.ENCRYPTED, True),
        (Level.ENCRYPTED, Level.ENCRYPTED, True),
        (Level.ENCRYPTED, Level.VERIFIED, False),
        (Level.NONE, Level.ENCRYPTED, False),
    ],
)
def test_what_satisfies_a_level(level: Level, asked: Level, enough: bool) -> None:
    seen = Observation(
        target="smtp://a",
        address=None,
        protocol="smtp",
        state=State.UPGRADED,
        level=level,
        offered=None,
        tls=None,
        certificate=None,
        error=None,
        transcript=None,
        seconds=0.1,
    )
    assert seen.satisfies(asked) is enough


@pytest.mark.parametrize(
    ("peer", "address"),
    [(("192.0.2.1", 25), "192.0.2.1:25"), (("2001:db8::1", 25), "[2001:db8::1]:25"), (("", 0), None)],
)
def test_addresses_as_people_write_them(peer: tuple[str, int], address: str | None) -> None:
    class Reached:
        def __init__(self) -> None:
            self.peer = peer

    assert observe_module._address(Reached()) == address  # type: ignore[arg-type]


def test_a_certificate_that_cannot_be_read_is_no_fact() -> None:
    error = CertificateRejected("issuer unknown", chain=(b"junk",))
    assert observe_module._certificate(None, error) is None
    assert observe_module._certificate(None, CertificateRejected("no certificate")) is None


A = "mail.example.org. A 127.0.0.1\n"


@pytest.mark.parametrize(
    ("dns", "state", "kind"),
    [
        (A, State.REJECTED, "DaneRequired"),
        (A + "_25._tcp.mail.example.org. TLSA ; bogus", State.FAILED, "NotAuthentic"),
        (A + "_25._tcp.mail.example.org. TLSA ; indeterminate", State.UNREACHABLE, "NotAuthentic"),
        ("example.org. A 127.0.0.1", State.UNREACHABLE, "CannotResolve"),
    ],
)
def test_what_the_policy_says_before_anybody_is_reached(dns: str, state: State, kind: str) -> None:
    """Forged is known to be bad; what was withheld could not be told."""
    seen = look("smtp://mail.example.org", policy="dane", resolver=FakeWorld.parse(dns))
    assert (seen.state, seen.level, seen.address) == (state, Level.NONE, None)
    assert seen.error is not None
    assert seen.error.kind == kind
    assert seen.decided is not None
    assert seen.decided.reasons
    assert not seen.absent


async def test_a_certificate_that_matches_no_record_is_still_described() -> None:
    async with world() as here:
        port = here.honest[0].rpartition(":")[2]
        dns = A + f"_{port}._tcp.mail.example.org. TLSA 3 1 1 {32 * 'ab'}"
        client = Client(policy="dane", resolver=FakeWorld.parse(dns), timeouts=QUICK)
        seen = await observe(client, Target.parse(f"smtp://mail.example.org:{port}"))
    assert (seen.state, seen.level) == (State.REJECTED, Level.NONE)
    assert seen.certificate is not None
    assert seen.certificate.names == ("localhost", "127.0.0.1")
    assert "the certificate matches not the one TLSA record" in (seen.certificate.reason or "")
    assert seen.decided is not None
    assert seen.decided.action == "dane"


async def test_a_way_that_was_found_already() -> None:
    """It is gone as it stands; what stands in it is what is seen. Where it was guessed, nobody may be there."""
    target = Target.parse(f"smtp://127.0.0.1:{hostile.closed_port()}")
    way = Route(target=target, host="x", place=(target.host, target.port), domain="example.org", guessed=True)
    client = Client(timeouts=QUICK)
    seen = await observe(client, way)
    assert (seen.state, seen.domain, seen.absent) == (State.UNREACHABLE, "example.org", True)
    seen = await observe(client, replace(way, guessed=False))
    assert not seen.absent
    withheld = NotAuthentic(Question("_143._tcp.x", "TLSA"), Status.INDETERMINATE)
    seen = await observe(client, replace(way, error=withheld))
    assert (seen.state, seen.absent) == (State.UNREACHABLE, False)  # it is there, and was not looked at
    seen = await observe(client, nowhere("imap", "example.org", NoMail("example.org", "a null MX")))
    assert (seen.target, seen.state) == ("imap://example.org", State.FAILED)
