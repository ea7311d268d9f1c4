import os
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from starttls.core.errors import HandshakeFailed, Misuse
from starttls.core.transcript import Side
from starttls.tls.contexts import audit_context, authorities, client_context, server_context
from tests.tls.pairs import HOST, Files, meet

V12, V13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


def test_the_profile_of_rfc_9325(files: Files) -> None:
    for context in (client_context(), server_context(files.server)):
        assert context.minimum_version is V12
        assert context.maximum_version is ssl.TLSVersion.MAXIMUM_SUPPORTED
        assert context.options & ssl.OP_NO_COMPRESSION
        assert context.options & ssl.OP_NO_RENEGOTIATION
        suites = [suite["name"] for suite in context.get_ciphers()]
        assert suites
        for name in suites:
            assert name.startswith(("TLS_", "ECDHE-"))
            assert "GCM" in name or "CHACHA20" in name


def test_a_client_verifies_chain_and_name() -> None:
    context = client_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert not context.hostname_checks_common_name
    context = client_context(check_name=False)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert not context.check_hostname
    context = client_context(verify=False)
    assert context.verify_mode is ssl.CERT_NONE
    assert not context.check_hostname


def test_a_server_gives_one_ticket_and_asks_for_no_certificate(files: Files) -> None:
    context = server_context(files.server)
    assert context.num_tickets == 1
    assert context.verify_mode is ssl.CERT_NONE
    assert server_context(files.server, client_ca=files.ca).verify_mode is ssl.CERT_REQUIRED


def test_old_suites_are_refused(files: Files) -> None:
    cbc = client_context(ca_file=files.ca, maximum=V12, suites="ECDHE-ECDSA-AES128-SHA")
    _, server = meet(cbc, server_context(files.server))
    assert isinstance(server.error, HandshakeFailed)
    assert (server.error.alert, server.error.sender) == ("handshake_failure", Side.SERVER)


# --- whom to trust ---------------------------------------------------------------------------------


def test_the_authority_may_come_from_memory(files: Files) -> None:
    for data in (files.ca.read_text(), ssl.PEM_cert_to_DER_cert(files.ca.read_text())):
        client, _ = meet(client_context(ca_data=data), server_context(files.server))
        assert client.verified


def test_what_is_named_is_trusted_as_it_stands(tmp_path: Path) -> None:
    """One server's own certificate, or an intermediate authority, without the root above it."""
    root = trustme.CA()
    middle = root.create_child_ca()
    leaf = middle.issue_cert(HOST)
    server = tmp_path / "server.pem"
    leaf.private_key_and_cert_chain_pem.write_to_path(server)
    for pem in (middle.cert_pem, leaf.cert_chain_pems[0]):
        pem.write_to_path(tmp_path / "trusted.pem")
        client, _ = meet(client_context(ca_file=tmp_path / "trusted.pem"), server_context(server))
        assert client.verified
        client, _ = meet(client_context(ca_file=tmp_path / "trusted.pem"), server_context(server), "b.example")
        assert client.error is not None


def test_the_named_authority_replaces_the_system_s(files: Files) -> None:
    assert len(client_context(ca_file=files.ca).get_ca_certs()) == 1


def in_another_process(program: str, **environment: str) -> str:
    """Run ``program`` with its own environment: OpenSSL reads it, and a test must not change this one's."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SSL_CERT")}
    path = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=clean | {"PYTHONPATH": path} | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_the_system_s_authorities_are_found() -> None:
    paths = ssl.get_default_verify_paths()
    context = client_context()
    assert paths.capath or context.get_ca_certs()


def test_openssl_s_environment_counts(files: Files) -> None:
    program = "from starttls.tls.contexts import client_context; print(len(client_context().get_ca_certs()))"
    assert in_another_process(program, SSL_CERT_FILE=str(files.ca)) == "1"


NO_STORE = """
from starttls.core.errors import Misuse
from starttls.tls import contexts
contexts._STORES = {stores!r}
try:
    print(len(contexts.client_context().get_ca_certs()))
except Misuse as error:
    print(error)
"""


def test_a_system_without_authorities_is_named_as_such(tmp_path: Path, files: Files) -> None:
    nowhere = {"SSL_CERT_FILE": str(tmp_path / "none.pem"), "SSL_CERT_DIR": str(tmp_path / "none")}
    text = in_another_process(NO_STORE.format(stores=()), **nowhere)
    assert "apt install ca-certificates" in text
    stores = (str(tmp_path / "absent.pem"), str(files.ca))
    assert in_another_process(NO_STORE.format(stores=stores), **nowhere) == "1"


def test_a_context_for_the_system_s_authorities_costs_little() -> None:
    if ssl.get_default_verify_paths().capath is None:
        pytest.skip("OpenSSL has no directory of authorities here: it reads them all")
    begin = time.perf_counter()
    for _ in range(10):
        client_context()
    assert (time.perf_counter() - begin) / 10 < 0.2


# --- what cannot be used ---------------------------------------------------------------------------


def test_files_that_are_not_there(tmp_path: Path, files: Files) -> None:
    absent = tmp_path / "absent.pem"
    with pytest.raises(Misuse, match=r"CA file .*absent\.pem: no such file or directory"):
        client_context(ca_file=absent)
    with pytest.raises(Misuse, match=r"CA file .*: is a directory"):
        client_context(ca_file=tmp_path)
    with pytest.raises(Misuse, match=r"certificate .*absent\.pem: no such file or directory"):
        server_context(absent)
    with pytest.raises(Misuse, match=r"key .*absent\.pem: no such file or directory"):
        server_context(files.server, absent)
    with pytest.raises(Misuse, match=r"certificate .*absent\.pem: no such file or directory"):
        client_context(ca_file=files.ca, certificate=absent)
    with pytest.raises(Misuse, match=r"CA file .*absent\.pem: no such file or directory"):
        server_context(files.server, client_ca=absent)
    with pytest.raises(Misuse, match="without a certificate"):
        client_context(ca_file=files.ca, key=files.server)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"not a certificate",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\n",
        bytes(range(256)),
    ],
)
def test_files_that_are_garbage(tmp_path: Path, files: Files, text: bytes) -> None:
    garbage = tmp_path / "garbage.pem"
    garbage.write_bytes(text)
    with pytest.raises(Misuse, match=r"no certificate in CA file .*garbage\.pem"):
        client_context(ca_file=garbage)
    with pytest.raises(Misuse, match=r"in .*garbage\.pem"):
        server_context(garbage)
    with pytest.raises(Misuse, match=r"in .*garbage\.pem"):
        server_context(files.server, garbage)
    with pytest.raises(Misuse, match="no certificate in the CA data"):
        client_context(ca_data=text)


def test_a_key_of_another_certificate(files: Files, strangers: Files) -> None:
    with pytest.raises(Misuse, match=r"the key in .* does not belong to the certificate in .*"):
        server_context(files.server, strangers.server)


def test_an_encrypted_key_does_not_ask_the_terminal(tmp_path: Path) -> None:
    leaf = trustme.CA().issue_cert(HOST)
    key = serialization.load_pem_private_key(leaf.private_key_pem.bytes(), None)
    form = serialization.BestAvailableEncryption(b"secret")
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, form)
    (tmp_path / "key.pem").write_bytes(pem)
    leaf.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    with pytest.raises(Misuse, match="no certificate and unencrypted key"):
        server_context(tmp_path / "cert.pem", tmp_path / "key.pem")


def test_values_that_cannot_be_meant(files: Files) -> None:
    with pytest.raises(Misuse, match="no TLS suite is called 'ROT13'"):
        client_context(suites="ROT13")
    with pytest.raises(Misuse, match="from TLSv1_3 to TLSv1_2"):
        client_context(minimum=V13, maximum=V12)
    for alpn in (("",), ("a" * 256,), ("\u00e9",)):
        with pytest.raises(Misuse, match="ALPN"):
            client_context(ca_file=files.ca, alpn=alpn)


# --- the audit -------------------------------------------------------------------------------------


def test_an_audit_speaks_to_anything(tmp_path: Path) -> None:
    leaf = trustme.CA().issue_cert("old.example", key_type=trustme.KeyType.RSA)
    path = tmp_path / "old.pem"
    leaf.private_key_and_cert_chain_pem.write_to_path(path)
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old = server_context(path, minimum=ssl.TLSVersion.TLSv1, maximum=ssl.TLSVersion.TLSv1)
    client, _ = meet(audit_context(), old)
    assert client.facts is not None
    assert client.facts.version == "TLSv1"
    assert not client.verified
    weak = server_context(path, maximum=V12, suites="AES128-SHA:@SECLEVEL=0")
    client, _ = meet(audit_context(), weak)
    assert client.facts is not None
    assert client.facts.cipher == "AES128-SHA"
    client, _ = meet(audit_context(), server_context(path))
    assert client.facts is not None
    assert client.facts.version == "TLSv1.3"


def test_the_authorities_of_a_file_and_of_the_system(files: Files, tmp_path: Path) -> None:
    """For whoever builds paths himself. A server's own certificate is no authority."""
    (authority,) = authorities(files.ca)
    assert authority == ssl.PEM_cert_to_DER_cert(files.ca.read_text())
    assert authorities()
    with pytest.raises(Misuse, match="no such file"):
        authorities(tmp_path / "missing.pem")
    with pytest.raises(Misuse, match="no certificate in CA file"):
        authorities(Path(__file__))
