import contextlib
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from starttls.core.errors import (
    CertificateRejected,
    HandshakeFailed,
)
from starttls.core.transcript import Side
from starttls.tls.contexts import client_context, server_context
from starttls.tls.session import TLSSession
from tests.tls.pairs import HOST, IMPLICIT_SERVER, Files, cross, meet, open_pair, upgrade

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


# --- versions --------------------------------------------------------------------------------------


def test_a_peer_of_tls_1_0_is_refused(files: Files) -> None:
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old = client_context(ca_file=files.ca, minimum=ssl.TLSVersion.TLSv1, maximum=ssl.TLSVersion.TLSv1_1)
    client, server = meet(old, server_context(files.server))
    for session in (client, server):
        assert isinstance(session.error, HandshakeFailed)
        assert (session.error.alert, session.error.sender) == ("protocol_version", Side.SERVER)


def test_a_server_of_tls_1_0_is_refused(files: Files) -> None:
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old = server_context(files.server, minimum=ssl.TLSVersion.TLSv1, maximum=ssl.TLSVersion.TLSv1_1)
    client, server = meet(client_context(ca_file=files.ca), old)
    assert isinstance(client.error, HandshakeFailed)
    assert (client.error.alert, client.error.sender) == ("protocol_version", Side.SERVER)
    assert isinstance(server.error, HandshakeFailed)


def test_old_versions_by_name(files: Files) -> None:
    old = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        client = client_context(ca_file=files.ca, minimum=old, maximum=old)
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        server = server_context(files.server, minimum=old)
    one, _ = meet(client, server)
    assert one.facts is not None
    assert one.facts.version == "TLSv1"
    assert one.facts.group == "x25519"


def test_no_second_handshake(files: Files) -> None:
    # RFC 9325 §3.5: a second handshake inside the first one is a way to confuse who said what.
    client, server = open_pair(files, ssl.TLSVersion.TLSv1_2)
    with contextlib.suppress(ssl.SSLError):
        client._tls.do_handshake()
    cross(client, server)
    server.send(b"still the first")
    cross(client, server)
    assert client.read() == b"still the first"
