import contextlib
import ssl
from pathlib import Path

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from OpenSSL import SSL

from starttls.tls.contexts import client_context, server_context
from starttls.tls.groups import GroupReader
from starttls.tls.session import TLSSession
from tests.tls.pairs import HOST, IMPLICIT_CLIENT, IMPLICIT_SERVER, Files, cross, meet, records, write_files

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
SUITE, DHE, RSA = "ECDHE-RSA-AES256-GCM-SHA384", "DHE-RSA-AES256-GCM-SHA384", "AES256-GCM-SHA384"


def groups(client: TLSSession, server: TLSSession) -> tuple[str | None, str | None]:
    assert client.facts is not None
    assert server.facts is not None
    return client.facts.group, server.facts.group


@pytest.mark.parametrize("version", [V12, V13])
@pytest.mark.parametrize("size", [1, 1 << 20])
@pytest.mark.parametrize(
    ("curve", "name"),
    [("prime256v1", "secp256r1"), ("secp384r1", "secp384r1"), ("secp521r1", "secp521r1")],
)
def test_both_roles_read_the_group(files: Files, version: ssl.TLSVersion, size: int, curve: str, name: str) -> None:
    # A client of TLS 1.3 offers a share of x25519 alone: for any other group the server asks it to try again.
    context = server_context(files.server, maximum=version)
    context.set_ecdh_curve(curve)
    client, server = meet(client_context(ca_file=files.ca), context, size=size)
    assert groups(client, server) == (name, name)


def test_a_second_hello_is_a_hello_retry_request(files: Files) -> None:
    # What the test above relies on: the server says hello twice.
    context = server_context(files.server)
    context.set_ecdh_curve("secp384r1")
    client = TLSSession.client(IMPLICIT_CLIENT, client_context(ca_file=files.ca), HOST)
    server = TLSSession.server(IMPLICIT_SERVER, context)
    server.receive_data(client.data_to_send())
    first = server.data_to_send()
    assert next(records(first))[5] == 2
    client.receive_data(first)
    server.receive_data(client.data_to_send())
    second = server.data_to_send()
    assert next(records(second))[5] == 2
    client.receive_data(second)
    cross(client, server)
    assert groups(client, server) == ("secp384r1", "secp384r1")


def test_static_rsa_has_no_group(tmp_path: Path) -> None:
    files = write_files(tmp_path, key_type=trustme.KeyType.RSA)
    client, server = meet(
        client_context(ca_file=files.ca, suites="kRSA", maximum=V12), server_context(files.server, suites="kRSA")
    )
    assert groups(client, server) == (None, None)


def test_the_other_library_agrees(files: Files) -> None:
    """pyOpenSSL brings a newer OpenSSL along, whose groups are post-quantum ones."""
    here, there = SSL.Context(SSL.TLS_METHOD), SSL.Context(SSL.TLS_METHOD)
    there.use_certificate_chain_file(str(files.server))
    there.use_privatekey_file(str(files.server))
    client, server = SSL.Connection(here, None), SSL.Connection(there, None)
    client.set_connect_state()
    server.set_accept_state()
    reader = GroupReader()
    for _ in range(3):
        for one, other in ((client, server), (server, client)):
            with contextlib.suppress(SSL.WantReadError):
                one.do_handshake()
            try:
                data = one.bio_read(65536)
            except SSL.WantReadError:
                continue
            if one is server:
                reader.feed(data)
            other.bio_write(data)
    assert reader.done
    assert reader.name(client.get_cipher_name() or "") == client.get_group_name()


# --- hellos written by hand --------------------------------------------------------------------------


def record(body: bytes, kind: int = 22) -> bytes:
    return bytes([kind, 3, 3]) + len(body).to_bytes(2, "big") + body


def message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def hello(extensions: bytes, random: bytes = b"r" * 32) -> bytes:
    body = b"\x03\x03" + random + b"\x02id" + b"\x13\x02\x00"
    return message(2, body + (len(extensions).to_bytes(2, "big") + extensions if extensions else b""))


TLS13 = bytes.fromhex("002b00020304")


def share(group: int) -> bytes:
    return b"\x00\x33" + (40).to_bytes(2, "big") + group.to_bytes(2, "big") + (36).to_bytes(2, "big") + b"k" * 36


@pytest.mark.parametrize(
    ("number", "name"), [(4588, "X25519MLKEM768"), (29, "x25519"), (257, "ffdhe3072"), (0x6399, "0x6399")]
)
def test_groups_by_number(number: int, name: str) -> None:
    for extensions in (TLS13 + share(number), share(number) + TLS13):
        reader = GroupReader()
        reader.feed(record(hello(extensions)))
        assert reader.done
        assert reader.name("TLS_AES_256_GCM_SHA384") == name


@pytest.mark.parametrize(
    ("cipher", "exchange", "name"),
    [
        (SUITE, b"\x03\x00\x17\x41\x04", "secp256r1"),
        (SUITE, b"\x01\x00\x17", None),  # an explicit curve
        (DHE, b"\x01\x00" + b"p" * 256, "dh-2048"),
        (DHE, b"\x03\x00" + b"p" * 768, "dh-6144"),
        (RSA, b"\x03\x00\x17", None),
    ],
)
def test_the_exchange_of_tls_1_2(cipher: str, exchange: bytes, name: str | None) -> None:
    reader = GroupReader()
    flight = hello(b"") + message(11, b"certificate" * 3000) + message(12, exchange) + message(14, b"")
    for at in range(0, len(flight), 1000):
        reader.feed(record(flight[at : at + 1000]))
    assert reader.done
    assert reader.name(cipher) == name


def test_a_resumed_session_of_tls_1_2_has_no_exchange() -> None:
    reader = GroupReader()
    reader.feed(record(hello(b"")) + record(b"\x01", 20))
    assert reader.done
    assert reader.name(SUITE) is None


@given(data=st.binary(max_size=300), chunk=st.integers(1, 50), framed=st.booleans())
def test_nonsense_is_no_group_and_no_error(data: bytes, chunk: int, framed: bool) -> None:
    if framed:
        data = record(message(2, data)) + record(message(12, data))
    reader = GroupReader()
    for at in range(0, len(data), chunk):
        reader.feed(data[at : at + chunk])
    reader.name(SUITE)
    reader.name(DHE)
