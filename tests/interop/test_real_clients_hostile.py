"""Our server against clients that speak before it is their turn: nothing said in plaintext is heard inside TLS.

One table, `ATTACKS`, with a row for each protocol. The first tests show that the requests in it are good ones, so
that it is the injection alone that the others prove to be refused.
"""

import ssl

import pytest

from starttls.core.errors import PlaintextAfterGoAhead
from starttls.core.facts import Protocol
from starttls.core.transcript import Side
from starttls.protocols import ALL
from tests.interop.backends.visit import PASSWORD
from tests.interop.clients.attacks import ATTACKS, Wire
from tests.interop.clients.house import Door, House
from tests.interop.clients.words import WORDS

pytestmark = pytest.mark.interop

each_protocol = pytest.mark.parametrize("protocol", ALL, ids=lambda protocol: protocol.name)
each_with_go_ahead = pytest.mark.parametrize(
    "protocol", [protocol for protocol in ALL if protocol.go_ahead], ids=lambda protocol: protocol.name
)


def reach(door: Door, protocol: Protocol) -> Wire:
    """A connection on which it is the client's turn."""
    wire = Wire(door.port)
    if protocol.first is Side.SERVER:
        wire.greeting()
    return wire


def served(wire: Wire, protocol: Protocol, door: Door) -> None:
    """Go on inside TLS, and be served as anybody."""
    wire.tls(door.ca_file)
    wire.write(WORDS[protocol.name].said)
    assert WORDS[protocol.name].answer in wire.rest().decode("utf-8", "replace")
    assert door.visit().heard == list(WORDS[protocol.name].heard)


def refused(door: Door) -> None:
    """The attack is known for what it is, shown without secrets, and nothing was heard inside TLS."""
    failure = door.failure()
    assert isinstance(failure, PlaintextAfterGoAhead)
    assert failure.transcript is not None
    assert PASSWORD not in str(failure) + repr(failure) + failure.transcript.text
    assert door.visits == []


@each_protocol
def test_the_request_alone_is_upgraded_byte_by_byte(house: House, protocol: Protocol) -> None:
    attack = ATTACKS[protocol.name]
    with house.open(protocol.name) as door, reach(door, protocol) as wire:
        for byte in attack.request:
            wire.write(bytes((byte,)))
        wire.until(attack.go_ahead)
        served(wire, protocol, door)


@each_protocol
def test_plaintext_behind_the_request_is_refused(house: House, protocol: Protocol) -> None:
    attack = ATTACKS[protocol.name]
    with house.open(protocol.name) as door, reach(door, protocol) as wire:
        wire.write(attack.request + attack.injected)
        answer = wire.rest()
        refused(door)
    if protocol.go_ahead:
        assert attack.refusal in answer
        assert not answer.endswith(attack.go_ahead)
    else:  # its request is the last plaintext of all: what follows is for TLS, which says what it thinks of it
        assert answer == b"" or answer[0] == 0x15  # an alert


@each_with_go_ahead
def test_plaintext_behind_the_go_ahead_is_refused(house: House, protocol: Protocol) -> None:
    attack = ATTACKS[protocol.name]
    with house.open(protocol.name) as door, reach(door, protocol) as wire:
        wire.write(attack.request)
        wire.until(attack.go_ahead)
        wire.write(attack.injected)
        wire.rest()
        refused(door)


@each_protocol
def test_a_hello_behind_the_request_is_for_tls_alone(house: House, protocol: Protocol) -> None:
    # A client that does not wait for the go-ahead breaks the protocol, unless there is none: then it saves a trip.
    attack = ATTACKS[protocol.name]
    to_us, to_them = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = ssl.create_default_context().wrap_bio(to_us, to_them, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        session.do_handshake()
    with house.open(protocol.name) as door, reach(door, protocol) as wire:
        wire.write(attack.request + to_them.read())
        if protocol.go_ahead:
            assert attack.refusal in wire.rest()
            refused(door)
        else:
            assert wire.socket.recv(5)[:2] == b"\x16\x03"  # a ServerHello


@each_protocol
def test_tls_without_the_request_is_refused(house: House, protocol: Protocol) -> None:
    with house.open(protocol.name) as door, reach(door, protocol) as wire:
        with pytest.raises((ssl.SSLError, OSError)):
            wire.tls(door.ca_file)
        door.failure()
        assert door.visits == []
