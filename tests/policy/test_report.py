"""Reference §2.6, the JSON of a report: read as it comes in the field, written by the letter.

The samples have the forms of real senders, with made-up contents.
"""

import json
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta

import pytest

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
)
from starttls.policy.tlsrpt import ResultType
from starttls.policy.untrusted import COUNT
from tests.policy.sample_report import FULL, POLICY, changed, full

# -- the fields -------------------------------------------------------------------------------------------


def test_every_field() -> None:
    policy = Policy(
        policy_type=PolicyType.STS,
        policy_string=tuple(POLICY),
        policy_domain="example.org",
        mx_host=("*.mail.example.org",),
    )
    first = FailureDetails(
        result_type=ResultType.CERTIFICATE_EXPIRED,
        sending_mta_ip="2001:db8::1",
        receiving_mx_hostname="mx1.mail.example.org",
        receiving_mx_helo="mx1",
        receiving_ip="192.0.2.1",
        failed_session_count=300,
        additional_information="https://sender.example/1",
        failure_reason_code="X509_V_ERR_CERT_HAS_EXPIRED",
    )
    second = FailureDetails(result_type=ResultType.VALIDATION_FAILURE, failed_session_count=3)
    summary = Summary(total_successful_session_count=5326, total_failure_session_count=303)
    assert full() == Report(
        organization_name="Sender",
        date_range=DateRange.of(date(2026, 4, 1)),
        contact_info="tls@sender.example",
        report_id="5065427c-23d3",
        policies=(PolicyReport(policy=policy, summary=summary, failure_details=(first, second)),),
    )


@pytest.mark.parametrize("kind", [*ResultType, "a-type-of-tomorrow", ""])
def test_result_types_and_unknown_ones_as_text(kind: str) -> None:
    found = read(changed("policies/0/failure-details/0/result-type", kind)).policies[0].failure_details[0].result_type
    assert found == kind
    assert isinstance(found, ResultType) == (kind in list(ResultType))


@pytest.mark.parametrize("kind", ["tlsa", "sts", "no-policy-found", "a-type-of-tomorrow"])
def test_policy_types_and_unknown_ones_as_text(kind: str) -> None:
    found = read(changed("policies/0/policy/policy-type", kind)).policies[0].policy.policy_type
    assert found == kind
    assert isinstance(found, PolicyType) == (kind != "a-type-of-tomorrow")


# -- the field ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "hosts"),
    [(["a.example", "b.example"], ("a.example", "b.example")), ("*.a.example", ("*.a.example",)), (None, ()), ([], ())],
)
def test_mx_host_is_an_array_or_a_string_or_not_there(value: object, hosts: tuple[str, ...]) -> None:
    assert read(changed("policies/0/policy/mx-host", value)).policies[0].policy.mx_host == hosts
    assert read(changed("policies/0/policy/mx-host")).policies[0].policy.mx_host == ()


def test_googles_form_has_no_details_where_nothing_failed() -> None:
    data = deepcopy(FULL)
    data["report-id"] = "2026-04-01T00:00:00Z_example.org"
    del data["policies"][0]["failure-details"]
    assert read(json.dumps(data, indent=2).encode()).policies[0].failure_details == ()


def test_microsofts_form_has_neither_policy_nor_addresses() -> None:
    data = deepcopy(FULL)
    data["report-id"] = "133944884956529435+example.org"
    data["policies"][0]["policy"] = {"policy-type": "sts", "policy-domain": "example.org"}
    data["policies"][0]["failure-details"] = [{"result-type": "sts-policy-fetch-error", "failed-session-count": 3}]
    (one,) = read(json.dumps(data).encode()).policies
    assert one.policy == Policy(policy_type=PolicyType.STS, policy_domain="example.org")
    assert one.failure_details == (
        FailureDetails(result_type=ResultType.STS_POLICY_FETCH_ERROR, failed_session_count=3),
    )


def test_mail_rus_form_ends_at_midnight_and_its_details_add_up_to_more_than_its_summary() -> None:
    details = {"failed-session-count": 1, "result-type": "sts-policy-fetch-error", "failure-reason-code": "code: 404"}
    data = {
        "contact-info": "tls@sender.example",
        "date-range": {"end-datetime": "2026-04-02T00:00:00Z", "start-datetime": "2026-04-01T00:00:00Z"},
        "organization-name": "Sender",
        "policies": [
            {
                "failure-details": [details, details],
                "policy": {"policy-domain": "example.org", "policy-type": "sts"},
                "summary": {"total-failure-session-count": 1, "total-successful-session-count": 0},
            }
        ],
        "report-id": "b28254de@sender.example",
    }
    found = read(json.dumps(data, indent=3).encode())
    assert found.date_range.day == date(2026, 4, 1)
    assert sum(one.failed_session_count for one in found.policies[0].failure_details) == 2


def test_the_form_of_postfix_has_no_policy_domain_where_there_is_no_policy() -> None:
    data = changed("policies/0/policy", {"policy-type": "no-policy-found"})
    assert read(data).policies[0].policy == Policy(policy_type=PolicyType.NO_POLICY_FOUND)


@pytest.mark.parametrize(
    "path",
    [
        "organization-name",
        "contact-info",
        "report-id",
        "policies/0/failure-details",
        "policies/0/policy/policy-string",
        "policies/0/policy/policy-domain",
        "policies/0/failure-details/0/sending-mta-ip",
        "policies/0/failure-details/0/receiving-mx-hostname",
        "policies/0/failure-details/0/receiving-mx-helo",
        "policies/0/failure-details/0/receiving-ip",
        "policies/0/failure-details/0/additional-information",
        "policies/0/failure-details/0/failure-reason-code",
    ],
)
def test_a_null_is_the_same_as_nothing(path: str) -> None:
    assert read(changed(path, None)) == read(changed(path)) != full()


@pytest.mark.parametrize(
    "data", [changed("new", {"a": [1, None]}), changed("policies/0/policy/mx-host-pattern", ["*.a"])]
)
def test_unknown_keys_are_passed_over(data: bytes) -> None:
    assert read(data) == full()


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read(b"\xef\xbb\xbf" + json.dumps(FULL).encode()) == full()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-04-01T00:00:00Z", datetime(2026, 4, 1, tzinfo=UTC)),
        ("2026-04-01T00:00:00", datetime(2026, 4, 1, tzinfo=UTC)),  # Microsoft, for a while
        ("2026-04-01T00:00:00+00:00", datetime(2026, 4, 1, tzinfo=UTC)),
        ("2026-04-01T02:00:00+02:00", datetime(2026, 4, 1, tzinfo=UTC)),
        ("2026-03-31T19:00:00-05:00", datetime(2026, 4, 1, tzinfo=UTC)),
        ("2026-04-01t00:00:00.25z", datetime(2026, 4, 1, 0, 0, 0, 250000, tzinfo=UTC)),
        ("2026-04-01 00:00:00Z", datetime(2026, 4, 1, tzinfo=UTC)),
    ],
)
def test_times_are_told_in_utc(text: str, moment: datetime) -> None:
    found = read(changed("date-range/start-datetime", text)).date_range
    assert found.start_datetime == moment
    assert found.start_datetime.utcoffset() == timedelta(0)
    assert found.day == date(2026, 4, 1)


# -- nonsense ---------------------------------------------------------------------------------------------------

SUMMARY = "policies/0/summary"
COUNTED = "$.policies[0].summary.total-successful-session-count"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", "no JSON: input data was truncated"),
        (b"[]", "expected `object`, got `array`"),
        (b"{}", "object missing required field `date-range`"),
        (b"<html>", "no JSON: JSON is malformed: invalid character (byte 0)"),
        (changed("policies"), "object missing required field `policies`"),
        (changed("policies", {}), "expected `array`, got `object` at $.policies"),
        (changed("policies/0/policy"), "object missing required field `policy` at $.policies[0]"),
        (changed(SUMMARY), "object missing required field `summary` at $.policies[0]"),
        (changed(f"{SUMMARY}/total-successful-session-count", -1), f"expected `int` >= 0 at {COUNTED}"),
        (changed(f"{SUMMARY}/total-successful-session-count", COUNT + 1), f"expected `int` <= {COUNT} at {COUNTED}"),
        (json.dumps(FULL).replace("5326", "9" * 5000).encode(), f"integer value out of range at {COUNTED}"),
        (changed(f"{SUMMARY}/total-successful-session-count", 1.5), f"expected `int`, got `float` at {COUNTED}"),
        (changed(f"{SUMMARY}/total-successful-session-count", "1"), f"expected `int`, got `str` at {COUNTED}"),
        (changed(f"{SUMMARY}/total-successful-session-count", True), f"expected `int`, got `bool` at {COUNTED}"),
        (changed(f"{SUMMARY}/total-successful-session-count", None), f"expected `int`, got `null` at {COUNTED}"),
        (
            changed("policies/0/failure-details/1/failed-session-count"),
            "object missing required field `failed-session-count` at $.policies[0].failure-details[1]",
        ),
        (
            changed("policies/0/failure-details/1/result-type", None),
            "expected `str`, got `null` at $.policies[0].failure-details[1].result-type",
        ),
        (
            changed("policies/0/policy/mx-host", [1]),
            "expected `str`, got `int` at $.policies[0].policy.mx-host[0]",
        ),
        (
            changed("date-range/start-datetime", "yesterday"),
            "invalid RFC3339 encoded datetime at $.date-range.start-datetime",
        ),
        (
            changed("date-range/end-datetime", "2026-04-01T24:00:00Z"),
            "invalid RFC3339 encoded datetime at $.date-range.end-datetime",
        ),
        (
            changed("date-range/start-datetime", "0001-01-01T00:00:00+05:00"),
            "no such time in UTC at $.date-range.start-datetime",
        ),
        (changed("date-range/end-datetime", "2026-03-31T00:00:00Z"), "the end is before the start at $.date-range"),
        (b'{"x": ' + b"[" * 1_000_000, "nested too deeply"),
        (b" " * (SIZE + 1), f"more than {SIZE} bytes"),
        (b"\x1f\x8b" + bytes(SIZE), f"more than {SIZE} bytes"),
        (b"\x1f\x8b\x08", "gzip data that is cut off"),
        (compressed(b" " * (SIZE + 1)), f"decompresses to more than {SIZE} bytes"),
        (compressed(compressed(b"{}")), "no JSON: JSON is malformed: invalid character (byte 0)"),
    ],
)
def test_nonsense_is_one_error_that_says_where(data: bytes, error: str) -> None:
    with pytest.raises(BadReport) as caught:
        read(data)
    assert str(caught.value) == f"TLS report: {error}"
