import ssl

import pytest

from starttls.core.errors import Misuse
from starttls.core.transcript import Side
from starttls.tls.contexts import client_context, server_context
from starttls.tls.names import ServerIdentity
from starttls.tls.proof import ImplicitTLS, Resumption
from starttls.tls.session import TLSSession
from tests.tls.pairs import HOST, IMPLICIT_CLIENT, IMPLICIT_SERVER, Files, meet, upgrade


@pytest.mark.parametrize("proof", [None, True, "upgrade", object()])
def test_no_proof_no_session(files: Files, proof: object) -> None:
    with pytest.raises(Misuse, match="proof"):
        TLSSession.client(proof, client_context(ca_file=files.ca), HOST)  # type: ignore[arg-type]
    with pytest.raises(Misuse, match="proof"):
        TLSSession.server(proof, server_context(files.server))  # type: ignore[arg-type]


def test_a_proof_is_for_one_side(files: Files) -> None:
    for server_s in (upgrade(Side.SERVER), IMPLICIT_SERVER):
        with pytest.raises(Misuse, match="for the server"):
            TLSSession.client(server_s, client_context(ca_file=files.ca), HOST)
    for client_s in (upgrade(Side.CLIENT), IMPLICIT_CLIENT):
        with pytest.raises(Misuse, match="for the client"):
            TLSSession.server(client_s, server_context(files.server))


def test_a_proof_is_of_one_connection(files: Files) -> None:
    proof, context = upgrade(Side.CLIENT), client_context(ca_file=files.ca)
    TLSSession.client(proof, context, HOST)
    with pytest.raises(Misuse, match="used already"):
        TLSSession.client(proof, context, HOST)


def test_a_context_is_for_one_side(files: Files) -> None:
    with pytest.raises(Misuse, match="for the server, not for the client"):
        TLSSession.client(ImplicitTLS("imap", Side.CLIENT), server_context(files.server), HOST)
    with pytest.raises(Misuse, match="for the client, not for the server"):
        TLSSession.server(ImplicitTLS("imap", Side.SERVER), client_context(ca_file=files.ca))


def test_names_that_openssl_does_not_know_need_a_context_for_them(files: Files) -> None:
    with pytest.raises(Misuse, match="check_name=False"):
        TLSSession.client(IMPLICIT_CLIENT, client_context(ca_file=files.ca), ServerIdentity(HOST, xmpp=True))


def resumption(files: Files) -> Resumption:
    client, _ = meet(client_context(ca_file=files.ca), server_context(files.server))
    client.read()
    assert client.resumption is not None
    return client.resumption


def test_a_session_resumes_with_its_own_context_alone(files: Files) -> None:
    # Otherwise one that nobody verified would pass for a verified one.
    with pytest.raises(Misuse, match="different SSLContext"):
        TLSSession.client(IMPLICIT_CLIENT, client_context(ca_file=files.ca), HOST, resume=resumption(files))


def test_a_session_resumes_for_its_own_server_alone(files: Files) -> None:
    # A server that holds several names would pass for one that its certificate is not for.
    context = client_context(ca_file=files.ca)
    client, _ = meet(context, server_context(files.server))
    client.read()
    with pytest.raises(Misuse, match="belongs to mail.example.org"):
        TLSSession.client(IMPLICIT_CLIENT, context, "b.example", resume=client.resumption)


def test_a_resumption_does_not_print_what_it_holds(files: Files) -> None:
    assert "\\x" not in repr(resumption(files))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_that_nobody_verified_never_becomes_a_verified_one(files: Files, version: ssl.TLSVersion) -> None:
    """Not even on its own context, of which somebody demands more in the meantime."""
    context = client_context(verify=False, maximum=version)
    client, _ = meet(context, server_context(files.server))
    client.read()
    resume = client.resumption
    assert resume is not None
    assert not resume.verified
    context.verify_mode = ssl.CERT_REQUIRED
    with pytest.raises(Misuse, match="not verified"):
        TLSSession.client(IMPLICIT_CLIENT, context, HOST, resume=resume)
