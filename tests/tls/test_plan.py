"""The demands of a client: what is refused before anything is sent, and what is kept."""

import socket

import pytest

from starttls.core.errors import Misuse
from starttls.tls.contexts import server_context
from starttls.tls.demand import Demand
from starttls.tls.level import Level
from starttls.tls.plan import SESSIONS, Plan, Policy, Timeouts, literal, peer_of
from starttls.tls.session import TLSSession
from starttls.tls.target import Target
from tests.tls.pairs import IMPLICIT_SERVER, Files, cross


def test_options_that_cannot_be_meant() -> None:
    """The type checker says so first; whoever has none is told here."""
    with pytest.raises(Misuse, match="neither 'verified' nor 'encrypted'"):
        Plan(level="plaintext")  # type: ignore[arg-type]
    with pytest.raises(Misuse, match="is not 'plaintext'"):
        Plan(fallback="yes")  # type: ignore[arg-type]


def test_files_that_cannot_be_used() -> None:
    """Said before anything is sent, when the first connection is made."""
    with pytest.raises(Misuse, match="no such file"):
        Plan(ca_file="missing.pem").connection(Target.parse("smtp://x.example"), "192.0.2.1")


def test_where_to_connect() -> None:
    target = Target.parse("smtp://mail.example.org")
    assert Plan().address(target) == ("mail.example.org", 25)
    assert Plan(connect_to=("192.0.2.7", 2525)).address(target) == ("192.0.2.7", 2525)
    assert Plan(family=socket.AF_INET6).family == socket.AF_INET6


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("192.0.2.1", "[192.0.2.1]"),
        ("2001:db8::1", "[IPv6:2001:db8::1]"),
        ("/run/socket", "localhost"),
        ("", "localhost"),
    ],
)
def test_who_we_are_without_a_name(address: str, said: str) -> None:
    """RFC 5321 §4.1.3."""
    assert literal(address) == said


def test_our_name_and_the_servers_name_are_told(files: Files) -> None:
    plan = Plan(ca_file=files.ca, me="client.example.org", name="mail.example.org")
    connection = plan.connection(Target.parse("smtp://192.0.2.1"), "192.0.2.9")
    connection.receive_data(b"220 x\r\n")
    assert connection.data_to_send() == b"EHLO client.example.org\r\n"
    headers = connection.transcript.headers
    assert (headers["host"], headers["me"]) == ("mail.example.org", "client.example.org")


def test_each_connection_has_chance_of_its_own(files: Files) -> None:
    plan, target = Plan(ca_file=files.ca), Target.parse("imap://mail.example.org")
    seen = {plan.connection(target, "192.0.2.1").transcript.headers["entropy"] for _ in range(20)}
    assert len(seen) == 20


def test_a_context_is_made_once_for_all_connections(files: Files) -> None:
    plan = Plan(ca_file=files.ca)
    for _ in range(3):
        plan.connection(Target.parse("imap://mail.example.org"), "192.0.2.1")
        plan.connection(Target.parse("xmpp://mail.example.org"), "192.0.2.1")
    assert len(plan._contexts) == 2


def test_a_peer_that_is_gone_has_no_address() -> None:
    with socket.socket() as alone:
        assert peer_of(alone) == ("", 0)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert peer_of(client) == server.getsockname()


def test_defaults_are_bounded() -> None:
    timeouts = Timeouts()
    assert 0 < timeouts.connect < timeouts.wait <= timeouts.whole
    assert SESSIONS < 10000


DANE = Demand(level=Level.DANE, name="mx.example.org", judge=lambda _: None)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"policy": "secure"}, "policy 'secure' is none of verify, encrypt, dane, opportunistic"),
        ({"policy": "dane", "level": "encrypted"}, "level 'encrypted' and policy 'dane' contradict each other"),
        ({"policy": "encrypt", "level": "verified"}, "level 'verified' and policy 'encrypt' contradict each other"),
        ({"policy": "dane", "fallback": "plaintext"}, "policy 'dane' demands TLS"),
        ({"policy": "dane", "name": "other.example"}, "it is the DNS that says"),
        ({"policy": "opportunistic", "name": "other.example"}, "it is the DNS that says"),
    ],
)
def test_policies_that_cannot_be_meant(options: dict[str, str], said: str) -> None:
    with pytest.raises(Misuse, match=said):
        Plan(**options)  # type: ignore[arg-type]


def test_a_level_is_the_older_name_of_a_policy() -> None:
    assert Plan().policy == "verify"
    assert Plan(level="encrypted").policy == Plan(policy="encrypt").policy == "encrypt"
    assert Plan(level="verified", policy="verify").policy == "verify"


@pytest.mark.parametrize("policy", ["dane", "opportunistic"])
def test_a_policy_that_asks_the_dns_never_becomes_a_lesser_one(policy: Policy) -> None:
    target = Target.parse("smtp://mx.example.org")
    with pytest.raises(Misuse, match="needs to know what mx.example.org has to prove"):
        Plan(policy=policy).connection(target, "192.0.2.1")
    assert Plan(policy=policy).connection(target, "192.0.2.1", DANE).waiting_for is not None


def test_sessions_of_different_demands_are_kept_apart(files: Files) -> None:
    """One that any certificate was good for is not even offered where more is demanded, and the other way round."""
    server, offered = server_context(files.server), list[bool]()
    plan, target = Plan(policy="opportunistic", ca_file=files.ca), Target.parse("imaps://mail.example.org")
    encrypted = Demand(level=Level.ENCRYPTED, name="mail.example.org")
    dane = Demand(level=Level.DANE, name="mail.example.org", judge=lambda _: None)
    verified = Demand(level=Level.VERIFIED, name="mail.example.org")
    named = Demand(level=Level.VERIFIED, name="mail.example.org", judge=lambda _: None)
    for demand in (encrypted, dane, verified, named) * 2:
        client = plan.connection(target, "192.0.2.1", demand)
        peer = TLSSession.server(IMPLICIT_SERVER, server)
        assert client.session is not None
        cross(client, peer)
        client.read()
        assert client.level is demand.level
        assert client.session.facts is not None
        offered.append(client.session.facts.resumed)
        client.close()
    assert offered == [False] * 4 + [True] * 4
