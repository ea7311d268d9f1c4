from datetime import datetime
from pathlib import Path

import pytest
from cryptography import x509

from starttls.core.errors import CertificateRejected, HandshakeFailed
from starttls.tls.chain import name_rejected
from starttls.tls.contexts import client_context, server_context
from starttls.tls.names import ServerIdentity
from tests.tls.pairs import DAY, NOW, Files, authority, meet, srv_id, xmpp_addr

ROOT = authority()
XMPP = ServerIdentity("example.org", srv="_xmpp-client", xmpp=True)


@pytest.mark.parametrize(
    "name", [srv_id("_xmpp-client.example.org"), xmpp_addr("example.org"), x509.DNSName("example.org")]
)
def test_xmpp_s_names_prove_an_xmpp_server(tmp_path: Path, name: x509.GeneralName) -> None:
    files = ROOT.write(tmp_path, [name])
    client, server = meet(client_context(ca_file=files.ca, check_name=False), server_context(files.server), XMPP)
    assert client.verified
    assert client.handshake_done
    assert server.handshake_done


@pytest.mark.parametrize(
    "name", [srv_id("_xmpp-server.example.org"), xmpp_addr("alice@example.org"), x509.DNSName("im.example.org")]
)
def test_other_names_do_not(tmp_path: Path, name: x509.GeneralName) -> None:
    files = ROOT.write(tmp_path, [name])
    client, server = meet(client_context(ca_file=files.ca, check_name=False), server_context(files.server), XMPP)
    assert isinstance(client.error, CertificateRejected)
    assert client.error.code == 62
    assert client.error.reason.startswith("name mismatch: ")
    assert client.error.chain == client.presented_chain
    assert not client.verified
    assert not client.handshake_done
    assert not server.handshake_done  # nothing was said to an impostor, not even that we are done
    server.receive_data(b"")
    assert isinstance(server.error, HandshakeFailed)


def test_names_are_checked_where_openssl_was_told_not_to(tmp_path: Path) -> None:
    files = ROOT.write(tmp_path, [x509.DNSName("example.org")])
    context = client_context(ca_file=files.ca, check_name=False)
    client, _ = meet(context, server_context(files.server), "example.net")
    assert isinstance(client.error, CertificateRejected)


def test_the_chain_counts_for_xmpp_too(tmp_path: Path, strangers: Files) -> None:
    files = ROOT.write(tmp_path, [xmpp_addr("example.org")])
    client, _ = meet(client_context(ca_file=strangers.ca, check_name=False), server_context(files.server), XMPP)
    assert isinstance(client.error, CertificateRejected)
    assert client.error.reason == "issuer unknown"


def test_an_xmpp_client_that_connects_again(tmp_path: Path) -> None:
    files = ROOT.write(tmp_path, [xmpp_addr("example.org")])
    context, server = client_context(ca_file=files.ca, check_name=False), server_context(files.server)
    first, _ = meet(context, server, XMPP)
    first.read()
    second, _ = meet(context, server, XMPP, resume=first.resumption)
    assert second.facts is not None
    assert second.facts.resumed
    assert second.verified


@pytest.mark.parametrize(
    ("begins", "ends", "text"),
    [
        (NOW - 9 * DAY, NOW - 2 * DAY, f"certificate expired on {NOW - 2 * DAY:%Y-%m-%d}"),
        (NOW + 2 * DAY, NOW + 9 * DAY, f"certificate is not valid before {NOW + 2 * DAY:%Y-%m-%d %H:%M} UTC"),
    ],
    ids=["expired", "not yet valid"],  # workers of xdist start at different minutes
)
def test_certificates_out_of_date(tmp_path: Path, begins: datetime, ends: datetime, text: str) -> None:
    files = ROOT.write(tmp_path, [x509.DNSName("example.org")], begins=begins, ends=ends)
    client, _ = meet(client_context(ca_file=files.ca), server_context(files.server), "example.org")
    assert isinstance(client.error, CertificateRejected)
    assert client.error.reason == text
    assert len(client.error.chain) == 1


def test_a_self_signed_certificate(tmp_path: Path, strangers: Files) -> None:
    own = authority()
    files = own.write(tmp_path, [x509.DNSName("example.org")], self_signed=True)
    client, _ = meet(client_context(ca_file=strangers.ca), server_context(files.server), "example.org")
    assert isinstance(client.error, CertificateRejected)
    assert (client.error.code, client.error.reason) == (18, "self-signed")
    assert len(client.presented_chain) == 1


def test_a_common_name_is_no_name(tmp_path: Path) -> None:
    files = ROOT.write(tmp_path, [], subject="example.org")
    client, _ = meet(client_context(ca_file=files.ca), server_context(files.server), "example.org")
    assert isinstance(client.error, CertificateRejected)
    assert client.error.reason == "name mismatch: certificate is for no name, not example.org"


def test_a_chain_that_is_none() -> None:
    for chain in ((), (b"garbage",)):
        assert isinstance(name_rejected(chain, XMPP), CertificateRejected)
