import io
import json
from datetime import UTC, datetime

import msgspec

from starttls.check.observe import TLS, Certificate, Decided, Failure, Observation, Reason, State
from starttls.check.report.json import JSONReport
from starttls.tls.level import Level

VERIFIED = Observation(
    target="smtp://mail.example.org",
    address="192.0.2.1:25",
    protocol="smtp",
    state=State.UPGRADED,
    level=Level.VERIFIED,
    offered=("STARTTLS",),
    tls=TLS(version="TLSv1.3", cipher="TLS_AES_256_GCM_SHA384", group="x25519"),
    certificate=Certificate(
        subject="CN=mail.example.org",
        issuer="CN=R11",
        names=("mail.example.org",),
        not_before=datetime(2026, 5, 1, tzinfo=UTC),
        not_after=datetime(2026, 7, 30, 12, 30, tzinfo=UTC),
        sha256="ab" * 32,
        verified=True,
        reason=None,
    ),
    error=None,
    transcript="protocol: smtp\n",
    seconds=0.123456,
)
UNREACHABLE = Observation(
    target="imap://nowhere.invalid",
    address=None,
    protocol="imap",
    state=State.UNREACHABLE,
    level=Level.NONE,
    offered=None,
    tls=None,
    certificate=None,
    error=Failure(kind="CannotResolve", message="cannot resolve nowhere.invalid"),
    transcript=None,
    seconds=2.0,
)


def rendered(*observations: Observation) -> str:
    out = io.StringIO()
    report = JSONReport(out, "1.2.3")
    for seen in observations:
        report.add(seen)
    assert out.getvalue() == ""
    report.end()
    return out.getvalue()


def test_the_contract() -> None:
    text = rendered(VERIFIED, UNREACHABLE)
    assert json.loads(text) == {
        "starttls": "1.2.3",
        "targets": [
            {
                "target": "smtp://mail.example.org",
                "address": "192.0.2.1:25",
                "protocol": "smtp",
                "state": "upgraded",
                "level": "verified",
                "tls": {"version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "group": "x25519"},
                "certificate": {
                    "subject": "CN=mail.example.org",
                    "issuer": "CN=R11",
                    "names": ["mail.example.org"],
                    "not_before": "2026-05-01T00:00:00Z",
                    "not_after": "2026-07-30T12:30:00Z",
                    "sha256": "ab" * 32,
                    "verified": True,
                    "reason": None,
                },
                "error": None,
                "seconds": 0.123,
            },
            {
                "target": "imap://nowhere.invalid",
                "address": None,
                "protocol": "imap",
                "state": "unreachable",
                "level": "none",
                "tls": None,
                "certificate": None,
                "error": {
                    "class": "CannotResolve",
                    "message": "cannot resolve nowhere.invalid",
                    "transcript": None,
                },
                "seconds": 2.0,
            },
        ],
    }
    assert text.endswith("}\n")


def test_the_order_of_keys_is_part_of_it() -> None:
    document = json.loads(rendered(VERIFIED, UNREACHABLE))
    assert list(document) == ["starttls", "targets"]
    for target in document["targets"]:
        keys = ["target", "address", "protocol", "state", "level", "tls", "certificate", "error", "seconds"]
        assert list(target) == keys
    keys = ["subject", "issuer", "names", "not_before", "not_after", "sha256", "verified", "reason"]
    assert list(document["targets"][0]["certificate"]) == keys
    assert list(document["targets"][1]["error"]) == ["class", "message", "transcript"]


def test_the_states_are_these() -> None:
    assert [str(state) for state in State] == [
        *("upgraded", "implicit", "not-offered", "refused", "rejected", "failed", "unreachable")
    ]


def test_nothing_to_report_is_an_empty_list() -> None:
    assert json.loads(rendered()) == {"starttls": "1.2.3", "targets": []}


def test_what_is_only_there_where_it_was_asked_for() -> None:
    """Whoever asks for no policy and no domain gets what he always got."""
    assert json.loads(rendered(VERIFIED))["targets"][0].keys().isdisjoint({"policy", "domain"})
    decided = Decided(action="dane", authentic=True, reasons=(Reason(text="TLS is required", reference="RFC 7672"),))
    found = msgspec.structs.replace(VERIFIED, level=Level.DANE, decided=decided, domain="example.org")
    (target,) = json.loads(rendered(found))["targets"]
    assert (target["level"], target["domain"]) == ("dane", "example.org")
    assert target["policy"] == {
        "action": "dane",
        "authentic": True,
        "reasons": [{"text": "TLS is required", "reference": "RFC 7672"}],
    }
