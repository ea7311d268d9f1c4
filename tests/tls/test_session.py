import contextlib
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st

from starttls.core.errors import CertificateRejected, HandshakeFailed, Misuse, PlaintextAfterGoAhead, Truncated
from starttls.core.transcript import Side
from starttls.tls.bios import RECORD
from starttls.tls.contexts import client_context, server_context
from starttls.tls.session import EVIDENCE, HANDSHAKE_LIMIT, TLSSession
from tests.tls.pairs import HOST, IMPLICIT_CLIENT, IMPLICIT_SERVER, Files, cross, meet, open_pair, records, upgrade

BOTH = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])


# --- the handshake ---------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_a_handshake_in_any_chunks(files: Files, version: ssl.TLSVersion, size: int) -> None:
    context = client_context(ca_file=files.ca, minimum=version, maximum=version, alpn=("imap",))
    client, server = meet(context, server_context(files.server, alpn=("pop3", "imap")), size=size)
    assert (client.error, server.error) == (None, None)
    for session in (client, server):
        assert session.handshake_done
        assert session.facts is not None
        assert session.facts.version == version.name.replace("_", ".")
        assert session.facts.alpn == "imap"
        assert session.facts.group == "x25519"
        assert not session.facts.resumed
        assert session.unread == 0 or session is client
    assert client.verified
    assert not server.verified
    assert len(client.presented_chain) == 2
    assert server.presented_chain == ()


def test_facts_wait_for_the_handshake(files: Files) -> None:
    session = TLSSession.server(IMPLICIT_SERVER, server_context(files.server))
    assert session.facts is None
    assert session.resumption is None
    assert session.presented_chain == ()
    assert not session.handshake_done


def test_the_proof_of_an_upgrade_starts_a_session(files: Files) -> None:
    client = TLSSession.client(upgrade(Side.CLIENT), client_context(ca_file=files.ca), HOST)
    server = TLSSession.server(upgrade(Side.SERVER), server_context(files.server))
    cross(client, server)
    assert client.handshake_done
    assert server.handshake_done


@pytest.mark.parametrize("name", ["192.0.2.1", "2001:db8::1", "MAIL.example.ORG", "mail.example.org."])
def test_names_that_the_certificate_is_for(files: Files, name: str) -> None:
    client, _ = meet(client_context(ca_file=files.ca), server_context(files.server), name)
    assert client.verified


@pytest.mark.parametrize(("name", "sent"), [(HOST, True), ("192.0.2.1", False), ("2001:db8::1", False)])
def test_sni_is_for_names_alone(files: Files, name: str, sent: bool) -> None:
    # RFC 6066 §3: "Literal IPv4 and IPv6 addresses are not permitted in "HostName"."
    asked: list[str | None] = []
    context = server_context(files.server)
    context.sni_callback = lambda _, host, __: asked.append(host)
    meet(client_context(ca_file=files.ca), context, name)
    assert asked == [name if sent else None]


def test_sni_carries_the_a_label(files: Files) -> None:
    asked: list[str | None] = []
    context = server_context(files.server)
    context.sni_callback = lambda _, host, __: asked.append(host)
    meet(client_context(verify=False), context, "b\u00fccher.example")
    assert asked == ["xn--bcher-kva.example"]


# --- certificates ----------------------------------------------------------------------------------


@BOTH
def test_an_unknown_authority(files: Files, strangers: Files, version: ssl.TLSVersion) -> None:
    context = client_context(ca_file=strangers.ca, minimum=version, maximum=version)
    client, server = meet(context, server_context(files.server))
    assert isinstance(client.error, CertificateRejected)
    assert client.error.reason == "issuer unknown"
    assert client.error.code == 20
    assert len(client.error.chain) == 2
    assert client.error.chain == client.presented_chain
    assert not client.handshake_done
    assert not client.verified
    assert client.facts is None
    assert isinstance(server.error, HandshakeFailed)
    assert (server.error.alert, server.error.sender) == ("unknown_ca", Side.CLIENT)


@BOTH
def test_the_wrong_name(files: Files, version: ssl.TLSVersion) -> None:
    context = client_context(ca_file=files.ca, minimum=version, maximum=version)
    client, server = meet(context, server_context(files.server), "imap.example.org")
    assert isinstance(client.error, CertificateRejected)
    expected = "certificate is for mail.example.org, 192.0.2.1, 2001:db8::1, not imap.example.org"
    assert client.error.reason == f"name mismatch: {expected}"
    assert len(client.presented_chain) == 2
    assert isinstance(server.error, HandshakeFailed)
    assert server.error.alert == "bad_certificate"


def test_without_verification_any_certificate_will_do(files: Files) -> None:
    client, _ = meet(client_context(verify=False), server_context(files.server), "imap.example.org")
    assert client.handshake_done
    assert not client.verified
    assert client.facts is not None
    assert len(client.facts.chain) == 2


@BOTH
def test_a_client_certificate(files: Files, version: ssl.TLSVersion) -> None:
    context = client_context(ca_file=files.ca, certificate=files.client, minimum=version, maximum=version)
    client, server = meet(context, server_context(files.server, client_ca=files.ca))
    assert client.handshake_done
    assert server.verified
    own = x509.load_pem_x509_certificate(files.client.read_bytes()).public_bytes(serialization.Encoding.DER)
    assert server.presented_chain[0] == own
    assert len(set(server.presented_chain)) == len(server.presented_chain)


def test_a_client_certificate_that_is_missing(files: Files) -> None:
    required = server_context(files.server, client_ca=files.ca)
    client, server = meet(client_context(ca_file=files.ca), required)
    assert isinstance(server.error, HandshakeFailed)
    assert (server.error.alert, server.error.sender) == ("certificate_required", Side.SERVER)
    assert client.handshake_done  # TLS 1.3: the client hears of it when it reads
    assert client.read() == b""
    assert isinstance(client.error, HandshakeFailed)
    assert (client.error.alert, client.error.sender) == ("certificate_required", Side.SERVER)

    client, server = meet(client_context(ca_file=files.ca, maximum=ssl.TLSVersion.TLSv1_2), required)
    for session in (client, server):
        assert isinstance(session.error, HandshakeFailed)
        assert (session.error.alert, session.error.sender) == ("handshake_failure", Side.SERVER)
        assert not session.handshake_done


def test_a_client_certificate_that_nobody_trusts(files: Files, strangers: Files) -> None:
    context = client_context(ca_file=files.ca, certificate=strangers.client)
    client, server = meet(context, server_context(files.server, client_ca=files.ca))
    assert isinstance(server.error, CertificateRejected)
    assert server.error.reason == "issuer unknown"
    client.read()
    assert isinstance(client.error, HandshakeFailed)
    assert client.error.alert == "unknown_ca"


def test_an_optional_client_certificate(files: Files) -> None:
    context = server_context(files.server, client_ca=files.ca, client_required=False)
    _, server = meet(client_context(ca_file=files.ca), context)
    assert server.handshake_done
    assert not server.verified


# --- resumption ------------------------------------------------------------------------------------


@BOTH
def test_a_client_that_connects_again(files: Files, version: ssl.TLSVersion) -> None:
    context = client_context(ca_file=files.ca, minimum=version, maximum=version)
    server = server_context(files.server)
    first, _ = meet(context, server)
    first.read()
    assert first.resumption is not None
    second, other = meet(context, server, resume=first.resumption)
    assert second.facts is not None
    assert other.facts is not None
    assert second.facts.resumed
    assert other.facts.resumed
    assert second.verified
    assert second.facts.group == ("x25519" if version is ssl.TLSVersion.TLSv1_3 else None)
    assert second.facts.chain == first.presented_chain
    second.read()
    third, _ = meet(context, server, resume=second.resumption)
    assert third.facts is not None
    assert third.facts.resumed
    assert third.facts.chain == first.presented_chain


def test_a_ticket_of_tls_1_3_comes_after_the_handshake(files: Files) -> None:
    client, _ = open_pair(files)
    assert client.resumption is None
    client.read()
    assert client.resumption is not None


def test_a_server_that_has_forgotten(files: Files) -> None:
    context = client_context(ca_file=files.ca)
    first, _ = meet(context, server_context(files.server))
    first.read()
    second, _ = meet(context, server_context(files.server), resume=first.resumption)
    assert second.facts is not None
    assert not second.facts.resumed
    assert len(second.facts.chain) == 2


# --- the stream ------------------------------------------------------------------------------------


@BOTH
def test_plaintext_both_ways(files: Files, version: ssl.TLSVersion) -> None:
    client, server = open_pair(files, minimum=version, maximum=version)
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
    client, server = open_pair(files, minimum=version, maximum=version)
    client.send(b"QUIT\r\n")
    client.close()
    client.close()
    server.receive_data(client.data_to_send())
    assert not server.peer_closed  # nobody has read so far
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
    assert client.error is None  # what came before is still to be read
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
def test_nothing_counts_behind_close_notify(
    files: Files, version: ssl.TLSVersion, together: bool, more: bytes
) -> None:
    client, server = open_pair(files, minimum=version, maximum=version)
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


def flights(files: Files) -> list[tuple[Side, list[bytes]]]:
    """Everything that each side hears in a good handshake with two words, as records."""
    client = TLSSession.client(IMPLICIT_CLIENT, client_context(ca_file=files.ca), HOST)
    server = TLSSession.server(IMPLICIT_SERVER, server_context(files.server))
    heard: dict[Side, list[bytes]] = {Side.CLIENT: [], Side.SERVER: []}
    for _ in range(4):
        for one, other in ((client, server), (server, client)):
            data = one.data_to_send()
            heard[other.side] += records(data)
            other.receive_data(data)
    return list(heard.items())


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


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_at_each_point(files: Files, garbage: bytes) -> None:
    client, server = client_context(ca_file=files.ca), server_context(files.server)
    for side, _ in flights(files):
        for point in range(4):
            one = TLSSession.client(IMPLICIT_CLIENT, client, HOST)
            other = TLSSession.server(IMPLICIT_SERVER, server)
            victim, helper = (one, other) if side is Side.CLIENT else (other, one)
            good = 0
            while good < point and (victim.data_to_send() or True):
                helper.receive_data(victim.data_to_send())
                for record in records(helper.data_to_send()):
                    if good < point:
                        victim.receive_data(record)
                    good += 1
                good += 1
            victim.receive_data(garbage)
            victim.read()
            victim.receive_data(b"")
            victim.read()
            assert victim.error is not None
            assert not isinstance(victim.error, Misuse)
            assert victim.read() == b""
            victim.data_to_send()


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


def test_a_peer_of_tls_1_0_is_refused(files: Files) -> None:
    with pytest.warns(DeprecationWarning):
        old = client_context(ca_file=files.ca, minimum=ssl.TLSVersion.TLSv1, maximum=ssl.TLSVersion.TLSv1_1)
    client, server = meet(old, server_context(files.server))
    for session in (client, server):
        assert isinstance(session.error, HandshakeFailed)
        assert (session.error.alert, session.error.sender) == ("protocol_version", Side.SERVER)


def test_a_server_of_tls_1_0_is_refused(files: Files) -> None:
    with pytest.warns(DeprecationWarning):
        old = server_context(files.server, minimum=ssl.TLSVersion.TLSv1, maximum=ssl.TLSVersion.TLSv1_1)
    client, server = meet(client_context(ca_file=files.ca), old)
    assert isinstance(client.error, HandshakeFailed)
    assert (client.error.alert, client.error.sender) == ("protocol_version", Side.SERVER)
    assert isinstance(server.error, HandshakeFailed)


def test_old_versions_by_name(files: Files) -> None:
    with pytest.warns(DeprecationWarning):
        old = ssl.TLSVersion.TLSv1
        client = client_context(ca_file=files.ca, minimum=old, maximum=old)
        server = server_context(files.server, minimum=old)
    one, _ = meet(client, server)
    assert one.facts is not None
    assert one.facts.version == "TLSv1"
    assert one.facts.group == "x25519"


def test_no_second_handshake(files: Files) -> None:
    # RFC 9325 §3.5: "TLS 1.2 clients and servers SHOULD ... not support renegotiation". A ClientHello inside TLS.
    client, server = open_pair(files, maximum=ssl.TLSVersion.TLSv1_2)
    with contextlib.suppress(ssl.SSLError):
        client._tls.do_handshake()
    cross(client, server)
    server.send(b"still the first")
    cross(client, server)
    assert client.read() == b"still the first"
