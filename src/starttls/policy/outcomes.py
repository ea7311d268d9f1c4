"""What becomes of mail by one sender for one domain: now, and under an attacker on the path.

The destination is taken to keep what it publishes: it offers STARTTLS, and its certificates are those that its
records ask for. The attacker sits on the way to every mail host, and blocks those that he likes. He breaks neither
DNSSEC nor public authorities. An MTA-STS policy is known to the sender from before: at first contact he could hide it.
"""

import enum
import itertools
from collections.abc import Iterable
from dataclasses import replace

from starttls.policy.answer import Status
from starttls.policy.decide import decide
from starttls.policy.destination import Action, Decision, Destination, Host, Kind
from starttls.policy.errors import NotAuthentic
from starttls.policy.senders import Dane, Floor, Order, Outcome, Outcomes, Sender, Sts
from starttls.policy.sts import Learned, Mode, matches

__all__ = ["outcomes"]


def outcomes(sender: Sender, destination: Destination, sts: Learned | None) -> Outcomes:
    """What becomes of mail by ``sender`` for ``destination``, whose MTA-STS policy is ``sts``.

    What is not known of the sender is tried both ways: if that makes no difference, the outcome is known all the same.
    """
    seen = [_outcomes(known, destination, sts) for known in _possible(sender)]

    def agreed(chosen: Iterable[Outcome]) -> Outcome:
        first, *rest = set(chosen)
        return Outcome.UNKNOWN if rest else first

    return Outcomes(
        normal=agreed(one.normal for one in seen),
        stripped=agreed(one.stripped for one in seen),
        forged=agreed(one.forged for one in seen),
    )


def _possible(sender: Sender) -> Iterable[Sender]:
    """All that the sender may be."""
    danes = (Dane.OFF, Dane.OPPORTUNISTIC) if sender.dane is Dane.UNKNOWN else (sender.dane,)
    stses = (Sts.OFF, Sts.HONOUR) if sender.sts is Sts.UNKNOWN else (sender.sts,)
    floors = (Floor.MAY, Floor.ENCRYPT) if sender.floor is Floor.UNKNOWN else (sender.floor,)
    for dane, sts, floor in itertools.product(danes, stses, floors):
        yield replace(sender, dane=dane, sts=sts, floor=floor)


class _Demand(enum.Enum):
    """What a sender demands of one host."""

    PROOF = enum.auto()
    """TLS, and a proof that the destination has."""
    AUTHORITY = enum.auto()
    """TLS, and a certificate that the destination may have or not."""
    TLS = enum.auto()
    NOTHING = enum.auto()
    NOT_NOW = enum.auto()
    NEVER = enum.auto()
    UNKNOWN = enum.auto()


_FLOOR = {
    Floor.MAY: _Demand.NOTHING,
    Floor.ENCRYPT: _Demand.TLS,
    Floor.VERIFY: _Demand.AUTHORITY,
    Floor.DEFER: _Demand.NOT_NOW,
}
_ACTION = {
    Action.DANE: _Demand.PROOF,
    Action.PKIX: _Demand.PROOF,
    Action.ENCRYPT: _Demand.TLS,
    Action.DEFER: _Demand.NOT_NOW,
}
_NORMAL = {
    _Demand.PROOF: Outcome.VERIFIED,
    _Demand.AUTHORITY: Outcome.UNKNOWN,
    _Demand.TLS: Outcome.ENCRYPTED,
    _Demand.NOTHING: Outcome.ENCRYPTED,
    _Demand.NOT_NOW: Outcome.DEFERS,
    _Demand.NEVER: Outcome.REJECTS,
    _Demand.UNKNOWN: Outcome.UNKNOWN,
}
_STRIPPED = {
    _Demand.PROOF: Outcome.DEFERS,
    _Demand.AUTHORITY: Outcome.DEFERS,
    _Demand.TLS: Outcome.DEFERS,
    _Demand.NOTHING: Outcome.CLEAR,
    _Demand.NOT_NOW: Outcome.DEFERS,
    _Demand.NEVER: Outcome.REJECTS,
    _Demand.UNKNOWN: Outcome.UNKNOWN,
}
_FORGED = {**_STRIPPED, _Demand.TLS: Outcome.ENCRYPTED, _Demand.NOTHING: Outcome.ENCRYPTED}
_WORST = (Outcome.CLEAR, Outcome.ENCRYPTED, Outcome.UNKNOWN, Outcome.DEFERS, Outcome.REJECTS)
"""What an attacker likes best, first."""


def _outcomes(sender: Sender, destination: Destination, sts: Learned | None) -> Outcomes:
    if destination.kind in {Kind.NULL, Kind.NOTHING}:
        return _same(Outcome.REJECTS)
    if destination.kind is Kind.UNKNOWN:
        # Who does not validate may be led astray by forged MX records, or have a resolver that validates for him.
        misled = destination.status is Status.BOGUS and sender.dane is Dane.OFF
        return _same(Outcome.UNKNOWN if misled else Outcome.DEFERS)
    demands = _demands(sender, destination, sts)
    if destination.unseen:  # the least preferred ones, where he drives the mail by blocking the others
        demands.append(_Demand.UNKNOWN)
    if not demands:
        return _same(Outcome.DEFERS)
    # Undisturbed, the first host that may have the mail gets it.
    first = next((demand for demand in demands if demand not in {_Demand.NOT_NOW, _Demand.NEVER}), None)
    refused = Outcome.REJECTS if set(demands) == {_Demand.NEVER} else Outcome.DEFERS
    return Outcomes(
        normal=_NORMAL[first] if first is not None else refused,
        stripped=min((_STRIPPED[demand] for demand in demands), key=_WORST.index),
        forged=min((_FORGED[demand] for demand in demands), key=_WORST.index),
    )


def _same(outcome: Outcome) -> Outcomes:
    return Outcomes(normal=outcome, stripped=outcome, forged=outcome)


def _demands(sender: Sender, destination: Destination, sts: Learned | None) -> list[_Demand]:
    """What is demanded of each host that can be reached, in their order."""
    views = decide(destination, sts if sender.order is Order.CAREFUL else None)
    hosts = list(zip(destination.hosts, views, strict=True))
    if sender.whole and any(isinstance(view.error, NotAuthentic) or _failed(host) for host, view in hosts):
        return [_Demand.NOT_NOW]
    if sender.order is Order.CAREFUL:
        there = (view for host, view in hosts if _reached(host, destination) or _failed(host))
        return [_ACTION.get(view.action, _FLOOR[sender.floor]) for view in there]
    by_dane = {host.host: _by_dane(sender, view, destination) for host, view in hosts if _reached(host, destination)}
    any_dane = any(demand is not None for demand in by_dane.values())
    demands: list[_Demand] = []
    for host, _ in hosts:
        if host.host not in by_dane:
            demands += _unreachable(sender, host)
            continue
        dane, by_sts = by_dane[host.host], _by_sts(sender, host, destination, sts)
        if sender.order is Order.DOMAIN and any_dane:
            demands.append(dane or _Demand.NOTHING)
        else:
            demands.append(_together(sender, dane, by_sts) or _FLOOR[sender.floor])
    return demands


def _reached(host: Host, destination: Destination) -> bool:
    return bool(host.located) or destination.kind is Kind.LITERAL


def _failed(host: Host) -> bool:
    return any(not answer.status.usable for answer in host.addresses)


def _unreachable(sender: Sender, host: Host) -> list[_Demand]:
    """A host without addresses is passed over; but who does not validate may have been given some."""
    forged = any(answer.status is Status.BOGUS for answer in host.addresses)
    if forged and sender.dane is Dane.OFF:
        return [_Demand.UNKNOWN]
    return [_Demand.NOT_NOW] if _failed(host) else []


def _by_dane(sender: Sender, view: Decision, destination: Destination) -> _Demand | None:
    """What DANE demands; None where it says nothing, or is not looked at."""
    if sender.dane is Dane.OFF:
        return None
    nothing = _Demand.NOT_NOW if sender.dane is Dane.MANDATORY else None
    if not sender.half and destination.status is not Status.SECURE:
        return nothing
    match view.action:
        case Action.DANE | Action.DEFER:
            return _ACTION[view.action]
        case Action.ENCRYPT:
            return _FLOOR[sender.unusable]
        case _:
            return nothing


def _by_sts(sender: Sender, host: Host, destination: Destination, sts: Learned | None) -> _Demand | None:
    """What MTA-STS demands; None where it says nothing, or is not looked at."""
    policy = sts.policy if sts is not None and destination.kind is not Kind.LITERAL else None
    if policy is None or sender.sts is Sts.OFF:
        return None
    if policy.mode is not Mode.ENFORCE and (policy.mode is Mode.NONE or sender.sts is not Sts.STRICT):
        return None
    if matches(policy, host.host):
        return _Demand.PROOF
    return _Demand.NEVER if sender.mismatch is Outcome.REJECTS else _Demand.NOT_NOW


def _together(sender: Sender, dane: _Demand | None, sts: _Demand | None) -> _Demand | None:
    """What holds where both may say something."""
    if dane is None or sts is None:
        return dane or sts
    match sender.order:
        case Order.STS:
            return sts
        case Order.EACH:
            stops = (_Demand.NEVER, _Demand.NOT_NOW)
            return next((stop for stop in stops if stop in {dane, sts}), _Demand.PROOF)
        case _:
            return dane
