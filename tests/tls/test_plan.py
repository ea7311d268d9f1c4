"""The demands of a client: what is refused before anything is sent, and what is kept."""

import socket

import pytest

from starttls.core.errors import Misuse
from starttls.tls.plan import SESSIONS, Plan, Timeouts, literal, peer_of
from starttls.tls.target import Target
from tests.tls.pairs import Files


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
