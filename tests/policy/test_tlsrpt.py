import importlib
import pkgutil
import time
from collections.abc import Iterator

import pytest

import starttls
from starttls.core import errors as core
from starttls.core.errors import CertificateRejected, ClosedEarly, NotOffered, Refusal, Refused, StartTLSError
from starttls.core.transcript import Side, Transcript
from starttls.core.wait import Wait
from starttls.grammar.esmtp import GO_AHEAD, GREETING, HELLO
from starttls.policy import errors as policy
from starttls.policy.answer import TXT, Answer, Question, Status
from starttls.policy.sts import State
from starttls.policy.tlsrpt import RESULTS, Reporting, ResultType, reporting, result_type

NAME = "_smtp._tls.example.org"


def told(*records: bytes, status: Status = Status.INSECURE, reason: str = "") -> Reporting:
    texts = tuple(TXT((record,)) for record in records)
    return reporting(Answer(question=Question(NAME, "TXT"), status=status, records=texts, reason=reason))


# -- the record -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("record", "rua"),
    [
        (b"v=TLSRPTv1;rua=mailto:reports@example.com", ["mailto:reports@example.com"]),
        (b"v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt", ["https://reporting.example.com/v1/tlsrpt"]),
        (b"v=TLSRPTv1; rua=mailto:a@b.example,https://c.example", ["mailto:a@b.example", "https://c.example"]),
        (b"v=TLSRPTv1; rua=mailto:a@b.example \t, https://c.example;", ["mailto:a@b.example", "https://c.example"]),
        (b"v=TLSRPTv1; rua=mailto:a@b.example; rua=mailto:c@d.example", ["mailto:a@b.example", "mailto:c@d.example"]),
        (b"v=TLSRPTv1; rua=mailto:a@b.example,mailto:a@b.example", ["mailto:a@b.example"]),
        (b"v=TLSRPTv1; new=field; rua=mailto:a@b.example; other=1", ["mailto:a@b.example"]),
        (b"v=TLSRPTv1; rua=https://h.example/a?b=c&d=e#f", ["https://h.example/a?b=c&d=e#f"]),
        (b"v=TLSRPTv1; rua=https://h.example/a%2Cb%21c%3Bd", ["https://h.example/a%2Cb%21c%3Bd"]),
        (b"v=TLSRPTv1; rua=mailto:a%2Cb%21@b.example", ["mailto:a%2Cb%21@b.example"]),
        (b"v=TLSRPTv1; rua=MAILTO:a@b.example", ["MAILTO:a@b.example"]),
        (b"v=TLSRPTv1; rua=https://[2001:db8::1]:8443/x", ["https://[2001:db8::1]:8443/x"]),
        (b"v=TLSRPTv1 ; rua=mailto:a@b.example?subject=x", ["mailto:a@b.example?subject=x"]),
    ],
)
def test_where_reports_go(record: bytes, rua: list[str]) -> None:
    assert told(record) == Reporting(state=State.VALID, rua=tuple(rua))


@pytest.mark.parametrize(
    ("record", "error"),
    [
        (b"v=TLSRPTv1", "the record has nothing behind 'v=TLSRPTv1'"),
        (b"v=TLSRPTv1; new=field", "the record has no rua"),
        (b"v=TLSRPTv1; RUA=mailto:a@b.example", "the record has no rua"),
        (b"v=TLSRPTv1; rua=", "'' in the rua is no URI"),
        (b"v=TLSRPTv1; rua=a@b.example", "'a@b.example' in the rua is no URI"),
        (b"v=TLSRPTv1; rua=mailto:a@b.example,", "'' in the rua is no URI"),
        (b"v=TLSRPTv1; rua=mailto:a@b.example mailto:c@d.example", None),
        (b"v=TLSRPTv1; rua= mailto:a@b.example", "' mailto:a@b.example' in the rua is no URI"),
        (b"v=TLSRPTv1; rua=mailto:a@b.example ", "'mailto:a@b.example ' in the rua is no URI"),
        # RFC 8460 §3: "exclamation points (ASCII 0x21) [...] MUST be encoded"; DMARC's size has no place here
        (b"v=TLSRPTv1; rua=mailto:a@b.example!10m", "'mailto:a@b.example!10m' in the rua is no URI"),
        (b"v=TLSRPTv1; rua=mailto:a@b.example;c=d;e", "field 3 of the record is not 'name=value': 'e'"),
        (b"v=TLSRPTv1; rua=mailto:a%4@b.example", "'mailto:a%4@b.example' in the rua is no URI"),
        (b"v=TLSRPTv1; rua=mailto:<a@b.example>", "'mailto:<a@b.example>' in the rua is no URI"),
        (b"v=TLSRPTv1; rua=mailto:\xc3\xbc@b.example", "'mailto:\\xc3\\xbc@b.example' in the rua is no URI"),
        (b"v=TLSRPTv1; rua=http://h.example/", "'http://h.example/' is neither mailto: nor https:"),
        (b"v=TLSRPTv1; rua=mailto:reports", "'mailto:reports' names no mailbox"),
        (b"v=TLSRPTv1; rua=mailto:@b.example", "'mailto:@b.example' names no mailbox"),
        (b"v=TLSRPTv1; rua=mailto://a@b.example", "'mailto://a@b.example' names no mailbox"),
        (b"v=TLSRPTv1; rua=https:///path", "'https:///path' names no host"),
        (b"v=TLSRPTv1; rua=https:path", "'https:path' names no host"),
        (b"v=TLSRPTv1; rua=https://h.example:0/", "'https://h.example:0/' names no host"),
        (b"v=TLSRPTv1; rua=https://h.example:99999/", None),
        (b"v=TLSRPTv1; rua=https://[2001:db8::1", None),
        (b"v=TLSRPTv1; rua=https://[x]/", None),
    ],
)
def test_what_nobody_can_report_to(record: bytes, error: str | None) -> None:
    found = told(record)
    assert (found.state, found.rua, len(found.errors)) == (State.INVALID, (), 1)
    assert error is None or found.errors == (error,)
    assert found.errors[0].isprintable()


def test_one_uri_that_cannot_be_used_does_not_spoil_the_others() -> None:
    found = told(b"v=TLSRPTv1; rua=ftp://h.example/,mailto:a@b.example")
    assert found == Reporting(
        state=State.VALID,
        rua=("mailto:a@b.example",),
        errors=("'ftp://h.example/' is neither mailto: nor https:",),
    )


def test_exactly_one_record_counts() -> None:
    good = b"v=TLSRPTv1; rua=mailto:a@b.example"
    assert told() == Reporting(state=State.NONE)
    assert told(b"v=spf1 -all", b"v=TLSRPTv2; rua=mailto:a@b.example") == Reporting(state=State.NONE)
    assert told(b"v=spf1 -all", good).state is State.VALID
    assert told(good, good) == Reporting(state=State.NONE, errors=("2 records begin with 'v=TLSRPTv1;': none counts",))


@pytest.mark.parametrize("status", [Status.BOGUS, Status.INDETERMINATE])
def test_a_lookup_that_failed_is_not_a_no(status: Status) -> None:
    assert told(status=status, reason="signature expired") == Reporting(
        state=State.UNREACHABLE, errors=(f"DNS: {NAME} TXT is {status}: signature expired",)
    )


@pytest.mark.parametrize("filling", [b" ", b",", b"; ", b"%", b"a:", b"[", b"mailto:a@b,"])
def test_a_hostile_record_costs_no_more_than_an_honest_one(filling: bytes) -> None:
    record = b"v=TLSRPTv1; rua=https://h.example/" + filling * (65000 // len(filling))
    began = time.process_time()
    assert told(record, record + b"x").state is State.NONE
    assert told(record).state in {State.INVALID, State.VALID}
    assert time.process_time() - began < 0.5


# -- what an error is called ------------------------------------------------------------------------


def descendants(kind: type[StartTLSError]) -> Iterator[type[StartTLSError]]:
    for child in kind.__subclasses__():
        yield child
        yield from descendants(child)


def test_every_error_has_its_row() -> None:
    """A new class of errors has to be put into the table: what it says, or that it says nothing of TLS."""
    for module in pkgutil.walk_packages(starttls.__path__, "starttls."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    ours = {kind for kind in descendants(StartTLSError) if kind.__module__.startswith("starttls.")}
    parents = {parent for kind in ours for parent in kind.__bases__}
    assert {kind.__name__ for kind in (ours - parents) ^ RESULTS.keys()} == set()


def test_every_result_of_rfc_8460_has_its_error() -> None:
    finer = {ResultType.CERTIFICATE_EXPIRED, ResultType.CERTIFICATE_HOST_MISMATCH}
    assert {result for result in RESULTS.values() if result} | finer == set(ResultType)
    assert len(ResultType) == 11


@pytest.mark.parametrize(
    ("error", "result"),
    [
        (core.NotOffered("STARTTLS"), "starttls-not-supported"),
        (core.HandshakeFailed("no common cipher"), "validation-failure"),
        (core.PlaintextAfterGoAhead(b"250 OK\r\n"), "validation-failure"),
        (core.TimedOut(30), None),
        (core.CannotConnect("192.0.2.1:25", "connection refused"), None),
        (core.CannotResolve("mx.example.org", "no address"), None),
        (policy.NotAuthentic(Question("example.org", "MX"), Status.BOGUS), "dnssec-invalid"),
        (policy.DaneRequired("mx.example.org", "has no TLSA records"), "dane-required"),
        (policy.DaneNoMatch("no record matches"), "tlsa-invalid"),
        (policy.StsMxMismatch("mx.example.org", ("mx2.example.org",)), "validation-failure"),
        (policy.StsFetchFailed("https://x.example", "HTTP 404"), "sts-policy-fetch-error"),
        (policy.StsInvalid("example.org", "the policy has no mode"), "sts-policy-invalid"),
        (policy.StsCertificate("https://x.example", "name mismatch"), "sts-webpki-invalid"),
        (policy.NoUsableMX("example.org", ()), None),
    ],
)
def test_results(error: StartTLSError, result: str | None) -> None:
    assert result_type(error) == result


@pytest.mark.parametrize(
    ("code", "result"),
    [
        (10, ResultType.CERTIFICATE_EXPIRED),
        (9, ResultType.CERTIFICATE_NOT_TRUSTED),  # not valid yet
        (62, ResultType.CERTIFICATE_HOST_MISMATCH),
        (64, ResultType.CERTIFICATE_HOST_MISMATCH),
        (18, ResultType.CERTIFICATE_NOT_TRUSTED),
        (20, ResultType.CERTIFICATE_NOT_TRUSTED),
        (47, ResultType.CERTIFICATE_NOT_TRUSTED),  # a name constraint
        (0, ResultType.CERTIFICATE_NOT_TRUSTED),
    ],
)
def test_certificates_are_told_apart_by_openssls_code(code: int, result: ResultType) -> None:
    assert result_type(CertificateRejected("because", code)) is result


@pytest.mark.parametrize(
    ("wait", "kind", "result"),
    [
        (GO_AHEAD, Refusal.TEMPORARY, ResultType.STARTTLS_NOT_SUPPORTED),
        (GO_AHEAD, Refusal.PERMANENT, ResultType.STARTTLS_NOT_SUPPORTED),
        (HELLO, Refusal.PERMANENT, ResultType.STARTTLS_NOT_SUPPORTED),  # who rewrites EHLO takes STARTTLS away
        (GREETING, Refusal.PERMANENT, None),
        (GREETING, Refusal.TEMPORARY, None),
        (GO_AHEAD, Refusal.THROTTLED, None),
        (None, Refusal.PERMANENT, ResultType.STARTTLS_NOT_SUPPORTED),
    ],
)
def test_a_refusal_is_one_of_tls_or_of_everybody(wait: Wait | None, kind: Refusal, result: ResultType | None) -> None:
    assert result_type(Refused("no", kind).at("smtp", Side.CLIENT, wait, Transcript())) is result


@pytest.mark.parametrize(
    ("wait", "result"),
    [(GO_AHEAD, ResultType.VALIDATION_FAILURE), (HELLO, ResultType.VALIDATION_FAILURE), (GREETING, None), (None, None)],
)
def test_a_connection_that_is_cut_when_tls_is_asked_for(wait: Wait | None, result: ResultType | None) -> None:
    assert result_type(ClosedEarly().at("smtp", Side.CLIENT, wait, Transcript())) is result


def test_a_subclass_is_called_as_its_parent() -> None:
    class Mine(NotOffered):
        pass

    class Strange(StartTLSError):
        pass

    assert result_type(Mine("STARTTLS")) is ResultType.STARTTLS_NOT_SUPPORTED
    assert result_type(Strange()) is None
