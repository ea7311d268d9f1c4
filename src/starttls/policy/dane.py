"""What DNSSEC and DANE say of one host: what must be demanded of it, or that it is to be left out (RFC 7672 §2.2).

What holds where they say nothing is in `starttls.policy.decide`.
"""

from dataclasses import replace

from starttls.core.errors import CannotResolve
from starttls.core.transcript import one_line
from starttls.policy.answer import TLSA, Answer, Status
from starttls.policy.destination import Action, Decision, Host, Reason
from starttls.policy.errors import NotAuthentic
from starttls.policy.tlsa import agile, usable

__all__ = ["by_dane", "said", "told"]

_SHOWN = 5
"""Records that cannot be used, and of which the trail says why. There may be thousands."""


def by_dane(host: Host, *, smtp: bool, names: tuple[str, ...]) -> Decision:
    """What the addresses and the TLSA records of a host say: DANE, ENCRYPT, PKIX, DEFER, or nothing: OPPORTUNISTIC.

    ``names`` are those that a certificate by an authority may be for, beside the TLSA base domain.
    """
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
    return told(decision, _no_tlsa(host))


def _reached(host: Host) -> Decision:
    """What is to be said of the addresses; DEFER where there are none to go to."""
    decision = Decision(host=host.host, action=Action.OPPORTUNISTIC, sni=host.host)
    failed = tuple(answer for answer in host.addresses if not answer.status.usable)
    if not host.located:
        if failed:
            return _failed(decision, failed[0])
        if any(answer.status is Status.INSECURE for answer in host.addresses):
            text = "the host has no address; that is not signed, and an attacker can make one up"
            return told(decision, Reason(text, "RFC 4033 §5"))
        detail = "no address" if host.addresses else "not a host name"
        reason = Reason(f"{detail}: the host cannot be reached", "RFC 5321 §5.1")
        error = CannotResolve(host.host, detail)
        return replace(told(decision, reason), action=Action.DEFER, sni=None, error=error)
    for answer in failed:
        # RFC 7672 §2.1.2: an address that could not be had is not gone to, the host's other addresses are. Nothing is
        # lost by it: what is demanded there rests on their own proof.
        decision = told(decision, Reason(f"{said(answer)}: those addresses are left out", "RFC 7672 §2.1.2"))
    return decision


def _failed(decision: Decision, answer: Answer) -> Decision:
    """Leave the host out, since a lookup failed on which it depends what must be demanded."""
    text = f"{said(answer)}: it cannot be told what must be demanded, so the host is left out"
    decision = told(decision, Reason(text, "RFC 7672 §2.1.2"))
    return replace(decision, action=Action.DEFER, sni=None, error=NotAuthentic.of(answer))


def _demanded(decision: Decision, answer: Answer, *, smtp: bool, names: tuple[str, ...]) -> Decision:
    """There are TLSA records, and they are proven: TLS is demanded, and what else they can prove."""
    records = answer.of(TLSA)
    base = _base(answer)
    whys = tuple((record, usable(record, smtp=smtp)) for record in records)
    good = tuple(record for record, why in whys if why is None)
    whys_not = [Reason(f"{_short(record)} cannot be used: {why}", "RFC 6698 §4.1") for record, why in whys if why]
    text = f"{answer.question} is signed: {len(good)} of {len(records)} records can be used"
    decision = replace(
        decision, sni=base, reasons=(*decision.reasons, Reason(text, "RFC 7672 §2.2"), *whys_not[:_SHOWN])
    )
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
    return replace(told(decision, reason), action=Action.PKIX, names=names)


def _short(record: TLSA) -> str:
    """A record in one line, with the start of its data: there may be 64 KiB of it."""
    data = record.data.hex()
    return f"{record.usage} {record.selector} {record.mtype} " + (data if len(data) <= 64 else f"{data[:64]}...")


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


def said(answer: Answer) -> str:
    """A failed lookup in one line."""
    # A server may have worded the reason (RFC 8914).
    return f"{answer.question} is {answer.status}" + (f" ({one_line(answer.reason[:200])})" if answer.reason else "")


def told(decision: Decision, reason: Reason) -> Decision:
    """The decision with one more reason."""
    return replace(decision, reasons=(*decision.reasons, reason))
