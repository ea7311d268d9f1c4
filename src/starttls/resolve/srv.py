"""Services that SRV records name, in the order in which they are to be tried."""

import secrets
from collections.abc import Sequence

from starttls.core.errors import Misuse
from starttls.core.facts import Protocol
from starttls.policy.errors import NoService, NotAuthentic
from starttls.protocols import ALL, by_name
from starttls.resolve.resolver import Resolver
from starttls.resolve.services import Found, Service, offered

__all__ = ["candidates", "in_order", "label"]


async def candidates(service: str, domain: str, resolver: Resolver) -> tuple[Service, ...]:
    """The places of a service. ``service`` is a scheme: ``"imap"`` for both ways, ``"imaps"`` for implicit TLS alone.

    Raises `NoService`; `NotAuthentic` where it cannot be told; and `Misuse` for a service that has no SRV records.
    """
    protocol, implicit = _protocol(service)
    part = await offered(protocol, domain, resolver)
    found = tuple(one for one in part.offered if one.found is Found.SRV and (one.implicit or not implicit))
    if found:
        return in_order(found)
    if part.failed:
        raise NotAuthentic.of(part.failed[0])
    refused = bool(part.refused)
    raise NoService(
        domain, service, "its SRV record says that it is not there" if refused else "no SRV record names it"
    )


def in_order(services: Sequence[Service]) -> tuple[Service, ...]:
    """As RFC 2782 says: the lowest priority first, and among equals by chance, the heavier the earlier.

    Implicit TLS goes before the upgrade (RFC 8314 §3), but for XMPP, which has one order for both (XEP-0368).
    """
    ranks: dict[tuple[bool, int], list[Service]] = {}
    for service in services:
        later = not service.implicit and service.protocol.srv_id is None
        ranks.setdefault((later, service.priority), []).append(service)
    return tuple(service for rank in sorted(ranks) for service in _by_weight(ranks[rank]))


def label(service: Service) -> str:
    """The label of its SRV records, which is that of an SRV-ID, too (RFC 4985 §2): ``"_imaps"``."""
    labels = service.protocol.srv
    return labels[-1 if service.implicit else 0].partition(".")[0]


def _by_weight(equal: list[Service]) -> list[Service]:
    # RFC 2782: those of weight 0 stand first, so that they have a small chance; then a number between 0 and the sum
    # chooses the first at which the running sum reaches it; and so on with the rest.
    waiting = list(equal)
    secrets.SystemRandom().shuffle(waiting)
    waiting.sort(key=lambda service: service.weight)
    chosen: list[Service] = []
    while waiting:
        left = secrets.randbelow(sum(service.weight for service in waiting) + 1)
        for number, service in enumerate(waiting):
            left -= service.weight
            if left <= 0:
                chosen.append(waiting.pop(number))
                break
    return chosen


def _protocol(service: str) -> tuple[Protocol, bool]:
    try:
        protocol, implicit = by_name(service)
    except KeyError:
        protocol, implicit = None, False
    if protocol is None or not protocol.srv:
        known = ", ".join(one.name for one in ALL if one.srv)
        raise Misuse(f"'{service}' is no service that SRV records name: those are {known}")
    return protocol, implicit
