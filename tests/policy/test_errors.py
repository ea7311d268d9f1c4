import copy
import pickle

import pytest

from starttls.core.errors import NotOffered, StartTLSError
from starttls.core.transcript import Side, Transcript
from starttls.policy import errors
from starttls.policy.answer import Answer, ExtendedError, Question, Status
from starttls.policy.errors import (
    BadReport,
    DaneNoMatch,
    DaneRequired,
    NoMail,
    NoService,
    NotAuthentic,
    NoUsableMX,
    PolicyError,
    RequireTLS,
    StsCertificate,
    StsFetchFailed,
    StsInvalid,
    StsMxMismatch,
)

URL = "https://mta-sts.example.org/.well-known/mta-sts.txt"
EVERY = [
    (
        NotAuthentic(Question("example.org", "MX"), Status.BOGUS, "signature expired", (ExtendedError(7),)),
        "DNS: example.org MX is bogus: signature expired",
    ),
    (NotAuthentic(Question("example.org", "MX"), Status.INDETERMINATE), "DNS: example.org MX is indeterminate"),
    (DaneRequired("mx.example.org", "publishes none"), "DANE is required, but mx.example.org publishes none"),
    (DaneNoMatch("the certificate matches none", chain=(b"x",)), "DANE: the certificate matches none"),
    (
        StsMxMismatch("mx.example.net", ("mx.example.org", "*.example.com")),
        "MTA-STS: mx.example.net is not among the policy's mx (mx.example.org, *.example.com)",
    ),
    (StsFetchFailed(URL, "status 404"), f"MTA-STS: {URL}: status 404"),
    (StsInvalid("example.org", "no mode"), "MTA-STS of example.org: no mode"),
    (StsCertificate(URL, "certificate expired"), f"MTA-STS: {URL}: certificate expired"),
    (NoMail("example.org", "a null MX"), "example.org takes no mail: a null MX"),
    (
        NoUsableMX("example.org", (("mx.example.org", NotOffered("STARTTLS")),)),
        "no mail exchanger of example.org can be used: mx.example.org: STARTTLS is not offered (offered: nothing)",
    ),
    (RequireTLS("mx.example.org", "does not offer it"), "REQUIRETLS: mx.example.org does not offer it"),
    (NoService("example.org", "imap", "no SRV record"), "example.org offers no imap: no SRV record"),
    (BadReport("TLS report", "no JSON"), "TLS report: no JSON"),
    (BadReport("TLS report", "expected `int`", "$.policies[0]"), "TLS report: expected `int` at $.policies[0]"),
]
each = pytest.mark.parametrize(("error", "text"), EVERY, ids=lambda one: type(one).__name__)


@each
def test_each_is_one_line_made_from_its_fields(error: StartTLSError, text: str) -> None:
    assert str(error) == text
    assert not text.endswith(".")


@each
def test_each_can_be_copied_and_pickled(error: StartTLSError, text: str) -> None:
    assert str(copy.copy(error)) == text
    assert str(pickle.loads(pickle.dumps(error))) == text


@each
def test_nothing_that_a_peer_says_moves_a_cursor(error: StartTLSError, text: str) -> None:
    hostile = copy.copy(error)
    for name in ("detail", "host", "domain", "url"):
        if hasattr(hostile, name):
            setattr(hostile, name, "a\x1b[2J\nb")
    assert str(hostile).isprintable()


def test_one_says_where_it_happened() -> None:
    error = DaneNoMatch("the certificate matches none").at("smtp", Side.CLIENT, None, Transcript())
    assert str(error) == "smtp: DANE: the certificate matches none"


def test_every_error_is_listed_public_and_tried_here() -> None:
    forbidden = {one.__name__ for one in PolicyError.__subclasses__()}
    assert forbidden | {"PolicyError", "BadReport"} == set(errors.__all__)
    assert {type(error).__name__ for error, _ in EVERY} == forbidden | {"BadReport"}
    assert all(f"\n      {name} " in (errors.__doc__ or "") for name in forbidden)
    assert "\n    BadReport " in (errors.__doc__ or "")


def test_a_bad_report_forbids_nothing() -> None:
    assert not isinstance(BadReport("TLS report", "no JSON"), PolicyError)


def test_a_failed_lookup_is_an_error() -> None:
    answer = Answer(question=Question("example.org", "MX"), status=Status.BOGUS, reason="expired")
    assert str(NotAuthentic.of(answer)) == "DNS: example.org MX is bogus: expired"
