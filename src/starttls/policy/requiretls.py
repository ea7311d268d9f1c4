"""One message that asks for more than its domain, or for less: REQUIRETLS, and ``TLS-Required: No`` (RFC 8689).

Both change what was decided of a host (`starttls.policy.decide`) for that message alone.
"""

from collections.abc import Iterable
from dataclasses import replace

from starttls.policy.dane import told
from starttls.policy.destination import Action, Decision, Reason
from starttls.policy.errors import RequireTLS

__all__ = ["KEYWORD", "required", "waived"]

KEYWORD = "REQUIRETLS"
"""What a server must offer, and what stands behind MAIL FROM."""


def required(decision: Decision, *, offered: Iterable[str] | None = None) -> Decision:
    """The decision for a message with REQUIRETLS: the host must be proven, by DANE or MTA-STS, or is left out.

    ``offered`` are the keywords that the server gave *inside* TLS; None before it was asked. One that does not offer
    REQUIRETLS gets no such message, whatever it has proven.
    """
    if decision.action in {Action.DEFER, Action.REJECT}:
        return decision
    # RFC 8689 §4.2.1: the server's name must come from DNSSEC or MTA-STS, and its certificate must be verified.
    if decision.action not in {Action.DANE, Action.PKIX} or not decision.authentic:
        return _left_out(decision, "has nothing that proves it: neither DANE nor an MTA-STS policy in force")
    if offered is not None and KEYWORD not in {word.upper().partition(" ")[0] for word in offered}:
        return _left_out(decision, f"does not offer {KEYWORD}")
    return told(decision, Reason("the message demands TLS to its end, and the host is proven", "RFC 8689 §4.2.1"))


def waived(decision: Decision, *, requiretls: bool = False) -> Decision:
    """The decision for a message with ``TLS-Required: No``: it goes where it can, with TLS or without.

    A host is left out all the same where it cannot be told where it is, and one that takes no mail takes none. A
    message with ``requiretls`` has that, and the header counts for nothing.
    """
    if requiretls:
        return required(decision)
    if decision.action in {Action.DEFER, Action.REJECT}:
        return decision
    reason = Reason("the message says 'TLS-Required: No': what is demanded of the host is waived", "RFC 8689 §4.2.2")
    return replace(told(decision, reason), action=Action.OPPORTUNISTIC, names=(), tlsa=())


def _left_out(decision: Decision, detail: str) -> Decision:
    # RFC 8689 §4.2.1: no delivery without it; the message goes back (5.7.30), unless another host will do.
    reason = Reason(f"the message demands TLS to its end, and the host {detail}: it is left out", "RFC 8689 §4.2.1")
    error = RequireTLS(decision.host, detail)
    return replace(told(decision, reason), action=Action.DEFER, names=(), sni=None, tlsa=(), error=error)
