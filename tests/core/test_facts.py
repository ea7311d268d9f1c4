"""What protocols declare, and what a caller may tell a dialogue."""

import dataclasses
import re

import pytest

from starttls.core.errors import Misuse
from starttls.core.facts import ClientSetup, Ports, Protocol, ServerSetup
from starttls.core.outcome import Finished
from starttls.core.redact import Redact
from starttls.core.talk import WHOLE, Steps, Talk
from starttls.core.transcript import Side
from starttls.core.wait import Wait
from starttls.protocols import ALL

WAIT = Wait("a line", "RFC 0 §0")
each = pytest.mark.parametrize("protocol", ALL, ids=lambda protocol: protocol.name)


def client(talk: Talk, setup: ClientSetup) -> Steps[None]:
    yield from talk.ask(setup.host.encode() + b"\r\n", WAIT)
    talk.upgrade()


def server(talk: Talk, setup: ServerSetup) -> Steps[None]:
    yield from talk.line(WAIT)
    talk.upgrade(setup.name.encode() + b"\r\n")


def inside(talk: Talk, setup: ClientSetup) -> Steps[None]:
    yield from talk.ask(setup.me.encode() + b"\r\n", WAIT)
    talk.finish()


TOY = Protocol(
    name="toy",
    title="Toy",
    ports=Ports((1,)),
    rfcs=("RFC 0",),
    first=Side.CLIENT,
    verb="GO",
    go_ahead="GO",
    after_tls="nothing",
    first_inside=Side.CLIENT,
    redact=Redact(lambda said: [match.span() for match in re.finditer(b"secret", said)]),
    client=client,
    server=server,
    inside=inside,
)


def test_a_client_is_told_by_its_setup_and_the_transcript_tells_a_replay() -> None:
    talk = TOY.as_client(ClientSetup(entropy=b"\1\2", host="example.org", me="me.example.org"))
    assert talk.data_to_send() == b"example.org\r\n"
    assert (talk.protocol, talk.side, talk.whole, talk.inside) == ("toy", Side.CLIENT, WHOLE, False)
    assert dict(talk.transcript.headers) == {
        "protocol": "toy",
        "side": "client",
        "host": "example.org",
        "me": "me.example.org",
        "entropy": "0102",
    }
    asks = TOY.as_client(ClientSetup(entropy=b"", unoffered=True))
    assert asks.transcript.headers["unoffered"] == "yes"


def test_a_server_hides_what_a_client_should_not_have_said_and_hears_less() -> None:
    talk = TOY.as_server(ServerSetup(entropy=b"\3", name="server.example.org"))
    assert talk.whole == 16384
    assert dict(talk.transcript.headers) == {
        "protocol": "toy",
        "side": "server",
        "name": "server.example.org",
        "entropy": "03",
    }
    talk.receive_data(b"a secret\r\n")
    assert "C: a [redacted]\n" in talk.transcript.text


def test_a_client_of_ours_hides_nothing_from_the_user() -> None:
    talk = TOY.as_client(ClientSetup(entropy=b"", host="secret"))
    assert "C: secret\n" in talk.transcript.text


def test_a_dialogue_inside_tls_finishes() -> None:
    talk = TOY.as_inside(ClientSetup(entropy=b"", me="me"))
    assert talk.transcript.headers["inside"] == "yes"
    talk.receive_data(b"go\r\nrest")
    assert isinstance(talk.outcome, Finished)
    assert talk.outcome.leftover == b"rest"
    with pytest.raises(Misuse, match="toy has nothing to say inside TLS"):
        dataclasses.replace(TOY, inside=None).as_inside(ClientSetup(entropy=b""))


@pytest.mark.parametrize("name", ["a\r\nMAIL FROM:<x>", "a\nb", "a\rb"])
def test_a_name_is_one_line(name: str) -> None:
    """A name with the end of a line in it would be two commands."""
    for attempt in (
        lambda: ClientSetup(entropy=b"", host=name),
        lambda: ClientSetup(entropy=b"", me=name),
        lambda: ServerSetup(entropy=b"", name=name),
    ):
        with pytest.raises(Misuse):
            attempt()


def test_entropy_is_not_shown() -> None:
    assert "1122" not in repr(ClientSetup(entropy=b"\x11\x22"))
    assert "\\x11" not in repr(ServerSetup(entropy=b"\x11\x22"))


def test_facts_do_not_change() -> None:
    for value, name in ((TOY, "name"), (TOY.ports, "upgrade"), (ClientSetup(entropy=b""), "host")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, name, "x")


@each
def test_what_every_protocol_declares(protocol: Protocol) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9-]*", protocol.name)
    assert protocol.title
    assert protocol.rfcs
    assert protocol.verb
    assert protocol.after_tls[0].islower()
    assert not protocol.after_tls.endswith(".")
    assert all(0 < port < 65536 for port in (*protocol.ports.upgrade, *protocol.ports.implicit))
    assert all(re.fullmatch(r"_[a-z0-9-]+\._tcp", label) for label in protocol.srv)
    assert protocol.tlsa.format(port=25, host="mail.example.org") == "_25._tcp.mail.example.org"
    assert protocol.redact is not None, "a server of ours would write down secrets"
    assert (protocol.implicit is None) <= (not protocol.ports.implicit)


def test_no_scheme_means_two_things() -> None:
    schemes = [name for protocol in ALL for name in (protocol.name, *protocol.aliases)]
    schemes += {protocol.implicit for protocol in ALL if protocol.implicit}
    assert len(schemes) == len(set(schemes))


@each
def test_a_dialogue_waits_for_the_side_that_speaks_first(protocol: Protocol) -> None:
    client_says = protocol.as_client(ClientSetup(entropy=bytes(16), host="server.example.org")).data_to_send()
    server_says = protocol.as_server(ServerSetup(entropy=bytes(20))).data_to_send()
    assert bool(client_says) == (protocol.first is Side.CLIENT)
    assert bool(server_says) == (protocol.first is Side.SERVER)
