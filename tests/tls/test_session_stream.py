import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starttls.core.errors import HandshakeFailed, Misuse, Truncated
from starttls.tls.bios import RECORD
from starttls.tls.contexts import client_context
from starttls.tls.session import TLSSession
from tests.tls.pairs import HOST, IMPLICIT_CLIENT, Files, cross, open_pair

BOTH = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])


# --- the stream ------------------------------------------------------------------------------------


@BOTH
def test_plaintext_both_ways(files: Files, version: ssl.TLSVersion) -> None:
    client, server = open_pair(files, version)
    client.send(memoryview(b"a001 NOOP\r\n"))
    server.send(bytearray(b"* OK ready\r\n"))
    cross(client, server)
    assert server.read() == b"a001 NOOP\r\n"
    assert client.read() == b"* OK ready\r\n"
    assert client.read() == server.read() == b""
    assert not client.peer_closed
    client.send(b"")
    assert client.data_to_send() == b""


def test_a_read_takes_what_was_asked_for_and_no_more(files: Files) -> None:
    client, server = open_pair(files)
    data = bytes(range(256)) * 4096
    client.send(data)
    server.receive_data(client.data_to_send())
    assert server.unread > len(data)
    assert server.read(10) == data[:10]
    assert len(server.read(100_000)) == 100_000
    assert server.unread > len(data) - 2 * 100_000
    rest = b"".join(iter(server.read, b""))
    assert rest == data[100_010:]
    assert server.unread == 0


def test_openssl_gets_no_more_than_a_record_at_once(files: Files) -> None:
    client, server = open_pair(files)
    for _ in range(50):
        client.send(b"x" * 5000)
        server.receive_data(client.data_to_send())
    assert server._bios.incoming.pending <= RECORD
    assert server.unread > 250_000
    assert sum(map(len, iter(server.read, b""))) == 250_000


@given(sizes=st.lists(st.integers(1, 40_000), min_size=1, max_size=8), chunk=st.integers(1, 70_000))
def test_any_chunking_gives_the_same_stream(files: Files, sizes: list[int], chunk: int) -> None:
    client, server = open_pair(files)
    said = [bytes([number + 1]) * size for number, size in enumerate(sizes)]
    for part in said:
        client.send(part)
    client.close()
    wire = client.data_to_send()
    heard = b""
    for at in range(0, len(wire), chunk):
        server.receive_data(wire[at : at + chunk])
        heard += server.read(chunk)
    heard += b"".join(iter(server.read, b""))
    assert heard == b"".join(said)
    assert server.peer_closed
    assert server.error is None


def test_nothing_is_sent_before_after_or_beside_tls(files: Files) -> None:
    session = TLSSession.client(IMPLICIT_CLIENT, client_context(ca_file=files.ca), HOST)
    with pytest.raises(Misuse):
        session.send(b"too early")
    client, _ = open_pair(files)
    client.close()
    with pytest.raises(Misuse):
        client.send(b"too late")
    client, _ = open_pair(files)
    client.read()
    client.receive_data(b"")
    with pytest.raises(Misuse):
        client.send(b"to nobody")


# --- the end ---------------------------------------------------------------------------------------


@BOTH
def test_a_clean_close(files: Files, version: ssl.TLSVersion) -> None:
    client, server = open_pair(files, version)
    client.send(b"QUIT\r\n")
    client.close()
    client.close()
    server.receive_data(client.data_to_send())
    assert server.read() == b"QUIT\r\n"
    assert server.read() == b""
    assert server.peer_closed
    server.receive_data(b"")
    assert server.error is None
    assert not server.truncated


def test_what_the_peer_still_says_can_be_read_after_close(files: Files) -> None:
    client, server = open_pair(files)
    server.send(b"before ")
    client.receive_data(server.data_to_send())
    client.close()
    server.send(b"and after")
    client.receive_data(server.data_to_send())
    assert client.unread > 0
    assert client.read(3) == b"bef"
    assert client.read() == b"ore "
    assert client.read() == b"and after"
    server.receive_data(client.data_to_send())
    assert server.read() == b""
    server.close()
    client.receive_data(server.data_to_send())
    assert client.read() == b""
    assert client.peer_closed
    assert (client.error, server.error) == (None, None)


def test_truncation_is_seen(files: Files) -> None:
    client, server = open_pair(files)
    server.send(b"the first half")
    client.receive_data(server.data_to_send())
    client.receive_data(b"")
    assert client.read() == b"the first half"
    assert client.read() == b""
    assert client.truncated
    assert client.peer_closed
    assert isinstance(client.error, Truncated)

    client, server = open_pair(files)
    client.read()
    client.receive_data(b"")
    assert isinstance(client.error, Truncated)


def test_a_cut_record_is_a_truncation(files: Files) -> None:
    client, server = open_pair(files)
    client.read()
    server.send(b"a whole record")
    client.receive_data(server.data_to_send()[:-1])
    client.receive_data(b"")
    assert client.read() == b""
    assert isinstance(client.error, Truncated)


def test_whoever_said_goodbye_misses_nothing(files: Files) -> None:
    client, _ = open_pair(files)
    client.close()
    client.receive_data(b"")
    assert client.error is None
    assert client.truncated
    assert client.peer_closed


@BOTH
@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("more", [b"a002 LOGIN\r\n", b"\x17\x03\x03\x00\x05aaaaa"])
def test_nothing_counts_behind_close_notify(files: Files, version: ssl.TLSVersion, together: bool, more: bytes) -> None:
    client, server = open_pair(files, version)
    client.send(b"a001 NOOP\r\n")
    client.close()
    wire = client.data_to_send()
    if together:
        server.receive_data(wire + more)
        assert server.read() == b"a001 NOOP\r\n"
    else:
        server.receive_data(wire)
        assert server.read() == b"a001 NOOP\r\n"
        assert server.read() == b""
        server.receive_data(more)
    assert server.read() == b""
    assert isinstance(server.error, Truncated)


@pytest.mark.parametrize("answered", [False, True])
def test_a_forged_record_breaks_the_stream(files: Files, answered: bool) -> None:
    client, server = open_pair(files)
    if answered:
        client.send(b"before")
        server.receive_data(client.data_to_send())
        assert server.read() == b"before"
    client.send(b"a001 NOOP\r\n")
    forged = bytearray(client.data_to_send())
    forged[-1] ^= 1
    server.receive_data(forged)
    assert server.read() == b""
    assert isinstance(server.error, Truncated)
    client.receive_data(server.data_to_send())
    client.read()
    assert isinstance(client.error, HandshakeFailed)
    assert client.error.alert == "bad_record_mac"
