"""TLSA records for a certificate, and whether a new certificate may take the place of the old one now.

Who looked the records up yesterday goes by them today. So what is published has to match a new certificate before a
server presents it, for at least twice the records' time to live (RFC 7671 §8.1): then no cache has anything else. And
it has to match for every client, with whatever digests it knows (RFC 7671 §8.4).
"""

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from starttls.policy.answer import TLSA, Answer, Status
from starttls.policy.destination import Decision, Host
from starttls.policy.errors import DaneNoMatch
from starttls.policy.presented import OWN, SHA256, Usage, selected
from starttls.policy.tlsa import ORDER, Match, agile, match, usable

__all__ = ["USUAL", "Kind", "Rollover", "State", "issuer_of", "records_for", "rollover"]

Kind: TypeAlias = tuple[int, int, int]
"""Usage, selector and matching type."""

USUAL: tuple[Kind, ...] = ((3, 1, 1), (2, 1, 1))
"""The server's key, and its authority's: either may change alone, and the other still matches."""

_TIMES = 2
"""RFC 7671 §8.1: how many times to live a record is published before it is relied on."""

_VIEWS = (ORDER, (SHA256,))
"""What clients know of digests: SHA-256 all, SHA-512 most (RFC 7671 §9)."""


def issuer_of(chain: Sequence[bytes]) -> bytes | None:
    """The certificate (DER) in ``chain`` of the authority that issued its first; None where it is not there."""
    from starttls.policy.path import issued  # noqa: PLC0415 - slow, and who publishes usage 3 alone does without

    return next((one for one in chain[1:] if one != chain[OWN] and issued(chain[OWN], one)), None)


def records_for(chain: Sequence[bytes], kinds: Iterable[Kind] = USUAL) -> tuple[TLSA, ...]:
    """The records of these ``kinds`` for ``chain`` (DER, the server's own certificate first).

    Usages 0 and 2 are of the authority that issued it, and left out where its certificate is not in ``chain``.
    """
    found: list[TLSA] = []
    for usage, selector, mtype in kinds:
        one = issuer_of(chain) if usage in {Usage.PKIX_TA, Usage.DANE_TA} else chain[OWN]
        data = selected(one, selector, mtype) if one is not None else None
        if data is not None:
            found.append(TLSA(usage, selector, mtype, data))
    return tuple(dict.fromkeys(found))


class State(enum.StrEnum):
    """Whether a new certificate may be presented now."""

    READY = "ready"
    """What is published matches it."""
    WAIT = "wait"
    """The same, but not for long enough."""
    PUBLISH = "publish"
    """What is published does not match it, for all clients or for some."""
    FREE = "free"
    """It is proven that nothing is published that could be used: no client compares anything."""
    UNKNOWN = "unknown"
    """It could not be told what is published, or nobody can believe it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollover:
    """Whether a new certificate may be presented by ``host`` now, and what has to be done.

    ``owner`` is where the records are. ``ttl`` is their time to live, in seconds. ``publish`` is to be added to what is
    there; ``remove`` is to be taken away when the new certificate is in use. ``ready`` is when it may be presented, if
    ``publish`` is published now; where it is None, that depends on when the records were published, or is not known.
    """

    host: str
    state: State
    detail: str
    owner: str = ""
    ttl: int = 0
    publish: tuple[TLSA, ...] = ()
    remove: tuple[TLSA, ...] = ()
    ready: datetime | None = None


def rollover(
    decision: Decision,
    host: Host | None,
    chain: Sequence[bytes],
    *,
    now: datetime,
    smtp: bool,
    roots: Callable[[], Iterable[bytes]] = tuple,
    since: datetime | None = None,
    ttl: int | None = None,
) -> Rollover:
    """Judge ``chain`` (DER) by what is published for ``host``, of which ``decision`` says what it demands of a client.

    ``since`` is when the records were published as they are now, and ``ttl`` their time to live in seconds: their
    operator knows both better than the DNS tells. Without ``ttl`` it is the answer's, of which a cache has the rest.
    """
    whole = Rollover(host=decision.host, state=State.UNKNOWN, detail="")
    answer = _answer(host)
    if decision.error is not None:
        return replace(whole, detail=decision.error.what)
    if answer is None:
        return _nothing(whole, host)
    lives = answer.ttl if ttl is None else ttl
    whole = replace(whole, owner=answer.question.name, ttl=lives)
    published = tuple(record for record in answer.of(TLSA) if usable(record, smtp=smtp) is None)
    if not published:
        return replace(whole, state=State.FREE, detail="none of the published TLSA records can be used")
    names = decision.names or (decision.host,)
    compare = partial(match, chain=chain, names=names, now=now, smtp=smtp, roots=roots)
    fitting = tuple(record for record in published if isinstance(compare((record,)), Match))
    kinds = dict.fromkeys(map(_kind, published))  # RFC 7671 §8.4: each that is there at all should match
    wanted = records_for(chain, (kind for kind in kinds if kind not in map(_kind, fitting)))
    publish = tuple(record for record in wanted if record not in published)
    remove = tuple(record for record in published if record not in (*fitting, *wanted))
    whole = replace(whole, publish=publish, remove=remove)
    if failure := _failure(published, compare):
        helps = _failure((*published, *publish), compare) is None
        ready = now + timedelta(seconds=_TIMES * lives) if helps else None
        return replace(whole, state=State.PUBLISH, detail=failure, ready=ready)
    return _waited(whole, now, since)


def _failure(records: Sequence[TLSA], compare: Callable[..., Match | DaneNoMatch]) -> str | None:
    """Why some client would refuse, whatever digests it knows. One that knows none of those compares nothing."""
    for order in _VIEWS:
        if agile(records, order=order):
            found = compare(records, order=order)
            if isinstance(found, DaneNoMatch):
                return found.detail
    return None


def _kind(record: TLSA) -> Kind:
    return record.usage, record.selector, record.mtype


def _answer(host: Host | None) -> Answer | None:
    """The answer whose records hold: the first that is proven and has any (RFC 7672 §2.2.2)."""
    answers = host.tlsa if host is not None else ()
    return next((answer for answer in answers if answer.status is Status.SECURE and answer.of(TLSA)), None)


def _nothing(whole: Rollover, host: Host | None) -> Rollover:
    answers = host.tlsa if host is not None else ()
    if answers and all(answer.status is Status.SECURE for answer in answers):
        owner = answers[0].question.name
        return replace(whole, state=State.FREE, owner=owner, detail="it is proven that there are no TLSA records")
    if answers:
        return replace(whole, owner=answers[0].question.name, detail="TLSA is not signed, and nobody believes it")
    return replace(whole, detail="the addresses are not signed: no TLSA records could be believed")


def _waited(whole: Rollover, now: datetime, since: datetime | None) -> Rollover:
    wait = timedelta(seconds=_TIMES * whole.ttl)
    matches = "what is published matches it"
    if since is None:
        detail = f"{matches}, provided that it has been so since {now - wait:%Y-%m-%d %H:%M} UTC"
        return replace(whole, state=State.READY, detail=detail)
    ready = since + wait
    if ready > now:
        detail = f"{matches}, but caches may have older records until {ready:%Y-%m-%d %H:%M} UTC"
        return replace(whole, state=State.WAIT, detail=detail, ready=ready)
    return replace(whole, state=State.READY, detail=f"{matches}, and no cache has older records", ready=ready)
