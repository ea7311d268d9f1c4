"""What a careful sender demands of each mail host, and why. What was learned goes in, decisions come out.

DANE goes first. Who publishes TLSA records that can be used is held to them, and where DANE fails nothing else
rescues it (RFC 8461 §2). Then comes an MTA-STS policy in force, and only then TLS if it is offered. A lookup that
failed never leads to less than one that succeeded: the host is left out (RFC 7672 §2.1.2). Each host is decided by
itself.

One thing goes beyond the letter. Where the MX records are not signed, DANE proves that a host is who it says, and not
that the mail belongs there. MTA-STS proves just that: a policy in force then has to name the host, too.
"""

from dataclasses import replace

from starttls.core.errors import Misuse
from starttls.policy.answer import Status
from starttls.policy.dane import by_dane, said, told
from starttls.policy.destination import Action, Decision, Destination, Host, Kind, Reason
from starttls.policy.errors import NoMail, NotAuthentic, StsMxMismatch
from starttls.policy.sts import Learned, Mode, State, StsPolicy, matches

__all__ = ["decide", "decide_host", "downgradable"]


def decide(destination: Destination, sts: Learned | None) -> tuple[Decision, ...]:
    """One decision for each host, in their order; where there is none, one for the domain itself.

    ``sts`` is what is known of the domain's MTA-STS policy; None where it was not looked for. Raises `Misuse` for the
    policy of another domain.
    """
    if sts is not None and sts.domain != destination.domain:
        raise Misuse(f"an MTA-STS policy of {sts.domain} says nothing of {destination.domain}")
    match destination.kind:
        case Kind.NULL:
            return (_no_mail(destination.domain, "a null MX says that it takes no mail", "RFC 7505 §3"),)
        case Kind.NOTHING:
            return (_no_mail(destination.domain, destination.reason, "RFC 5321 §5.1"),)
        case Kind.UNKNOWN:
            return (_unknown(destination),)
        case Kind.LITERAL:
            return tuple(_literal(host) for host in destination.hosts)
        case _:
            return tuple(_mail_host(host, destination, sts) for host in destination.hosts)


def decide_host(host: Host, *, smtp: bool, names: tuple[str, ...] = ()) -> Decision:
    """What to demand of one host of which the name is known already: a URL's, or a secure SRV record's target.

    The actions are DANE; where there are TLSA records and none can be used, ENCRYPT for SMTP and PKIX for the rest;
    DEFER; or OPPORTUNISTIC where DANE says nothing, and the caller has to know what else it demands. ``names`` are
    those for which a certificate may be, beside the TLSA base domain: the host as it was asked, and the domain whose
    SRV record led there (RFC 7673 §4). By default it is the host.
    """
    found = replace(by_dane(host, smtp=smtp, names=names or (host.host,)), authentic=True)
    return _closed(found) if smtp else found


def downgradable(decisions: tuple[Decision, ...], *, unseen: int = 0) -> bool | None:
    """Can an attacker on the path read mail that a careful sender sends by these decisions?

    He strips STARTTLS, forges a certificate, or forges DNS answers that are not signed. He cannot break DNSSEC, nor
    get a certificate from a public authority, and an MTA-STS policy is known already. He blocks whatever host he
    likes: the weakest counts. None: lookups failed, or there are ``unseen`` hosts, so that it could not be told; no
    host that was judged is weak.
    """
    if any(_weak(decision) for decision in decisions):
        return True
    return None if unseen or any(isinstance(decision.error, NotAuthentic) for decision in decisions) else False


def _weak(decision: Decision) -> bool:
    """Whether he gets at the mail by way of this host."""
    match decision.action:
        case Action.OPPORTUNISTIC | Action.ENCRYPT:  # to strip, or to forge
            return True
        case _:  # or he leads the mail to a host of his own; where there is none, there is nothing to gain
            return decision.authentic is False


# --- where there is no host to decide about --------------------------------------------------------


def _no_mail(domain: str, detail: str, reference: str) -> Decision:
    reasons = (Reason(f"{detail}: nothing is sent, and the sender is told", reference),)
    return Decision(host=domain, action=Action.REJECT, reasons=reasons, error=NoMail(domain, detail))


def _unknown(destination: Destination) -> Decision:
    why = said(destination.mx) if destination.mx is not None else destination.reason
    reasons = (Reason(f"{why}: it cannot be told where the mail goes, so it waits", "RFC 7672 §2.1.2"),)
    error = NotAuthentic.of(destination.mx) if destination.mx is not None else None
    return Decision(host=destination.domain, action=Action.DEFER, reasons=reasons, error=error)


def _literal(host: Host) -> Decision:
    reason = Reason("nothing can be published about an address: neither DANE nor MTA-STS holds", "RFC 8461 §3.4")
    return _closed(Decision(host=host.host, action=Action.OPPORTUNISTIC, reasons=(reason,), authentic=True))


# --- one mail host ---------------------------------------------------------------------------------


def _mail_host(host: Host, destination: Destination, sts: Learned | None) -> Decision:
    proven = destination.status is Status.SECURE
    found = by_dane(host, smtp=True, names=_names(host, destination))
    found = replace(found, authentic=proven, reasons=(*_way(destination), *found.reasons))
    return _closed(_by_sts(found, sts) if sts is not None else found)


def _by_sts(found: Decision, sts: Learned) -> Decision:
    """What MTA-STS adds to what DANE says."""
    if sts.policy is None:
        return told(found, _without_policy(sts))
    match sts.policy.mode:
        case Mode.ENFORCE:
            return _enforced(found, sts.policy)
        case Mode.TESTING:
            fits = "names" if matches(sts.policy, found.host) else "does not name"
            text = f"the MTA-STS policy {fits} this host; it is tested only: what breaks it is reported, not refused"
            return told(found, Reason(text, "RFC 8461 §5"))
        case Mode.NONE:
            return told(found, Reason("the MTA-STS policy asks for nothing (mode none)", "RFC 8461 §5"))


def _way(destination: Destination) -> tuple[Reason, ...]:
    """What is to be said of the way from the domain to its hosts."""
    signed = destination.status is Status.SECURE
    match destination.kind:
        case Kind.HOST:
            return (Reason("the host was named by hand: no MX is asked, and MTA-STS is its own", "RFC 8461 §3.4"),)
        case Kind.IMPLICIT if signed:
            return (Reason("it is proven that there is no MX: the domain is its own host", "RFC 7672 §2.2.2"),)
        case Kind.IMPLICIT:
            text = "there is no MX, so the domain is its own host; that is not signed, and an attacker can forge an MX"
            return (Reason(text, "RFC 5321 §5.1"),)
        case _ if signed:
            return (Reason("the MX records are signed: this host is the domain's", "RFC 7672 §2.2.1"),)
        case _:
            text = "the MX records are not signed: an attacker can put another host in this one's place"
            return (Reason(text, "RFC 7672 §2.2.1"),)


def _enforced(found: Decision, policy: StsPolicy) -> Decision:
    """The same, of a policy in force."""
    named = matches(policy, found.host)
    if found.action is Action.DEFER:
        # Whoever forges another host would need a certificate for one that the policy names.
        found = replace(found, authentic=True)
        if isinstance(found.error, NotAuthentic):
            return told(found, Reason("MTA-STS does not rescue a host that DNSSEC and DANE leave out", "RFC 8461 §2"))
        return found
    if found.action is Action.DANE and (named or found.authentic):
        text = "the MTA-STS policy names this host, too; " if named else "the MTA-STS policy does not name this host; "
        return replace(told(found, Reason(text + "DANE goes first", "RFC 8461 §2")), authentic=True)
    if not named:
        text = "an MTA-STS policy is in force, and does not name this host: it is left out"
        left_out = replace(found, action=Action.DEFER, names=(), sni=None, tlsa=(), authentic=True)
        error = StsMxMismatch(found.host, policy.mx)
        return replace(told(left_out, Reason(text, "RFC 8461 §4.1")), error=error)
    # TLSA records that cannot be used ask for TLS without a proof: that is less, and included.
    found = told(found, Reason("an MTA-STS policy is in force, and names this host", "RFC 8461 §4.1"))
    text = f"TLS is required, with a certificate of a public authority for {found.host}"
    names = (found.host,)
    found = replace(found, action=Action.PKIX, names=names, sni=found.host, authentic=True)
    return told(found, Reason(text, "RFC 8461 §4.2"))


def _without_policy(sts: Learned) -> Reason:
    why = f": {sts.errors[0]}" if sts.errors else ""
    match sts.state:
        case State.INVALID:
            text = f"the MTA-STS policy is malformed{why}: there is none"
        case State.UNREACHABLE:
            text = f"an MTA-STS policy could not be had{why}, and none was known before: there is none"
        case _:
            text = "no MTA-STS policy is announced"
    return Reason(text, "RFC 8461 §3.1" if sts.state is State.NONE else "RFC 8461 §5.1")


def _closed(decision: Decision) -> Decision:
    """The trail, with its end where nothing can be proven."""
    match decision.action:
        case Action.OPPORTUNISTIC:
            text = "TLS if it is offered: an attacker on the path can take it away, or forge the certificate"
            return told(decision, Reason(text, "RFC 3207 §6"))
        case Action.ENCRYPT:
            text = "TLS is required all the same, with any certificate: an attacker on the path can forge it"
            return told(decision, Reason(text, "RFC 7672 §2.2"))
        case _:
            return decision


def _names(host: Host, destination: Destination) -> tuple[str, ...]:
    """The names beside the TLSA base domain that a certificate by DANE-TA may be for (RFC 7672 §3.2.2)."""
    if destination.kind is not Kind.MX or destination.mx is None:
        # Without an MX there is no name beside the one that was asked.
        return (host.host,)
    if destination.status is not Status.SECURE:
        # The domain's own name would add nothing: whoever forged the MX records knows it, too.
        return (host.host,)
    expanded = (answer.name for answer in host.located if answer.status is Status.SECURE)
    return tuple(dict.fromkeys((host.host, *expanded, destination.domain, destination.mx.name)))
