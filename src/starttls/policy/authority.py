"""TLSA records that need a path to an authority: usages 0, 1 and 2."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import TypeAlias

from starttls.core.errors import CertificateRejected
from starttls.policy import der
from starttls.policy.answer import TLSA
from starttls.policy.path import build, check_names, subject_of
from starttls.policy.presented import FULL, OWN, WHOLE, Check, Match, Presented, Usage, brief, selected
from starttls.tls.names import ServerIdentity

__all__ = ["Roots", "by_authority"]

Roots: TypeAlias = Callable[[], Iterable[bytes]]
"""Gives the certificates (DER) of the public authorities. Called where a record of usage 0 or 1 needs them."""

Way: TypeAlias = tuple[str, Callable[[], Match]]
"""What was found, for a reason why it is not enough; and what looks for the path, or raises `CertificateRejected`."""

WAYS = 8
"""Paths that are looked for: one for usage 2, the others for usages 0 and 1."""


def by_authority(
    records: Sequence[TLSA], presented: Presented, names: Sequence[ServerIdentity], now: datetime, roots: Roots
) -> Match | list[str]:
    """What proves the server, by one of ``records``; or, for each that is about this chain, why it does not."""
    failures: list[str] = []
    ways = itertools.chain(_dane(records, presented, now), _pkix(records, presented, now, roots))
    for what, walk in itertools.islice(ways, WAYS):
        try:
            found = walk()
            check_names(presented.certificates[OWN], names)
        except CertificateRejected as rejected:
            failures.append(f"{what}, but {rejected.reason}")
        else:
            return found
    return failures


# --- DANE-TA ---------------------------------------------------------------------------------------


def _dane(records: Sequence[TLSA], presented: Presented, now: datetime) -> Iterator[Way]:
    """All anchors at once: which of them a path leads to is seen when it is there.

    An anchor that the record holds whole need not be sent (RFC 7671 §5.2.3). As in OpenSSL a record does not make an
    anchor of the server's own certificate: that is what usage 3 is for.
    """
    anchors: dict[bytes, TLSA] = {}
    keys: dict[bytes, TLSA] = {}
    what = ""
    for record in records:
        if record.usage != Usage.DANE_TA:
            continue
        if found := presented.authorities(record):
            anchors.update((certificate, record) for certificate in found)
            what = what or f"record {brief(record)} matches {_who(found[0])}"
        elif record.mtype == FULL and record.data != selected(presented.certificates[OWN], WHOLE, FULL):
            (anchors if record.selector == WHOLE else keys)[record.data] = record
            what = what or f"record {brief(record)} gives an authority"
    if what:
        yield what, partial(_to_anchor, presented, anchors, keys, now)


def _to_anchor(presented: Presented, anchors: dict[bytes, TLSA], keys: dict[bytes, TLSA], now: datetime) -> Match:
    path = build(presented.certificates, anchors=anchors, keys=keys, now=now)
    above = len(path.certificates)
    if path.key is not None:
        skipped = frozenset({Check.ANCHOR})
        return Match(record=keys[path.key], depth=above, path=path.certificates, skipped=skipped)
    return Match(record=anchors[path.certificates[-1]], depth=above - 1, path=path.certificates)


def _who(certificate: bytes) -> str:
    subject = subject_of(certificate)
    return "a certificate that cannot be read" if subject is None else f"the authority {subject or 'without a name'}"


# --- PKIX-TA and PKIX-EE ---------------------------------------------------------------------------


def _pkix(records: Sequence[TLSA], presented: Presented, now: datetime, roots: Roots) -> Iterator[Way]:
    wanted = [record for record in records if record.usage in {Usage.PKIX_TA, Usage.PKIX_EE}]
    if not wanted:
        return
    known = Presented(tuple(roots()))
    chain = presented.certificates
    for record in wanted:
        matches = f"record {brief(record)} matches"
        if record.usage == Usage.PKIX_EE:
            if OWN in presented.places(record):
                yield (
                    f"{matches} the certificate",
                    partial(_to_root, record, chain, known.certificates, now, chain[OWN]),
                )
            continue
        for one in presented.authorities(record):
            # Another with the same name (a cross-signed one) might be taken in its place.
            rest = [other for other in chain[1:] if der.subject(other) != der.subject(one)]
            above = [root for root in known.certificates if root == one or der.subject(root) != der.subject(one)]
            yield f"{matches} {_who(one)}", partial(_to_root, record, (chain[OWN], one, *rest), above, now, one)
        for place in known.places(record):
            root = known.certificates[place]
            yield f"{matches} {_who(root)}", partial(_to_root, record, chain, (root,), now, root)


def _to_root(record: TLSA, chain: Sequence[bytes], roots: Sequence[bytes], now: datetime, by: bytes) -> Match:
    """A path to one of ``roots`` by way of ``by``."""
    path = build(chain, anchors=roots, now=now).certificates
    if by not in path:
        raise CertificateRejected("it is not on the path to a public authority")
    return Match(record=record, depth=path.index(by), path=path)
