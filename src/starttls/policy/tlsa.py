"""Does a chain of certificates match the TLSA records that a zone publishes (RFC 6698, 7671, 7672)?

::

    usage     0 PKIX-TA   an authority, on a path that also leads to a public root
              1 PKIX-EE   the server's own certificate, on such a path
              2 DANE-TA   an authority, which nobody else has to know
              3 DANE-EE   the server's own certificate; who issued it, for what name, until when does not count
    selector  0 the certificate, 1 its public key (SubjectPublicKeyInfo)
    mtype     0 as it is, 1 its SHA-256, 2 its SHA-512

What a path has to be like is in `starttls.policy.path`, which is loaded where there is one to build: usage 3 needs
digests alone.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from starttls.policy.answer import TLSA
from starttls.policy.errors import DaneNoMatch
from starttls.policy.presented import FULL, KEY, OWN, SHA256, SHA512, WHOLE, Check, Match, Presented, Usage, selected
from starttls.tls.demand import Judge
from starttls.tls.names import ServerIdentity

__all__ = ["ORDER", "Check", "Match", "agile", "judge", "match", "owner", "usable"]

ORDER = (SHA512, SHA256)
"""Digests, the strongest first."""

_OCTETS = {SHA256: 32, SHA512: 64}
_PRIVATE = 255
_REASONS = 3  # that a line has room for

_UNCHECKED = frozenset({Check.PATH, Check.NAMES, Check.DATES, Check.PURPOSE})


def owner(host: str, port: int, transport: str = "tcp") -> str:
    """Where the records of a service are (RFC 6698 §3): ``_25._tcp.mx.example.org``."""
    return f"_{port}._{transport}.{host}"


# --- records ---------------------------------------------------------------------------------------


def usable(record: TLSA, *, smtp: bool) -> str | None:
    """Why ``record`` cannot be used, in a few words; None where it can (RFC 6698 §4.1, RFC 7671 §4).

    ``smtp``: between mail servers usages 0 and 1 cannot.
    """
    for field, number, known in (
        ("usage", record.usage, Usage.DANE_EE),
        ("selector", record.selector, KEY),
        ("matching type", record.mtype, SHA512),
    ):
        if not 0 <= number <= known:
            return f"{field} {number} is {'for private use' if number == _PRIVATE else 'not known'}"
    # RFC 7672 §3.1.3: SMTP clients "cannot be expected to be configured with" roots that suit every server.
    if smtp and record.usage in {Usage.PKIX_TA, Usage.PKIX_EE}:
        return f"usage {record.usage} is not for SMTP"
    if record.mtype == FULL:
        return _unreadable(record)
    octets = _OCTETS[record.mtype]
    if len(record.data) != octets:
        return f"its digest has {len(record.data)} octets, not {octets}"
    return None


def _unreadable(record: TLSA) -> str | None:
    if not record.data:
        return "it has no data"
    from starttls.policy.path import is_certificate, is_key  # noqa: PLC0415 - slow, and such records are rare

    if record.selector == WHOLE:
        return None if is_certificate(record.data) else "its data is no certificate"
    return None if is_key(record.data) else "its data is no public key"


def agile(records: Iterable[TLSA], *, order: Sequence[int] = ORDER) -> tuple[TLSA, ...]:
    """Of each usage and selector the records with the strongest digest, and those without one (RFC 7671 §9).

    So a digest that is broken one day harms nobody who publishes a better one beside it. ``order`` has the matching
    types, the strongest first; one that is not in it is left out.
    """
    seen = tuple(records)
    best: dict[tuple[int, int], int] = {}
    for mtype in reversed(order):
        best.update({(one.usage, one.selector): mtype for one in seen if one.mtype == mtype})
    return tuple(one for one in seen if one.mtype in {FULL, best.get((one.usage, one.selector))})


# --- certificates ----------------------------------------------------------------------------------


def match(
    records: Iterable[TLSA],
    chain: Sequence[bytes],
    *,
    names: Iterable[ServerIdentity | str],
    now: datetime,
    smtp: bool = False,
    roots: Callable[[], Iterable[bytes]] = tuple,
    order: Sequence[int] = ORDER,
) -> Match | DaneNoMatch:
    """Whether ``chain`` (DER, the server's own certificate first) is what ``records`` say. One that matches is enough.

    ``names`` are those of which the certificate must have one, where a record of another usage than 3 matches. Records
    that cannot be used are left out here, and so are weaker digests, by ``order`` (see `agile`). ``now`` has a time
    zone. ``roots`` gives the certificates (DER) of the public authorities, and is called where a record of usage 0 or 1
    needs them.
    """
    given, presented = tuple(records), Presented(chain)
    good = agile((record for record in given if usable(record, smtp=smtp) is None), order=order)
    if not presented.certificates:
        return DaneNoMatch("the server presented no certificate", given)
    if not good:
        return DaneNoMatch(_none_usable(given, smtp=smtp), given, presented.certificates)
    if (found := _own(good, presented)) is not None:
        return found
    failures: list[str] = []
    if any(record.usage != Usage.DANE_EE for record in good):
        from starttls.policy.authority import by_authority  # noqa: PLC0415 - slow, and usage 3 can do without

        identities = [ServerIdentity(name) if isinstance(name, str) else name for name in names]
        by_path = by_authority(good, presented, identities, now, roots)
        if isinstance(by_path, Match):
            return by_path
        failures = by_path
    return DaneNoMatch(failures[0] if failures else _nothing(good, presented), given, presented.certificates)


def judge(
    records: Iterable[TLSA],
    names: Iterable[ServerIdentity | str],
    *,
    now: Callable[[], datetime],
    smtp: bool = False,
    roots: Callable[[], Iterable[bytes]] = tuple,
) -> Judge:
    """`match` as a handshake asks for it. ``now`` is called when it does."""
    given, identities = tuple(records), tuple(names)

    def ask(chain: tuple[bytes, ...]) -> DaneNoMatch | None:
        found = match(given, chain, names=identities, now=now(), smtp=smtp, roots=roots)
        return found if isinstance(found, DaneNoMatch) else None

    return ask


def _own(good: Sequence[TLSA], presented: Presented) -> Match | None:
    # RFC 7671 §5.1: with usage 3 names and dates of the certificate, and whatever else it says, do not count.
    for record in good:
        if record.usage == Usage.DANE_EE and OWN in presented.places(record):
            return Match(record=record, depth=OWN, path=presented.certificates[:1], skipped=_UNCHECKED)
    return None


# --- reasons ---------------------------------------------------------------------------------------


def _none_of(records: Sequence[TLSA]) -> str:
    return "not the one TLSA record" if len(records) == 1 else f"none of {len(records)} TLSA records"


def _none_usable(given: Sequence[TLSA], *, smtp: bool) -> str:
    if not given:
        return "there are no TLSA records"
    reasons = dict.fromkeys(f"{_kind(record)}: {usable(record, smtp=smtp)}" for record in given)
    return f"{_none_of(given)} can be used: {', '.join(itertools.islice(reasons, _REASONS))}"


def _nothing(good: Sequence[TLSA], presented: Presented) -> str:
    """No record is about any certificate; or one is about that for which it does not count."""
    for record in good:
        if (places := presented.places(record)) and record.usage in {Usage.PKIX_EE, Usage.DANE_EE}:
            return f"record {_kind(record)} matches not the certificate but an authority ({places[0]} above it)"
        if places:
            return f"record {_kind(record)} matches not an authority but the server's own certificate"
    selector = KEY if all(record.selector == KEY for record in good) else WHOLE
    digest = selected(presented.certificates[OWN], selector, SHA256) or b""
    what = "its key" if selector == KEY else "it"
    alone = len(presented.certificates) == 1 and all(record.usage in {Usage.PKIX_TA, Usage.DANE_TA} for record in good)
    more = "; the server presented no authority" if alone else ""
    return f"the certificate matches {_none_of(good)}: {what} has the SHA-256 {digest.hex()}{more}"


def _kind(record: TLSA) -> str:
    return f"{record.usage} {record.selector} {record.mtype}"
