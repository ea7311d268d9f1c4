"""What a decision demands of a handshake, and what it never does."""

from collections.abc import Sequence

import pytest

from starttls.core.errors import CannotResolve, CertificateRejected, Misuse, StartTLSError
from starttls.policy.answer import TLSA, Address, Answer, Question, Status
from starttls.policy.destination import Action, Decision, Host
from starttls.policy.errors import DaneNoMatch, DaneRequired, NotAuthentic
from starttls.protocols.imap import IMAP
from starttls.protocols.smtp import SMTP
from starttls.protocols.xmpp import XMPP
from starttls.resolve.demands import between_servers, demanded, identities, named
from starttls.tls.demand import Demand
from starttls.tls.level import Level
from starttls.tls.names import ServerIdentity
from starttls.tls.plan import Policy

RECORD = TLSA(3, 1, 1, bytes(32))
HOST = Host(
    host="mx.example.org",
    addresses=(
        Answer(question=Question("mx.example.org", "A"), status=Status.SECURE, records=(Address("192.0.2.1"),)),
    ),
)
FAILED = NotAuthentic(Question("_25._tcp.mx.example.org", "TLSA"), Status.BOGUS)


def decision(action: Action, **more: object) -> Decision:
    return Decision(host="mx.example.org", action=action, names=("mx.example.org",), sni="mx.example.org", **more)  # type: ignore[arg-type]


def demand(
    action: Action,
    policy: Policy,
    *,
    host: Host = HOST,
    expected: Sequence[ServerIdentity] = (ServerIdentity("mx.example.org"),),
    fallback: bool = True,
    **more: object,
) -> Demand:
    return demanded(decision(action, **more), host, expected, policy=policy, protocol=SMTP, fallback=fallback)


LEVELS = {Action.DANE: Level.DANE, Action.PKIX: Level.VERIFIED, Action.ENCRYPT: Level.ENCRYPTED}


@pytest.mark.parametrize("action", LEVELS)
def test_what_demands_tls_is_never_plaintext(action: Action) -> None:
    """Whatever fallback was asked for by name."""
    found = demand(action, "opportunistic", tlsa=(RECORD,))
    assert (found.level, found.fallback, found.name) == (LEVELS[action], False, "mx.example.org")


def test_what_leaves_it_open_is_as_the_caller_says() -> None:
    assert demand(Action.OPPORTUNISTIC, "opportunistic").fallback
    assert not demand(Action.OPPORTUNISTIC, "opportunistic", fallback=False).fallback
    assert demand(Action.OPPORTUNISTIC, "opportunistic").level is Level.ENCRYPTED


@pytest.mark.parametrize("policy", ["dane", "opportunistic"])
@pytest.mark.parametrize("action", [Action.DEFER, Action.REJECT])
def test_a_host_that_is_left_out(action: Action, policy: Policy) -> None:
    with pytest.raises(NotAuthentic) as caught:
        demand(action, policy, error=FAILED)
    assert caught.value is FAILED


@pytest.mark.parametrize("action", [Action.PKIX, Action.ENCRYPT, Action.OPPORTUNISTIC])
def test_nothing_but_dane_will_do(action: Action) -> None:
    with pytest.raises(DaneRequired):
        demand(action, "dane")


def test_dane_needs_a_way_that_is_proven() -> None:
    with pytest.raises(DaneRequired, match="mx.example.org is named by an answer that is not signed"):
        demand(Action.DANE, "dane", tlsa=(RECORD,))
    assert demand(Action.DANE, "opportunistic", tlsa=(RECORD,)).level is Level.DANE


def test_a_host_that_is_left_out_without_a_word_is_left_out() -> None:
    for action in (Action.DEFER, Action.REJECT):
        with pytest.raises(Misuse):
            demand(action, "opportunistic")


def test_what_asks_nothing_of_the_dns_takes_nothing_from_it() -> None:
    """A TLSA lookup that failed says nothing to who verifies by himself; a host without address cannot be gone to."""
    found = demand(Action.DEFER, "verify", error=FAILED)
    assert (found.level, found.judge is not None) == (Level.VERIFIED, True)
    assert demand(Action.DANE, "encrypt").level is Level.ENCRYPTED
    with pytest.raises(NotAuthentic):
        demand(Action.DEFER, "verify", error=FAILED, host=Host(host="mx.example.org"))


def test_dane_is_judged_by_the_records() -> None:
    judge = demand(Action.DANE, "dane", tlsa=(RECORD,), authentic=True).judge
    assert judge is not None
    assert isinstance(judge(()), DaneNoMatch)


def test_names_that_nobody_can_have() -> None:
    """The DNS may hold anything; a certificate for nothing is for nobody."""
    assert identities(("mx.example.org", "not a name", ""), SMTP) == (ServerIdentity("mx.example.org"),)
    wrong = named(())((b"",))
    assert isinstance(wrong, CertificateRejected)
    odd = Host(host="not a name", addresses=HOST.addresses)
    with pytest.raises(CannotResolve, match="neither a host name"):
        demanded(Decision(host=odd.host, action=Action.OPPORTUNISTIC), odd, (), policy="opportunistic", protocol=SMTP)


def test_the_objection_is_to_the_first_name() -> None:
    wrong: StartTLSError | None = named(identities(("a.example", "b.example"), SMTP))((b"garbage",))
    assert isinstance(wrong, CertificateRejected)


def test_srv_ids() -> None:
    """XMPP has one label for both ways; the others have that of their record."""
    assert identities(("example.org",), IMAP, "_imaps")[0].srv == "_imaps"
    assert identities(("example.org",), XMPP, "_xmpps-client") == (
        ServerIdentity("example.org", srv="_xmpp-client", xmpp=True),
    )
    assert identities(("example.org",), SMTP)[0].srv is None


def test_whose_rules() -> None:
    assert [between_servers(one) for one in (SMTP, IMAP, XMPP)] == [True, False, False]
