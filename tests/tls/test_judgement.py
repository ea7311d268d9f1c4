"""The judge decides, before anything of ours is sent; and a session never resumes past him."""

import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from starttls.core.errors import CertificateRejected, Misuse, StartTLSError
from starttls.tls.contexts import client_context, server_context
from starttls.tls.demand import Demand, Judge
from starttls.tls.judgement import Judgement
from starttls.tls.level import Level
from starttls.tls.names import ServerIdentity
from starttls.tls.proof import Resumption
from starttls.tls.session import TLSSession
from tests.tls.pairs import HOST, IMPLICIT_CLIENT, IMPLICIT_SERVER, Files, cross

VERSIONS = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
NO = CertificateRejected("no")


class Court:
    """A judge who keeps what he was shown. ``guilty`` are the leaves that he objects to; None objects to all."""

    def __init__(self, *guilty: bytes | None) -> None:
        self.guilty = guilty
        self.seen: list[tuple[bytes, ...]] = []

    def __call__(self, chain: tuple[bytes, ...]) -> StartTLSError | None:
        self.seen.append(chain)
        return NO if None in self.guilty or not chain or chain[0] in self.guilty else None


def dane(judge: Judge) -> Demand:
    return Demand(level=Level.DANE, name=HOST, judge=judge)


def any_certificate(version: ssl.TLSVersion, *, certificate: Path | None = None) -> ssl.SSLContext:
    return client_context(verify=False, minimum=version, maximum=version, certificate=certificate)


def meet(
    context: ssl.SSLContext, server: ssl.SSLContext, demand: Demand, resume: Resumption | None = None
) -> tuple[TLSSession, TLSSession]:
    """As `tests.tls.pairs.meet`, with a demand, and one byte at a time."""
    one = TLSSession.client(IMPLICIT_CLIENT, context, HOST, demand=demand, resume=resume)
    other = TLSSession.server(IMPLICIT_SERVER, server)
    cross(one, other, size=1)
    if one.error is None:
        one.read()
    return one, other


@VERSIONS
def test_the_judge_alone_decides(files: Files, version: ssl.TLSVersion) -> None:
    court = Court()
    client, _ = meet(any_certificate(version), server_context(files.server), dane(court))
    assert client.error is None
    assert (client.level, client.verified) == (Level.DANE, True)
    assert court.seen == [client.presented_chain]  # once, however many bytes come after it


@VERSIONS
def test_an_impostor_gets_nothing_of_ours(files: Files, version: ssl.TLSVersion) -> None:
    """Neither our Finished nor our certificate: with TLS 1.2 too, where both go out before the server's Finished."""
    server = server_context(files.server, client_ca=files.ca)
    context = any_certificate(version, certificate=files.client)
    client = TLSSession.client(IMPLICIT_CLIENT, context, HOST, demand=dane(Court(None)))
    impostor = TLSSession.server(IMPLICIT_SERVER, server)
    hello = client.data_to_send()
    impostor.receive_data(hello)
    client.receive_data(impostor.data_to_send())
    assert (client.error, client.level, client.handshake_done) == (NO, Level.NONE, False)
    assert client.data_to_send() == b""
    with pytest.raises(Misuse):
        client.send(b"secret")
    assert impostor.presented_chain == ()
    assert not impostor.handshake_done


@VERSIONS
def test_resuming_is_judged_on_the_chain_that_was_remembered(files: Files, version: ssl.TLSVersion) -> None:
    context, server = any_certificate(version), server_context(files.server)
    first, _ = meet(context, server, dane(Court()))
    court = Court()
    second, _ = meet(context, server, dane(court), first.resumption)
    assert second.facts is not None
    assert second.facts.resumed
    assert (second.level, second.verified) == (Level.DANE, True)
    assert set(court.seen) == {first.presented_chain}


@VERSIONS
def test_a_session_whose_certificate_is_withdrawn_is_not_offered(files: Files, version: ssl.TLSVersion) -> None:
    """The server then has to show what it has now; here that is the same, and it is refused."""
    context, server = any_certificate(version), server_context(files.server)
    first, _ = meet(context, server, dane(Court()))
    withdrawn = Court(first.presented_chain[0])
    second, _ = meet(context, server, dane(withdrawn), first.resumption)
    assert second.error is NO
    assert second.level is Level.NONE
    assert len(withdrawn.seen) == 2  # what was remembered, and what was then shown


@VERSIONS
def test_a_server_that_does_not_resume_is_judged_by_what_it_shows(
    files: Files, strangers: Files, version: ssl.TLSVersion
) -> None:
    """Until it has chosen, OpenSSL shows the chain of the session that we offer: that must not count for it."""
    context = any_certificate(version)
    first, _ = meet(context, server_context(files.server), dane(Court()))
    impostor = server_context(strangers.server)
    shown, _ = meet(any_certificate(version), impostor, Demand(level=Level.ENCRYPTED, name=HOST))
    court = Court(shown.presented_chain[0])
    second, _ = meet(context, impostor, dane(court), first.resumption)
    assert second.error is NO
    assert court.seen[-1] == shown.presented_chain


@VERSIONS
def test_a_session_of_a_weaker_demand_proves_nothing_more(files: Files, version: ssl.TLSVersion) -> None:
    """What any certificate was good for does not become DANE: its chain is judged, and it is refused."""
    context, server = any_certificate(version), server_context(files.server)
    first, _ = meet(context, server, Demand(level=Level.ENCRYPTED, name=HOST))
    assert (first.level, first.verified) == (Level.ENCRYPTED, False)
    second, _ = meet(context, server, dane(Court(None)), first.resumption)
    assert second.error is NO
    third, _ = meet(context, server, dane(Court()), first.resumption)
    assert third.level is Level.DANE


@VERSIONS
def test_where_the_library_proves_the_chain_and_the_judge_the_name(
    files: Files, strangers: Files, version: ssl.TLSVersion
) -> None:
    demand = Demand(level=Level.VERIFIED, name=HOST, judge=Court())
    context = client_context(ca_file=files.ca, check_name=False, minimum=version, maximum=version)
    client, _ = meet(context, server_context(files.server), demand)
    assert (client.level, client.error) == (Level.VERIFIED, None)
    client, _ = meet(context, server_context(strangers.server), demand)
    assert isinstance(client.error, CertificateRejected)
    assert client.error.reason == "issuer unknown"
    client, _ = meet(context, server_context(files.server), replace(demand, judge=Court(None)))
    assert client.error is NO


def test_a_context_that_would_prove_less(files: Files) -> None:
    demand = Demand(level=Level.VERIFIED, name=HOST)
    with pytest.raises(Misuse, match="takes any certificate"):
        TLSSession.client(IMPLICIT_CLIENT, client_context(verify=False), HOST, demand=demand)


def test_without_a_demand_the_context_says_all(files: Files) -> None:
    own = ServerIdentity(HOST, xmpp=True)
    assert not Judgement(client_context(ca_file=files.ca), ServerIdentity(HOST), None).asked
    assert Judgement(client_context(ca_file=files.ca, check_name=False), own, None).asked
    assert not Judgement(client_context(verify=False), own, None).proves
