"""TLSA records as the lines of a zone file, and whether a new certificate may be presented: as text and as JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from starttls.check.report.text import escaped
from starttls.policy.answer import TLSA
from starttls.policy.presented import Usage
from starttls.policy.rollover import Rollover, State, issuer_of
from starttls.tls.certificate import CertificateFacts, read_certificate

__all__ = ["Offer", "TLSADocument", "json_text", "record_lines", "rollover_lines", "zone_line"]

_WORDS = {
    State.READY: "it may be presented now",
    State.FREE: "it may be presented now",
    State.WAIT: "not yet",
    State.PUBLISH: "not yet",
    State.UNKNOWN: "it could not be told",
}
_DAY = "%Y-%m-%d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A chain (DER), where it is from, the names of its records, and the records."""

    source: str
    chain: tuple[bytes, ...]
    owners: tuple[str, ...] = ()
    records: tuple[TLSA, ...] = ()

    @property
    def certificate(self) -> CertificateFacts:
        """The server's own. Raises `CertificateRejected`."""
        return read_certificate(self.chain[0])

    def about(self, record: TLSA) -> CertificateFacts:
        """The certificate that ``record`` is of."""
        issuer = issuer_of(self.chain) if record.usage in {Usage.PKIX_TA, Usage.DANE_TA} else None
        return read_certificate(issuer) if issuer is not None else self.certificate


def zone_line(owner: str, record: TLSA) -> str:
    """``_25._tcp.mx.example.org. IN TLSA 3 1 1 ab...``."""
    return f"{owner}. IN TLSA {record}"


def record_lines(offer: Offer) -> Iterator[str]:
    """A part of a zone file: each kind of record for each name, under a comment that says of what it is."""
    for record in offer.records:
        about = offer.about(record)
        what = "key" if record.selector else "certificate"
        whose = about.subject or ", ".join(about.names[:3]) or "nobody"
        # A certificate's own words must not end the comment.
        yield escaped(f"; {what} of {whose}, {about.not_before:{_DAY}} to {about.not_after:{_DAY}}")
        yield from (zone_line(owner, record) for owner in offer.owners)


def rollover_lines(found: Rollover) -> Iterator[str]:
    """What is to be said of one host."""
    yield escaped(f"{found.host}: {_WORDS[found.state]}: {found.detail}")
    if found.ttl:
        yield f"  at          {found.owner}, time to live {found.ttl} s"
    yield from (f"  publish     {zone_line(found.owner, record)}" for record in found.publish)
    if found.state is State.PUBLISH and found.ready is not None:
        yield f"  then wait   {2 * found.ttl} s: if it is published now, until {found.ready:{_DAY} %H:%M} UTC"
    elif found.state is State.PUBLISH:
        yield "  nothing that could be published helps: another certificate is needed, or its whole chain"
    if found.state is not State.UNKNOWN:
        yield from (f"  at the end  remove {zone_line(found.owner, record)}" for record in found.remove)


class RecordSeen(msgspec.Struct, frozen=True, kw_only=True):
    """A TLSA record. ``data`` is hexadecimal."""

    usage: int
    selector: int
    mtype: int
    data: str


class CertificateSeen(msgspec.Struct, frozen=True, kw_only=True):
    """The server's own certificate, unverified. ``sha256`` is its fingerprint."""

    subject: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    sha256: str


class RolloverSeen(msgspec.Struct, frozen=True, kw_only=True):
    """Whether ``host`` may present the certificate now.

    ``owner`` and ``ttl`` (seconds) are of what is published, null where that could not be told. ``publish`` is to be
    added, ``remove`` to be taken away when the certificate is in use. ``ready`` is from when it may be presented, if
    ``publish`` is published now; null where that depends on when the records were published, or is not known.
    """

    host: str
    state: State
    detail: str
    owner: str | None
    ttl: int | None
    publish: tuple[RecordSeen, ...]
    remove: tuple[RecordSeen, ...]
    ready: datetime | None


class TLSADocument(msgspec.Struct, frozen=True, kw_only=True):
    """What ``starttls tlsa --format json`` writes. ``rollover`` is for each host, and empty without ``--check``."""

    source: str
    certificate: CertificateSeen
    owners: tuple[str, ...]
    records: tuple[RecordSeen, ...]
    rollover: tuple[RolloverSeen, ...]


def json_text(offer: Offer, found: Sequence[Rollover] = ()) -> str:
    """One document."""
    facts = offer.certificate
    document = TLSADocument(
        source=offer.source,
        certificate=CertificateSeen(
            subject=facts.subject,
            names=facts.names,
            not_before=facts.not_before,
            not_after=facts.not_after,
            sha256=facts.sha256,
        ),
        owners=offer.owners,
        records=_records(offer.records),
        rollover=tuple(map(_rollover, found)),
    )
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _records(records: Sequence[TLSA]) -> tuple[RecordSeen, ...]:
    return tuple(
        RecordSeen(usage=one.usage, selector=one.selector, mtype=one.mtype, data=one.data.hex()) for one in records
    )


def _rollover(found: Rollover) -> RolloverSeen:
    return RolloverSeen(
        host=found.host,
        state=found.state,
        detail=found.detail,
        owner=found.owner or None,
        ttl=found.ttl if found.owner else None,
        publish=_records(found.publish),
        remove=_records(found.remove),
        ready=found.ready.astimezone(UTC).replace(microsecond=0) if found.ready else None,
    )
