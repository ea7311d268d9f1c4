"""From a decision to what a handshake has to prove."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from starttls.core.errors import CannotResolve, CertificateRejected, Misuse, StartTLSError
from starttls.core.facts import Protocol
from starttls.policy.answer import TLSA, Status
from starttls.policy.destination import Action, Decision, Host
from starttls.policy.errors import DaneRequired
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
    """Who a server may be: ``names``, and for each an SRV-ID of the label that ``protocol`` counts, or else of ``label``.

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
    where the decision leaves it open. Raises why the host must not be gone to.
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
    if policy == "dane" and decision.action is not Action.DANE:
        raise DaneRequired(host.host, _without_dane(host))
    if policy == "dane" and not decision.authentic:
        # Whoever forged the MX record has put TLSA records of his own there.
        raise DaneRequired(host.host, "is named by an answer that is not signed")
    match decision.action:
        case Action.DANE:
            smtp, roots = between_servers(protocol), partial(authorities, ca_file)
            by_records = judge(decision.tlsa, expected, now=lambda: datetime.now(UTC), smtp=smtp, roots=roots)
            return Demand(level=Level.DANE, name=name, judge=by_records)
        case Action.PKIX:
            return Demand(level=Level.VERIFIED, name=name, judge=named(expected))
        case Action.ENCRYPT:
            return Demand(level=Level.ENCRYPTED, name=name)
        case Action.OPPORTUNISTIC:
            return Demand(level=Level.ENCRYPTED, name=name, fallback=fallback)
        case Action.DEFER | Action.REJECT:
            raise Misuse(f"nothing is to be sent to {host.host}, and it is not said why")


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


def _without_dane(host: Host) -> str:
    if any(answer.status is Status.SECURE and answer.of(TLSA) for answer in host.tlsa):
        return "publishes no TLSA records that can be used"
    if host.tlsa:
        return "publishes no TLSA records that are signed"
    return "has no addresses that are signed" if host.addresses else "is an address, and publishes nothing"
