"""Reference §2.6, libtlsrpt's wire: what Postfix tells a collector."""

import json
import time
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starttls.policy.datagram import CODES, NUMBERS, SIZE, Applied, Delivery, read
from starttls.policy.errors import BadReport
from starttls.policy.report import FailureDetails, Policy, PolicyType
from starttls.policy.tlsrpt import ResultType

RECORD = "v=TLSRPTv1;rua=mailto:tls@example.org"
GOOD: dict[str, Any] = {
    "dpv": "1",
    "d": "example.org",
    "pr": RECORD,
    "policies": [
        {
            "policy-type": 2,
            "policy-domain": "example.org",
            "policy-string": ["version: STSv1", "mode: enforce", "mx: *.example.org", "max_age: 86400"],
            "mx-host": ["*.example.org"],
            "failure-details": [
                {"c": 204, "s": "192.0.2.1", "n": "mx1.example.org", "h": "one", "r": "192.0.2.2", "a": "i", "f": "x"},
                {"c": 301},
            ],
            "t": 2,
            "f": 1,
        }
    ],
}


def changed(path: str, value: object = ...) -> bytes:
    """The good datagram with one thing else, or without it."""
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    data: Any = deepcopy(GOOD)
    place = data
    for step in way:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return json.dumps(data).encode()


def test_every_field() -> None:
    first = FailureDetails(
        result_type=ResultType.CERTIFICATE_EXPIRED,
        sending_mta_ip="192.0.2.1",
        receiving_mx_hostname="mx1.example.org",
        receiving_mx_helo="one",
        receiving_ip="192.0.2.2",
        failed_session_count=1,
        additional_information="i",
        failure_reason_code="x",
    )
    second = FailureDetails(result_type=ResultType.STS_POLICY_FETCH_ERROR, failed_session_count=1)
    policy = Policy(
        policy_type=PolicyType.STS,
        policy_string=("version: STSv1", "mode: enforce", "mx: *.example.org", "max_age: 86400"),
        policy_domain="example.org",
        mx_host=("*.example.org",),
    )
    assert read(json.dumps(GOOD).encode()) == Delivery(
        domain="example.org",
        record=RECORD,
        policies=(Applied(policy=policy, failures=(first, second), failed=True),),
    )


def test_the_blanks_that_libtlsrpt_writes_and_an_escape() -> None:
    data = b'{"dpv": "1","d": "example.org","pr": "v=\\u007f","policies":[{"policy-type":9,"t":0,"f":0}]}'
    assert read(data).record == "v=\x7f"


def test_without_a_policy_there_is_no_policy_domain_and_the_report_is_about_the_domain() -> None:
    """A report without its policy-domain is read by nobody (tlsrpt-reporter #51)."""
    data = {"dpv": "1", "d": "Example.org.", "pr": RECORD, "policies": [{"policy-type": 9, "t": 0, "f": 0}]}
    assert read(json.dumps(data).encode()).policies == (
        Applied(
            policy=Policy(policy_type=PolicyType.NO_POLICY_FOUND, policy_domain="example.org"),
            failures=(),
            failed=False,
        ),
    )


@pytest.mark.parametrize(("number", "kind"), [(1, "tlsa"), (2, "sts"), (9, "no-policy-found")])
def test_types_of_policies(number: int, kind: str) -> None:
    assert read(changed("policies/0/policy-type", number)).policies[0].policy.policy_type == kind


@pytest.mark.parametrize(
    ("number", "result"),
    [
        (201, "starttls-not-supported"),
        (202, "certificate-host-mismatch"),
        (203, "certificate-not-trusted"),
        (204, "certificate-expired"),
        (205, "validation-failure"),
        (301, "sts-policy-fetch-error"),
        (302, "sts-policy-invalid"),
        (303, "sts-webpki-invalid"),
        (304, "tlsa-invalid"),
        (305, "dnssec-invalid"),
        (306, "dane-required"),
    ],
)
def test_codes_both_ways(number: int, result: str) -> None:
    details = read(changed("policies/0/failure-details/0/c", number)).policies[0].failures[0]
    assert details.result_type == result
    assert NUMBERS[ResultType(result)] == number


def test_every_result_type_has_its_code() -> None:
    assert set(NUMBERS) == set(CODES.values()) == set(ResultType)


def test_failures_and_then_a_success_are_a_success() -> None:
    one = read(changed("policies/0/f", 0)).policies[0]
    assert (one.failed, len(one.failures)) == (False, 2)


def test_a_server_cannot_spoil_the_report_about_it_by_its_ehlo() -> None:
    """The library passes on what the server says byte for byte; a collector that wants UTF-8 would drop it all."""
    data = changed("policies/0/failure-details/0/h", "HELO").replace(b"HELO", b"mx\xff\xc3 \xe2\x82")
    assert read(data).policies[0].failures[0].receiving_mx_helo == "mx\ufffd\ufffd \ufffd"


def test_keys_that_nobody_knows_yet() -> None:
    assert read(changed("new", [{}])) == read(json.dumps(GOOD).encode())


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (changed("dpv"), "object missing required field `dpv`"),
        (changed("dpv", "2"), "invalid enum value '2' at $.dpv"),
        (changed("dpv", 1), "expected `str`, got `int` at $.dpv"),
        (changed("d"), "object missing required field `d`"),
        (changed("d", ""), "'' is neither a host name nor an IP address at $.d"),
        (changed("d", "[192.0.2.1]"), "'[192.0.2.1]' is neither a host name nor an IP address at $.d"),
        (changed("pr"), "object missing required field `pr`"),
        (changed("policies"), "object missing required field `policies`"),
        (changed("policies", []), "nothing there at $.policies"),
        (changed("policies/0/policy-type", 3), "invalid enum value 3 at $.policies[0].policy-type"),
        (changed("policies/0/policy-type", "sts"), "expected `int`, got `str` at $.policies[0].policy-type"),
        (
            changed("policies/0/policy-domain", "a b"),
            "'a b' is neither a host name nor an IP address at $.policies[0].policy-domain",
        ),
        (changed("policies/0/mx-host", "a"), "expected `array`, got `str` at $.policies[0].mx-host"),
        (changed("policies/0/t", 3), "3 failures are counted, 2 told at $.policies[0].t"),
        (changed("policies/0/t", -1), "-1 failures are counted, 2 told at $.policies[0].t"),
        (changed("policies/0/f", 2), "invalid enum value 2 at $.policies[0].f"),
        (changed("policies/0/f", True), "expected `int`, got `bool` at $.policies[0].f"),
        (changed("policies/0/failure-details"), "2 failures are counted, 0 told at $.policies[0].t"),
        (
            changed("policies/0/failure-details/1/c"),
            "object missing required field `c` at $.policies[0].failure-details[1]",
        ),
        (
            changed("policies/0/failure-details/1/c", 901),
            "901 is no result type at $.policies[0].failure-details[1].c",
        ),
        (
            changed("policies/0/failure-details/0/s", None),
            "expected `str`, got `null` at $.policies[0].failure-details[0].s",
        ),
        (b"", "no JSON: input data was truncated"),
        (b" " * (SIZE + 1), f"more than {SIZE} bytes"),
        (b'{"x":' + b"[" * 200_000, "nested too deeply"),
    ],
)
def test_nonsense(data: bytes, error: str) -> None:
    with pytest.raises(BadReport) as caught:
        read(data)
    assert str(caught.value) == f"TLSRPT datagram: {error}"


@pytest.mark.parametrize("text", ["\xfc" * 60_000, "a." * 60_000, "a" * 120_000])
def test_a_hostile_datagram_costs_no_more_than_an_honest_one(text: str) -> None:
    began = time.process_time()
    with pytest.raises(BadReport) as caught:
        read(changed("d", text).decode("unicode_escape").encode())
    assert time.process_time() - began < 0.5
    assert len(str(caught.value)) < 400


KEYS = ["c", "d", "f", "t", "s", "n", "dpv", "pr", "policies"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from([1, 2, 9, 201, "1", "a.b"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=10,
)


def attempt(data: bytes) -> Delivery | BadReport:
    try:
        return read(data)
    except BadReport as error:
        return error


@given(data=st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_a_delivery_or_a_declared_error(data: bytes) -> None:
    assert str(attempt(data)).isprintable()


@given(path=st.sampled_from(["d", "pr", "policies/0/f", "policies/0/failure-details/0/h", "policies/0"]), value=JSON)
def test_any_value_anywhere_is_read_or_a_declared_error(path: str, value: object) -> None:
    found = attempt(changed(path, value))
    assert isinstance(found, BadReport) or found.policies
