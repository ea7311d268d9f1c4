"""What a careful sender demands of each mail host, and why. What was learned goes in, decisions come out.

DANE goes first. Who publishes TLSA records that can be used is held to them, and where DANE fails nothing else
rescues it (RFC 8461 §2). Then comes an MTA-STS policy in force, and only then TLS if it is offered. A lookup that
failed never leads to less than one that succeeded: the host is left out (RFC 7672 §2.1.2). Each host is decided by
itself.

One thing goes beyond the letter. Where the MX records are not signed, DANE proves that a host is who it says, and not
that the mail belongs there. MTA-STS proves just that: a policy in force then has to name the host, too.
"""

from dataclasses import replace

from starttls.core.errors import CannotResolve, Misuse
from starttls.core.transcript import one_line
from starttls.policy.answer import TLSA, Answer, Status
from starttls.policy.destination import Action, Decision, Destination, Host, Kind, Reason
from starttls.policy.errors import NoMail, NotAuthentic, StsMxMismatch
from starttls.policy.sts import Learned, Mode, State, StsPolicy, matches
from starttls.policy.tlsa import agile, usable

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
    found = replace(_by_dane(host, smtp=smtp, names=names or (host.host,)), authentic=True)
    return _closed(found) if smtp else found


def downgradable(decisions: tuple[Decision, ...]) -> bool | None:
    """Can an attacker on the path read mail that a careful sender sends by these decisions?

    He strips STARTTLS, forges a certificate, or forges DNS answers that are not signed. He cannot break DNSSEC, nor
    get a certificate from a public authority, and an MTA-STS policy is known already. He blocks whatever host he
    likes: the weakest counts. None: lookups failed, so that it could not be told; no host that was judged is weak.
    """
    if any(_weak(decision) for decision in decisions):
        return True
    return None if any(isinstance(decision.error, NotAuthentic) for decision in decisions) else False


def _weak(decision: Decision) -> bool:
    """Whether he gets at the mail by way of this host."""
    match decision.action:
        case Action.OPPORTUNISTIC | Action.ENCRYPT:  # to strip, or to forge
            return True
        case Action.DANE | Action.PKIX:  # or he leads the mail to a host of his own
            return not decision.authentic
        case _:
            return False


# --- where there is no host to decide about --------------------------------------------------------


def _no_mail(domain: str, detail: str, reference: str) -> Decision:
    reasons = (Reason(f"{detail}: nothing is sent, and the sender is told", reference),)
    return Decision(host=domain, action=Action.REJECT, reasons=reasons, error=NoMail(domain, detail))


def _unknown(destination: Destination) -> Decision:
    told = _said(destination.mx) if destination.mx is not None else destination.reason
    reasons = (Reason(f"{told}: it cannot be told where the mail goes, so it waits", "RFC 7672 §2.1.2"),)
    error = _not_authentic(destination.mx) if destination.mx is not None else None
    return Decision(host=destination.domain, action=Action.DEFER, reasons=reasons, error=error)


def _literal(host: Host) -> Decision:
    told = Reason("nothing can be published about an address: neither DANE nor MTA-STS holds", "RFC 8461 §3.4")
    return _closed(Decision(host=host.host, action=Action.OPPORTUNISTIC, reasons=(told,), authentic=True))


# --- one mail host ---------------------------------------------------------------------------------


def _mail_host(host: Host, destination: Destination, sts: Learned | None) -> Decision:
    proven = destination.status is Status.SECURE
    found = _by_dane(host, smtp=True, names=_names(host, destination))
    found = replace(found, authentic=proven, reasons=(*_way(destination), *found.reasons))
    return _closed(_by_sts(found, sts) if sts is not None else found)


def _by_sts(found: Decision, sts: Learned) -> Decision:
    """What MTA-STS adds to what DANE says."""
    if sts.policy is None:
        return _told(found, _without_policy(sts))
    match sts.policy.mode:
        case Mode.ENFORCE:
            return _enforced(found, sts.policy)
        case Mode.TESTING:
            fits = "names" if matches(sts.policy, found.host) else "does not name"
            text = f"the MTA-STS policy {fits} this host; it is tested only: what breaks it is reported, not refused"
            return _told(found, Reason(text, "RFC 8461 §5"))
        case Mode.NONE:
            return _told(found, Reason("the MTA-STS policy asks for nothing (mode none)", "RFC 8461 §5"))


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
        return _told(found, Reason("MTA-STS does not rescue a host that DNSSEC and DANE leave out", "RFC 8461 §2"))
    if found.action is Action.DANE and (named or found.authentic):
        text = "the MTA-STS policy names this host, too; " if named else "the MTA-STS policy does not name this host; "
        return replace(_told(found, Reason(text + "DANE goes first", "RFC 8461 §2")), authentic=True)
    if not named:
        text = "an MTA-STS policy is in force, and does not name this host: it is left out"
        left_out = replace(found, action=Action.DEFER, names=(), sni=None, tlsa=())
        error = StsMxMismatch(found.host, policy.mx)
        return replace(_told(left_out, Reason(text, "RFC 8461 §4.1")), error=error)
    # TLSA records that cannot be used ask for TLS without a proof: that is less, and included.
    found = _told(found, Reason("an MTA-STS policy is in force, and names this host", "RFC 8461 §4.1"))
    text = f"TLS is required, with a certificate of a public authority for {found.host}"
    names = (found.host,)
    found = replace(found, action=Action.PKIX, names=names, sni=found.host, authentic=True)
    return _told(found, Reason(text, "RFC 8461 §4.2"))


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
            return _told(decision, Reason(text, "RFC 3207 §6"))
        case Action.ENCRYPT:
            text = "TLS is required all the same, with any certificate: an attacker on the path can forge it"
            return _told(decision, Reason(text, "RFC 7672 §2.2"))
        case _:
            return decision


def _told(decision: Decision, reason: Reason) -> Decision:
    return replace(decision, reasons=(*decision.reasons, reason))


# --- DANE ------------------------------------------------------------------------------------------


def _by_dane(host: Host, *, smtp: bool, names: tuple[str, ...]) -> Decision:
    """What the addresses and the TLSA records of a host say. ``names`` are those of a certificate by an authority."""
    decision = _reached(host)
    if decision.action is Action.DEFER:
        return decision
    if host.alias is not None and not host.alias.status.usable:
        return _failed(decision, host.alias)
    for answer in host.tlsa:
        if not answer.status.usable:
            return _failed(decision, answer)
        if answer.status is Status.SECURE and answer.of(TLSA):
            return _demanded(decision, answer, smtp=smtp, names=names)
    return _told(decision, _no_tlsa(host))


def _reached(host: Host) -> Decision:
    """What is to be said of the addresses; DEFER where there are none to go to."""
    decision = Decision(host=host.host, action=Action.OPPORTUNISTIC, sni=host.host)
    failed = tuple(answer for answer in host.addresses if not answer.status.usable)
    if not host.located:
        if failed:
            return _failed(decision, failed[0])
        if any(answer.status is Status.INSECURE for answer in host.addresses):
            text = "the host has no address; that is not signed, and an attacker can make one up"
            return _told(decision, Reason(text, "RFC 4033 §5"))
        detail = "no address" if host.addresses else "not a host name"
        reason = Reason(f"{detail}: the host cannot be reached", "RFC 5321 §5.1")
        error = CannotResolve(host.host, detail)
        return replace(_told(decision, reason), action=Action.DEFER, sni=None, error=error)
    for answer in failed:
        # RFC 7672 §2.1.2: an address that could not be had is not gone to, the host's other addresses are. Nothing is
        # lost by it: what is demanded there rests on their own proof.
        decision = _told(decision, Reason(f"{_said(answer)}: those addresses are left out", "RFC 7672 §2.1.2"))
    return decision


def _failed(decision: Decision, answer: Answer) -> Decision:
    """Leave the host out, since a lookup failed on which it depends what must be demanded."""
    text = f"{_said(answer)}: it cannot be told what must be demanded, so the host is left out"
    decision = _told(decision, Reason(text, "RFC 7672 §2.1.2"))
    return replace(decision, action=Action.DEFER, sni=None, error=_not_authentic(answer))


def _demanded(decision: Decision, answer: Answer, *, smtp: bool, names: tuple[str, ...]) -> Decision:
    """There are TLSA records, and they are proven: TLS is demanded, and what else they can prove."""
    records = answer.of(TLSA)
    base = _base(answer)
    whys = tuple((record, usable(record, smtp=smtp)) for record in records)
    good = tuple(record for record, why in whys if why is None)
    told = [Reason(f"{record} cannot be used: {why}", "RFC 6698 §4.1") for record, why in whys if why is not None]
    text = f"{answer.question} is signed: {len(good)} of {len(records)} records can be used"
    decision = replace(decision, sni=base, reasons=(*decision.reasons, Reason(text, "RFC 7672 §2.2"), *told))
    if good:
        names = tuple(dict.fromkeys((base, *names)))
        reasons = [Reason("TLS is required, with a certificate that matches one of them", "RFC 7672 §2.2")]
        if any(record.usage != 3 for record in good):
            # RFC 7672 §3.1.1: DANE-EE says which key it is, and then a name would add nothing.
            reasons.append(Reason(f"but for usage 3, it must be for {' or '.join(names)}", "RFC 7672 §3.2.2"))
        trail = (*decision.reasons, *reasons)
        return replace(decision, action=Action.DANE, names=names, tlsa=agile(good), reasons=trail)
    if smtp:
        return replace(decision, action=Action.ENCRYPT)
    reason = Reason("TLS is required all the same, with a certificate of a public authority", "RFC 7673 §4.1")
    return replace(_told(decision, reason), action=Action.PKIX, names=names)


def _names(host: Host, destination: Destination) -> tuple[str, ...]:
    """The names beside the TLSA base domain that a certificate by DANE-TA may be for (RFC 7672 §3.2.2)."""
    if destination.kind is not Kind.MX or destination.mx is None:
        # "the original next-hop domain MUST be included as a second reference identifier"
        return (host.host,)
    if destination.status is not Status.SECURE:
        # "the MX hostname is the only reference identifier": whoever forged the MX knows the domain's name, too.
        return (host.host,)
    expanded = (answer.name for answer in host.located if answer.status is Status.SECURE)
    return tuple(dict.fromkeys((host.host, *expanded, destination.domain, destination.mx.name)))


def _no_tlsa(host: Host) -> Reason:
    """Why there is no DANE."""
    if host.tlsa:
        asked = " nor ".join(str(answer.question) for answer in host.tlsa)
        return Reason(f"it is known that there is no signed {asked}: DANE asks for nothing", "RFC 7672 §2.2")
    text = "the addresses are not signed: no TLSA records could be proven, and none are asked for"
    return Reason(text, "RFC 7672 §2.2.2")


def _base(answer: Answer) -> str:
    """The TLSA base domain: the owner without port and transport (RFC 7672 §2.2.3)."""
    return answer.question.name.split(".", 2)[2]


def _said(answer: Answer) -> str:
    # A server may have worded the reason (RFC 8914).
    return f"{answer.question} is {answer.status}" + (f" ({one_line(answer.reason[:200])})" if answer.reason else "")


def _not_authentic(answer: Answer) -> NotAuthentic:
    return NotAuthentic(answer.question, answer.status, answer.reason, answer.extended)
