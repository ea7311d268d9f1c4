import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starttls.core.errors import HandshakeFailed, Misuse, PlaintextAfterGoAhead, TLSError
from starttls.core.transcript import Side
from starttls.tls.bios import RECORD
from starttls.tls.contexts import client_context, server_context
from starttls.tls.session import EVIDENCE, HANDSHAKE_LIMIT, TLSSession
from tests.tls.pairs import HOST, IMPLICIT_CLIENT, IMPLICIT_SERVER, Files, records, upgrade

BOTH = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])


# --- hostile peers ---------------------------------------------------------------------------------

PLAINTEXT = [b"250-INJECTED\r\n", b"H", b"\x00" * 10_000, b"\x80\x2e\x01\x03\x01"]


@pytest.mark.parametrize("data", PLAINTEXT)
def test_plaintext_where_tls_should_begin(files: Files, data: bytes) -> None:
    sessions = (
        TLSSession.client(upgrade(Side.CLIENT), client_context(ca_file=files.ca), HOST),
        TLSSession.server(upgrade(Side.SERVER), server_context(files.server)),
    )
    for session in sessions:
        session.receive_data(data)
        session.receive_data(b"more")
        assert isinstance(session.error, PlaintextAfterGoAhead)
        assert session.error.leftover == data[:EVIDENCE]
        assert not session.handshake_done
        assert session.read() == b""


@pytest.mark.parametrize("data", PLAINTEXT)
def test_a_port_that_does_not_speak_tls(files: Files, data: bytes) -> None:
    session = TLSSession.client(IMPLICIT_CLIENT, client_context(ca_file=files.ca), HOST)
    session.receive_data(data)
    assert isinstance(session.error, HandshakeFailed)
    assert "does not speak TLS" in str(session.error)


def test_a_login_on_a_port_of_tls_is_not_shown(files: Files) -> None:
    """An LDAP client that binds in plaintext where LDAPS is spoken: what it is shows in four bytes."""
    session = TLSSession.server(IMPLICIT_SERVER, server_context(files.server))
    session.receive_data(bytes.fromhex("3015 020101 6010 020103 0403 636e3d 8006") + b"secret")
    assert str(session.error) == r"TLS handshake failed: the peer does not speak TLS: '0\x15\x02\x01'"


def hear(victim: TLSSession, helper: TLSSession, count: int) -> None:
    """Let ``victim`` have the first ``count`` records of what ``helper`` says to it."""
    while True:
        helper.receive_data(victim.data_to_send())
        said = list(records(helper.data_to_send()))
        for record in said[:count]:
            victim.receive_data(record)
        count -= len(said)
        if count <= 0 or not said:
            return


GARBAGE = [
    b"\x16\x03\x03\x00\x05hello",
    b"\x16\x03\x03\xff\xff",
    b"\x17\x03\x03\x00\x05hello",
    b"\x14\x03\x03\x00\x01\x02",
    b"\x15\x03\x03\x00\x02\x02\x00",
    b"\x15\x03\x03\x00\x02\x07\x63",
    b"\x16\x03\x03\x00\x04\x02\xff\xff\xff" + b"\x16\x03\x03\x40\x00" + b"a" * 16384,
    b"\x18\x03\x03\x00\x03\x01\x40\x00",
    b"220 go ahead\r\n",
]


@BOTH
@pytest.mark.parametrize("role", Side)
@pytest.mark.parametrize("point", range(7))
@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_at_each_point(files: Files, version: ssl.TLSVersion, role: Side, point: int, garbage: bytes) -> None:
    client = TLSSession.client(IMPLICIT_CLIENT, client_context(ca_file=files.ca, maximum=version), HOST)
    server = TLSSession.server(IMPLICIT_SERVER, server_context(files.server))
    victim, helper = (client, server) if role is Side.CLIENT else (server, client)
    hear(victim, helper, point)
    victim.receive_data(garbage)
    assert victim.read() == b""
    victim.receive_data(b"")
    assert victim.read() == b""
    assert isinstance(victim.error, TLSError)


@given(data=st.binary(max_size=400), where=st.integers(0, 3), flip=st.booleans())
def test_random_bytes_give_declared_errors(files: Files, data: bytes, where: int, flip: bool) -> None:
    client = TLSSession.client(IMPLICIT_CLIENT, client_context(ca_file=files.ca), HOST)
    server = TLSSession.server(IMPLICIT_SERVER, server_context(files.server))
    for turn in range(4):
        one, other = (client, server) if turn % 2 == 0 else (server, client)
        wire = one.data_to_send()
        if turn == where:
            wire = data + wire if flip else wire[: len(wire) // 2] + data + wire[len(wire) // 2 :]
        other.receive_data(wire)
        other.read()
    assert client.error is None or not isinstance(client.error, Misuse)
    assert server.error is None or not isinstance(server.error, Misuse)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_the_end_in_the_middle_of_a_handshake(files: Files, after: int) -> None:
    client = TLSSession.client(IMPLICIT_CLIENT, client_context(ca_file=files.ca), HOST)
    server = TLSSession.server(IMPLICIT_SERVER, server_context(files.server))
    if after:
        server.receive_data(client.data_to_send())
        client.receive_data(server.data_to_send()[: 100 * after])
    client.receive_data(b"")
    server.receive_data(b"")
    for session in (client, server):
        assert isinstance(session.error, HandshakeFailed)
        assert session.error.detail == "connection closed by the peer"
        assert not session.handshake_done


@pytest.mark.parametrize("size", [1000, 1 << 20])
def test_an_endless_handshake_is_bounded(files: Files, size: int) -> None:
    # A server of TLS 1.2 may ask for a new handshake at any time, and a client in the middle of one ignores that.
    context = client_context(ca_file=files.ca, maximum=ssl.TLSVersion.TLSv1_2)
    client = TLSSession.client(IMPLICIT_CLIENT, context, HOST)
    again = b"\x16\x03\x03\x00\x04\x00\x00\x00\x00"
    endless = again * (HANDSHAKE_LIMIT // len(again) + 1000)
    for at in range(0, len(endless), size):
        client.receive_data(endless[at : at + size])
    assert isinstance(client.error, HandshakeFailed)
    assert client.error.detail == f"no end of the handshake within {HANDSHAKE_LIMIT} bytes"
    assert client._bios.waiting <= RECORD
