"""The report that a domain gets about the TLS of the mail sent to it (RFC 8460 §4.4), read and written.

Reading is tolerant of what real senders do, and of no more; writing is strict. What a report travels in is in
`starttls.policy.envelope`. Texts in a report are its sender's to choose: none is made safe for a terminal.
"""

import enum
import ipaddress
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec

from starttls.policy.envelope import GZIP, compressed, decompressed
from starttls.policy.errors import BadReport
from starttls.policy.tlsrpt import ResultType
from starttls.policy.untrusted import COUNT, decoded, domain_name, shown

__all__ = [
    "SIZE",
    "DateRange",
    "FailureDetails",
    "Policy",
    "PolicyReport",
    "PolicyType",
    "Report",
    "Summary",
    "read",
    "write",
]

SIZE = 10 * 1024 * 1024
"""Bytes of a report, compressed and not. RFC 8460 §5.2: "a commonly observed receiver limit is ten megabytes".

A session's failure takes some 250 bytes of JSON, and a report counts those that are alike: this is room for 40,000
kinds of failures in one day.
"""

_SOURCE = "TLS report"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # RFC 8259 §8.1: one may be ignored

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=COUNT)]
Word = TypeVar("Word", bound=enum.StrEnum)


class PolicyType(enum.StrEnum):
    """What the sessions were held to (RFC 8460 §4.4, "policy-type")."""

    TLSA = "tlsa"
    STS = "sts"
    NO_POLICY_FOUND = "no-policy-found"


class DateRange(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """What a report is about, in UTC. Raises `BadReport` for times in no zone, in another, or in the wrong order."""

    start_datetime: datetime
    end_datetime: datetime

    def __post_init__(self) -> None:
        if any(moment.utcoffset() != timedelta(0) for moment in (self.start_datetime, self.end_datetime)):
            raise BadReport(_SOURCE, "the times are not in UTC", "$.date-range")
        if self.end_datetime < self.start_datetime:
            raise BadReport(_SOURCE, "the end is before the start", "$.date-range")

    @classmethod
    def of(cls, day: date) -> "DateRange":
        """A day from its first to its last second, as senders write it."""
        # RFC 8460 §4.1: "The report SHOULD cover a full day, from 00:00-24:00 UTC."
        start = datetime.combine(day, time(), UTC)
        return cls(start_datetime=start, end_datetime=start + timedelta(hours=23, minutes=59, seconds=59))

    @property
    def day(self) -> date:
        """The UTC day on which it starts: the day of the report."""
        return self.start_datetime.date()


class Policy(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """What the sessions were held to. What a sender left out is empty."""

    policy_type: PolicyType | str
    """A `PolicyType` where it is known, the sender's own word where not."""
    policy_string: tuple[str, ...] = ()
    """The TLSA records in presentation format, or the lines of the MTA-STS policy."""
    policy_domain: str = ""
    mx_host: tuple[str, ...] = ()
    """The patterns of an MTA-STS policy."""


class Summary(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """How many sessions went well, and how many did not."""

    total_successful_session_count: Count
    total_failure_session_count: Count


class FailureDetails(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """Sessions that failed in one way. What a sender left out is empty."""

    result_type: ResultType | str
    """A `ResultType` where it is known, the sender's own word where not."""
    sending_mta_ip: str = ""
    receiving_mx_hostname: str = ""
    receiving_mx_helo: str = ""
    receiving_ip: str = ""
    failed_session_count: Count
    additional_information: str = ""
    failure_reason_code: str = ""


class PolicyReport(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """What became of the sessions under one policy. The details need not add up to the summary: mail.ru's do not."""

    policy: Policy
    summary: Summary
    failure_details: tuple[FailureDetails, ...] = ()


class Report(msgspec.Struct, frozen=True, kw_only=True, rename="kebab"):
    """One sender's report about one day."""

    organization_name: str
    date_range: DateRange
    contact_info: str
    report_id: str
    policies: tuple[PolicyReport, ...]


# -- as they come: a null is nothing, and what is one where many may be is one of them ------------------


class _DateRange(msgspec.Struct, rename="kebab"):
    start_datetime: datetime
    end_datetime: datetime


class _Policy(msgspec.Struct, rename="kebab"):
    policy_type: str
    policy_string: tuple[str, ...] | str | None = None
    policy_domain: str | None = None
    # An array, but the RFC's own example has a string (erratum 6241): both are seen.
    mx_host: tuple[str, ...] | str | None = None


class _FailureDetails(msgspec.Struct, rename="kebab", kw_only=True):
    result_type: str
    sending_mta_ip: str | None = None  # Microsoft leaves it out
    receiving_mx_hostname: str | None = None
    receiving_mx_helo: str | None = None
    receiving_ip: str | None = None
    failed_session_count: Count
    additional_information: str | None = None
    failure_reason_code: str | None = None


class _PolicyReport(msgspec.Struct, rename="kebab"):
    policy: _Policy
    summary: Summary
    failure_details: tuple[_FailureDetails, ...] | None = None


class _Report(msgspec.Struct, rename="kebab", kw_only=True):
    organization_name: str | None = None
    date_range: _DateRange
    contact_info: str | None = None
    report_id: str | None = None
    policies: tuple[_PolicyReport, ...]


_DECODER = msgspec.json.Decoder(_Report)


def read(data: bytes) -> Report:
    """Read a report, compressed or not. Raises `BadReport`.

    Unknown keys are passed over. Times without a zone are taken for UTC, which the RFC asks for.
    """
    if len(data) > SIZE:
        raise BadReport(_SOURCE, f"more than {SIZE} bytes")
    text = decompressed(data, SIZE) if data.startswith(GZIP) else data
    found = decoded(_DECODER, text.removeprefix(_BYTE_ORDER_MARK), _SOURCE)
    return Report(
        organization_name=found.organization_name or "",
        date_range=DateRange(
            start_datetime=_utc(found.date_range.start_datetime, "start-datetime"),
            end_datetime=_utc(found.date_range.end_datetime, "end-datetime"),
        ),
        contact_info=found.contact_info or "",
        report_id=found.report_id or "",
        policies=tuple(_policy_report(one) for one in found.policies),
    )


def _utc(moment: datetime, key: str) -> datetime:
    # RFC 8460 §4.4 has RFC 3339, where a zone is due. Microsoft once left it out.
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # at either end of the calendar
        raise BadReport(_SOURCE, "no such time in UTC", f"$.date-range.{key}") from None


def _policy_report(found: _PolicyReport) -> PolicyReport:
    return PolicyReport(
        policy=Policy(
            policy_type=_known(PolicyType, found.policy.policy_type),
            policy_string=_many(found.policy.policy_string),
            policy_domain=found.policy.policy_domain or "",
            mx_host=_many(found.policy.mx_host),
        ),
        summary=found.summary,
        failure_details=tuple(_failure_details(one) for one in found.failure_details or ()),
    )


def _failure_details(found: _FailureDetails) -> FailureDetails:
    given: dict[str, Any] = {name: value for name, value in msgspec.structs.asdict(found).items() if value is not None}
    return FailureDetails(result_type=_known(ResultType, given.pop("result_type")), **given)


def _known(kind: type[Word], text: str) -> Word | str:
    return kind(text) if text in kind.__members__.values() else text


def _many(found: tuple[str, ...] | str | None) -> tuple[str, ...]:
    return (found,) if isinstance(found, str) else found or ()


# -- as they go --------------------------------------------------------------------------------------------


def write(report: Report, *, gzipped: bool = False) -> bytes:
    """Write a report by the letter of the RFC, its keys in their order. Raises `BadReport` for what is not allowed."""
    try:
        data = msgspec.json.encode(report)
    except (TypeError, ValueError, OverflowError) as error:  # no text of Unicode, no record of this module
        raise BadReport(_SOURCE, f"cannot be written: {error}") from None
    for path, complaint in _complaints(read(data)):
        raise BadReport(_SOURCE, complaint, path)
    return compressed(data) if gzipped else data


def _complaints(report: Report) -> Iterator[tuple[str, str]]:
    for key in ("organization-name", "contact-info", "report-id", "policies"):
        if not getattr(report, key.replace("-", "_")):
            yield f"$.{key}", "nothing there"
    for number, one in enumerate(report.policies):
        place = f"$.policies[{number}]"
        yield from ((f"{place}.policy.{key}", complaint) for key, complaint in _of_policy(one.policy))
        for count, details in enumerate(one.failure_details):
            where = f"{place}.failure-details[{count}]"
            yield from ((f"{where}.{key}", complaint) for key, complaint in _of_failure(details))


def _of_policy(policy: Policy) -> Iterator[tuple[str, str]]:
    if not isinstance(policy.policy_type, PolicyType):
        yield "policy-type", f"'{shown(policy.policy_type)}' is no type of policy"
    # RFC 8460 §4.4: "MUST consist of the Punycode-encoded A-labels [RFC3492] and not the U-labels"
    try:
        written = domain_name(policy.policy_domain, _SOURCE)
    except BadReport as error:
        yield "policy-domain", error.detail
    else:
        if written != policy.policy_domain:
            yield "policy-domain", f"'{shown(policy.policy_domain)}' has to be written '{written}'"
    if policy.mx_host and policy.policy_type != PolicyType.STS:
        # "In the case where "policy-type" is "sts", it's the pattern of MX hostnames from the applied policy."
        yield "mx-host", "only MTA-STS has patterns"


def _of_failure(details: FailureDetails) -> Iterator[tuple[str, str]]:
    if not isinstance(details.result_type, ResultType):
        yield "result-type", f"'{shown(details.result_type)}' is no result type"
    if not details.failed_session_count:
        yield "failed-session-count", "no session"
    for key, value in (("sending-mta-ip", details.sending_mta_ip), ("receiving-ip", details.receiving_ip)):
        try:
            local = value and "%" in str(ipaddress.ip_address(value))
        except ValueError:
            local = True
        if local:
            yield key, f"'{shown(value)}' is no IP address"
