"""Reference §2.6, the JSON of a report: by the letter, and with bounds that hold for any bytes."""

import json
import time
import tracemalloc
from datetime import UTC, date, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from starttls.policy.envelope import compressed
from starttls.policy.errors import BadReport
from starttls.policy.report import (
    SIZE,
    DateRange,
    FailureDetails,
    Policy,
    PolicyReport,
    PolicyType,
    Report,
    Summary,
    read,
    write,
)
from starttls.policy.tlsrpt import ResultType
from starttls.policy.untrusted import COUNT
from tests.policy.sample_report import FULL, changed, full


def test_the_keys_of_the_rfc_in_their_order() -> None:
    assert write(full()) == json.dumps(FULL, separators=(",", ":")).encode()


def test_gzip() -> None:
    assert read(write(full(), gzipped=True)) == full()
    assert len(write(full(), gzipped=True)) < len(write(full()))


# -- the day in UTC ----------------------------------------------------------------------------------------------


def test_a_day_is_written_from_its_first_to_its_last_second() -> None:
    day = DateRange.of(date(2024, 2, 29))
    assert day.day == date(2024, 2, 29)
    assert msgspec.json.encode(day) == (
        b'{"start-datetime":"2024-02-29T00:00:00Z","end-datetime":"2024-02-29T23:59:59Z"}'
    )


NOON = datetime(2026, 4, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "why"),
    [
        (NOON, NOON - timedelta(seconds=1), "the end is before the start"),
        (NOON.replace(tzinfo=None), NOON, "not in UTC"),
        (NOON, NOON.replace(tzinfo=None), "not in UTC"),
        (NOON.astimezone(timezone(timedelta(hours=2))), NOON, "not in UTC"),
    ],
)
def test_no_times_of_a_report(start: datetime, end: datetime, why: str) -> None:
    with pytest.raises(BadReport, match=why) as caught:
        DateRange(start_datetime=start, end_datetime=end)
    assert caught.value.path == "$.date-range"


# -- what is not allowed -------------------------------------------------------------------------------------------

WHERE = "$.policies[0].policy"
DETAILS = "$.policies[0].failure-details"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (changed("organization-name", ""), "nothing there at $.organization-name"),
        (changed("contact-info", ""), "nothing there at $.contact-info"),
        (changed("report-id"), "nothing there at $.report-id"),
        (changed("policies", []), "nothing there at $.policies"),
        (changed("policies/0/policy/policy-type", "dane"), f"'dane' is no type of policy at {WHERE}.policy-type"),
        (changed("policies/0/policy/policy-type", "tlsa"), f"only MTA-STS has patterns at {WHERE}.mx-host"),
        (
            changed("policies/0/policy/policy-domain"),
            f"'' is neither a host name nor an IP address at {WHERE}.policy-domain",
        ),
        (
            changed("policies/0/policy/policy-domain", "b\xfccher.example"),
            f"'b\\xc3\\xbccher.example' has to be written 'xn--bcher-kva.example' at {WHERE}.policy-domain",
        ),
        (
            changed("policies/0/policy/policy-domain", "Example.org"),
            f"'Example.org' has to be written 'example.org' at {WHERE}.policy-domain",
        ),
        (
            changed("policies/0/failure-details/0/result-type", "mx-mismatch"),
            f"'mx-mismatch' is no result type at {DETAILS}[0].result-type",
        ),
        (
            changed("policies/0/failure-details/1/failed-session-count", 0),
            f"no session at {DETAILS}[1].failed-session-count",
        ),
        (
            changed("policies/0/failure-details/1/sending-mta-ip", "unknown"),
            f"'unknown' is no IP address at {DETAILS}[1].sending-mta-ip",
        ),
        (
            changed("policies/0/failure-details/1/receiving-ip", "fe80::1%eth0"),
            f"'fe80::1%eth0' is no IP address at {DETAILS}[1].receiving-ip",
        ),
    ],
)
def test_what_can_be_read_need_not_be_written(data: bytes, error: str) -> None:
    with pytest.raises(BadReport) as caught:
        write(read(data))
    assert str(caught.value) == f"TLS report: {error}"


def of(details: FailureDetails) -> Report:
    """The full report with one failure alone."""
    one = msgspec.structs.replace(full().policies[0], failure_details=(details,))
    return msgspec.structs.replace(full(), policies=(one,))


@pytest.mark.parametrize("count", [-1, COUNT + 1, 2**70, 1.5, None, "1"])
def test_counts_are_checked(count: int) -> None:
    with pytest.raises(BadReport):
        write(of(FailureDetails(result_type=ResultType.DANE_REQUIRED, failed_session_count=count)))


def test_what_is_no_text_cannot_be_written() -> None:
    with pytest.raises(BadReport, match="cannot be written"):
        write(msgspec.structs.replace(full(), organization_name="\ud800"))
    with pytest.raises(BadReport, match="cannot be written"):
        write(msgspec.structs.replace(full(), organization_name=object()))


def test_nobody_would_read_what_is_too_long() -> None:
    with pytest.raises(BadReport, match=f"more than {SIZE} bytes"):
        write(msgspec.structs.replace(full(), organization_name="a" * SIZE))


# -- any bytes -------------------------------------------------------------------------------------------------------

POLICY = (
    b'{"policy":{"policy-type":""},"summary":{"total-successful-session-count":0,"total-failure-session-count":0}},'
)


@pytest.mark.parametrize(
    ("path", "filling"),
    [
        ("policies/0/policy/mx-host", b'"",'),
        ("policies/0/policy/mx-host", b'"aa",'),
        ("policies/0/failure-details", b'{"result-type":"","failed-session-count":0},'),
        ("policies", POLICY),
        ("new", b"[],"),
    ],
)
def test_a_hostile_report_takes_a_bounded_multiple_of_its_bytes(path: str, filling: bytes) -> None:
    """10 MiB, which come as some 30 KiB: an object of Python for every few bytes."""
    before, _, after = changed(path, ["@"]).partition(b'"@"')
    text = before + (filling * ((SIZE - len(before) - len(after)) // len(filling)))[:-1] + after
    data = compressed(text)
    assert len(data) < 60_000
    tracemalloc.start()
    try:
        read(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * SIZE
    began = time.process_time()
    read(data)
    assert time.process_time() - began < 3


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ADDRESS = st.ip_addresses().map(str) | st.just("")
COUNTS = st.integers(0, COUNT)
DETAIL = st.builds(
    FailureDetails,
    result_type=st.sampled_from(ResultType),
    sending_mta_ip=ADDRESS,
    receiving_mx_hostname=TEXT,
    receiving_mx_helo=TEXT,
    receiving_ip=ADDRESS,
    failed_session_count=st.integers(1, COUNT),
    additional_information=TEXT,
    failure_reason_code=TEXT,
)
APPLIED = st.builds(
    Policy,
    policy_type=st.just(PolicyType.STS),
    policy_string=st.lists(TEXT, max_size=3).map(tuple),
    policy_domain=st.sampled_from(["example.org", "xn--bcher-kva.example"]),
    mx_host=st.lists(TEXT, max_size=3).map(tuple),
)
POLICIES = st.builds(
    PolicyReport,
    policy=APPLIED,
    summary=st.builds(Summary, total_successful_session_count=COUNTS, total_failure_session_count=COUNTS),
    failure_details=st.lists(DETAIL, max_size=3).map(tuple),
)
REPORTS = st.builds(
    Report,
    organization_name=TEXT.filter(bool),
    date_range=st.dates().map(DateRange.of),
    contact_info=TEXT.filter(bool),
    report_id=TEXT.filter(bool),
    policies=st.lists(POLICIES, min_size=1, max_size=3).map(tuple),
)


@given(report=REPORTS, gzipped=st.booleans())
def test_what_is_written_is_read_as_it_was(report: Report, *, gzipped: bool) -> None:
    assert read(write(report, gzipped=gzipped)) == report


@given(data=st.binary(max_size=300), gzipped=st.booleans())
def test_any_bytes_are_a_report_or_a_declared_error(data: bytes, *, gzipped: bool) -> None:
    with pytest.raises(BadReport) as caught:  # noise is never a report
        read(compressed(data) if gzipped else data)
    assert str(caught.value).isprintable()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=6,
)
PATHS = [
    "report-id",
    "date-range/start-datetime",
    "policies/0/policy/mx-host",
    "policies/0/failure-details/1",
    "policies",
]


@given(path=st.sampled_from(PATHS), value=JSON)
def test_any_value_anywhere_is_read_or_a_declared_error(path: str, value: object) -> None:
    try:
        found = read(changed(path, value))
    except BadReport as error:
        assert str(error).isprintable()  # noqa: PT017
    else:
        assert read(msgspec.json.encode(found)) == found
