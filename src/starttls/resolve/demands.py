"""From a decision to what a handshake has to prove."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from starttls.core.errors import CannotResolve, CertificateRejected, Misuse, StartTLSError
from starttls.core.facts import Protocol
from starttls.policy.answer import TLSA, Status
from starttls.policy.destination import Action, Decision, Host
from starttls.policy.errors import DaneRequired
from starttls.policy.presented import Usage
from starttls.policy.tlsa import judge
from starttls.tls.chain import name_rejected
from starttls.tls.contexts import PathLike, authorities
from starttls.tls.demand import Demand, Judge
from starttls.tls.level import Level
from starttls.tls.names import ServerIdentity
from starttls.tls.plan import Policy

__all__ = ["between_servers", "demanded", "identities"]


def between_servers(protocol: Protocol) -> bool:
    """Do the rules for mail servers among themselves apply (RFC 7672), and not those for all others (RFC 7673)?"""
    return protocol.name in {"smtp", "lmtp"}


def identities(names: Iterable[str], protocol: Protocol, label: str | None = None) -> tuple[ServerIdentity, ...]:
    """Who a server may be: ``names``, and for each an SRV-ID of ``protocol``'s own label, or else of ``label``.

    A name that no certificate can have is left out: the DNS may hold anything.
    """
    found: list[ServerIdentity] = []
    for name in names:
        with suppress(Misuse):
            found.append(ServerIdentity(name, srv=protocol.srv_id or label, xmpp=protocol.srv_id is not None))
    return tuple(found)


def demanded(
    decision: Decision,
    host: Host,
    expected: Sequence[ServerIdentity],
    *,
    policy: Policy,
    protocol: Protocol,
    ca_file: PathLike | None = None,
    fallback: bool = False,
) -> Demand:
    """What ``host`` has to prove under ``decision`` and ``policy``. Where names count, it is one of ``expected``.

    ``ca_file`` has the authorities for TLSA records of usage 0 and 1, instead of the system's. ``fallback`` is had
    where the decision leaves it open. Raises why the host must not be gone to, and `Misuse` for a ``ca_file`` that
    cannot be used.
    """
    name = _name(decision.sni or host.host)
    if policy in {"verify", "encrypt"}:
        # They ask nothing of the DNS but where to go.
        if decision.error is not None and not host.located:
            raise decision.error
        judged = named(expected) if policy == "verify" else None
        level = Level.VERIFIED if policy == "verify" else Level.ENCRYPTED
        return Demand(level=level, name=expected[0].host if expected else name, judge=judged, fallback=fallback)
    if decision.error is not None:
        raise decision.error
    if policy == "dane" and (lacks := _without_dane(decision, host)):
        raise DaneRequired(host.host, lacks)
    match decision.action:
        case Action.DANE:
            return Demand(level=Level.DANE, name=name, judge=_by_records(decision, expected, protocol, ca_file))
        case Action.PKIX:
            return Demand(level=Level.VERIFIED, name=name, judge=named(expected))
        case Action.ENCRYPT | Action.OPPORTUNISTIC:
            left_open = decision.action is Action.OPPORTUNISTIC
            return Demand(level=Level.ENCRYPTED, name=name, fallback=fallback and left_open)
        case Action.DEFER | Action.REJECT:
            raise Misuse(f"nothing is to be sent to {host.host}, and it is not said why")


def _by_records(
    decision: Decision, expected: Sequence[ServerIdentity], protocol: Protocol, ca_file: PathLike | None
) -> Judge:
    # Read now: within a handshake nobody is there to be told that they cannot be.
    public = any(record.usage in {Usage.PKIX_TA, Usage.PKIX_EE} for record in decision.tlsa)
    roots = authorities(ca_file) if public else ()
    smtp = between_servers(protocol)
    return judge(decision.tlsa, expected, now=lambda: datetime.now(UTC), smtp=smtp, roots=lambda: roots)


def named(expected: Sequence[ServerIdentity]) -> Judge:
    """Objects to a certificate that is for none of those ``expected``."""

    def ask(chain: tuple[bytes, ...]) -> StartTLSError | None:
        if not expected:
            return CertificateRejected("there is no name that it could be for", chain=chain)
        objections = [name_rejected(chain, identity) for identity in expected]
        return None if None in objections else objections[0]

    return ask


def _name(host: str) -> str:
    """Whom to ask for. What the DNS says may be no name: then nobody can be asked."""
    try:
        return ServerIdentity(host).host
    except Misuse as wrong:
        raise CannotResolve(host, wrong.what) from None


def _without_dane(decision: Decision, host: Host) -> str:
    """What ``host`` lacks where nothing but DANE will do; "" where it lacks nothing."""
    if decision.action is Action.DANE:
        # RFC 7672 §2.2.1: whoever forged the MX record has put TLSA records of his own there.
        return "" if decision.authentic else "is named by an answer that is not signed"
    if any(answer.status is Status.SECURE and answer.of(TLSA) for answer in host.tlsa):
        return "publishes no TLSA records that can be used"
    if host.tlsa:
        return "publishes no TLSA records that are signed"
    return "has no addresses that are signed" if host.addresses else "is an address, and publishes nothing"
