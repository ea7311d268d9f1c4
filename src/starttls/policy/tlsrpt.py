"""TLS reports: the record that asks for them, and what an error is called in one (RFC 8460)."""

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import unquote, urlsplit

from starttls.core import errors as core
from starttls.core.transcript import printable
from starttls.grammar.esmtp import GO_AHEAD, GREETING, HELLO
from starttls.policy import errors as policy
from starttls.policy.answer import TXT, Answer
from starttls.policy.sts import State
from starttls.policy.txt import Malformed, announcing, fields, split, unusable

__all__ = ["RESULTS", "VERSION", "Reporting", "ResultType", "reporting", "result_type"]

VERSION = b"v=TLSRPTv1"
"""How a record begins."""

_URI = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*:(?:[A-Za-z0-9._~:/?#@$&'()*+=\[\]-]|%[0-9A-Fa-f]{2})+")
"""A URI of RFC 3986 in outline, without what RFC 8460 §3 has written as %2C, %21 and %3B: ``,``, ``!`` and ``;``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """Where a domain wants its reports. ``state``, ``rua`` and ``errors`` are those of the JSON report."""

    state: State
    rua: tuple[str, ...] = ()
    """The URIs that can be used, ``mailto:`` and ``https:``, as they were published."""
    errors: tuple[str, ...] = ()


def reporting(answer: Answer) -> Reporting:
    """Read the answer to TXT at ``_smtp._tls.<domain>``. It needs no DNSSEC, but a bogus one says nothing."""
    if why := unusable(answer):
        return Reporting(state=State.UNREACHABLE, errors=(why,))
    records = announcing(answer.of(TXT), VERSION)
    if len(records) != 1:
        # RFC 8460 §3: "If the number of resulting records is not one, senders MUST assume the recipient domain does
        # not implement TLSRPT."
        many = (f"{len(records)} records begin with '{VERSION.decode()};': none counts",) if records else ()
        return Reporting(state=State.NONE, errors=many)
    try:
        values = _uris(records[0])
    except Malformed as error:
        return Reporting(state=State.INVALID, errors=(str(error),))
    complaints = {uri: complaint for uri in values if (complaint := _complaint(uri))}
    rua = tuple(dict.fromkeys(uri for uri in values if uri not in complaints))
    return Reporting(state=State.VALID if rua else State.INVALID, rua=rua, errors=tuple(complaints.values()))


def _uris(record: bytes) -> list[str]:
    """All URIs of a record; the grammar allows it several ``rua``, each with a list."""
    lists = [split(value, b",") for name, value in fields(record, VERSION, b"rua") if name == b"rua"]
    if not lists:
        raise Malformed("the record has no rua")
    for uri in (uri for uris in lists for uri in uris):
        if not _URI.fullmatch(uri):
            raise Malformed(f"'{printable(uri, 60)}' in the rua is no URI")
    return [uri.decode() for uris in lists for uri in uris]


def _complaint(uri: str) -> str:
    """Why no report can be sent to a well-formed URI; "" where one can."""
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        return f"'{_shown(uri)}' cannot be read: {error}"
    match parts.scheme:
        case "https":
            return "" if host and port != 0 else f"'{_shown(uri)}' names no host"
        case "mailto":
            local, _, domain = unquote(parts.path).rpartition("@")
            return "" if local and domain and not parts.netloc else f"'{_shown(uri)}' names no mailbox"
        case _:
            # RFC 8460 §3: "Two URI schemes are supported: "mailto" and "https"."
            return f"'{_shown(uri)}' is neither mailto: nor https:"


def _shown(uri: str) -> str:
    return printable(uri.encode(), 60)


class ResultType(enum.StrEnum):
    """What went wrong with a session, as a report calls it (RFC 8460 §4.3)."""

    STARTTLS_NOT_SUPPORTED = "starttls-not-supported"
    CERTIFICATE_HOST_MISMATCH = "certificate-host-mismatch"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_NOT_TRUSTED = "certificate-not-trusted"
    VALIDATION_FAILURE = "validation-failure"
    TLSA_INVALID = "tlsa-invalid"
    DNSSEC_INVALID = "dnssec-invalid"
    DANE_REQUIRED = "dane-required"
    STS_POLICY_FETCH_ERROR = "sts-policy-fetch-error"
    STS_POLICY_INVALID = "sts-policy-invalid"
    STS_WEBPKI_INVALID = "sts-webpki-invalid"


RESULTS: Mapping[type[core.StartTLSError], ResultType | None] = MappingProxyType(
    {
        # -- what was said before TLS. `result_type` looks closer at Refused and ClosedEarly.
        core.NotOffered: ResultType.STARTTLS_NOT_SUPPORTED,
        core.Refused: ResultType.STARTTLS_NOT_SUPPORTED,
        core.ClosedEarly: ResultType.VALIDATION_FAILURE,
        # RFC 8460 §4.3.3: "When a negotiation failure cannot be categorized [...] the reporter SHOULD use the
        # "validation-failure" category".
        core.Unexpected: ResultType.VALIDATION_FAILURE,
        core.PrematureReply: ResultType.VALIDATION_FAILURE,
        core.Preauthenticated: ResultType.VALIDATION_FAILURE,
        core.TooLong: ResultType.VALIDATION_FAILURE,
        core.PlaintextAfterGoAhead: ResultType.VALIDATION_FAILURE,
        core.NotRequested: None,  # of servers, and reports are about servers
        # -- TLS. `result_type` looks closer at CertificateRejected.
        core.HandshakeFailed: ResultType.VALIDATION_FAILURE,
        # RFC 8460 §4.3.1: "covers multiple certificate-related failures", all that have no name of their own
        core.CertificateRejected: ResultType.CERTIFICATE_NOT_TRUSTED,
        core.Truncated: None,  # the session was negotiated
        # -- below TLS. RFC 8460 §4.3.4: "Transient errors [...] are not required to be reported."
        core.CannotResolve: None,
        core.CannotConnect: None,
        core.TimedOut: None,
        # -- policies. RFC 8460 §4.3.2.1: "no valid records were returned from the recursive resolver"
        policy.NotAuthentic: ResultType.DNSSEC_INVALID,
        policy.DaneRequired: ResultType.DANE_REQUIRED,
        # "None of the records in the RRset were found to be valid": mostly the certificate was renewed, and the
        # records were not. Exchange Online says tlsa-invalid (5.7.323: the certificate "doesn't match with what is
        # expected per the authentic TLSA record"); mox says validation-failure, which is for "a reason not matching a
        # category above" and tells an operator less.
        policy.DaneNoMatch: ResultType.TLSA_INVALID,
        # Drafts had "mx-mismatch" for it, RFC 8460 has no category: as mox does.
        policy.StsMxMismatch: ResultType.VALIDATION_FAILURE,
        policy.StsFetchFailed: ResultType.STS_POLICY_FETCH_ERROR,
        policy.StsInvalid: ResultType.STS_POLICY_INVALID,
        policy.StsCertificate: ResultType.STS_WEBPKI_INVALID,
        policy.NoMail: None,
        policy.NoUsableMX: None,  # each of its failures is reported by itself
        policy.NoService: None,
        policy.RequireTLS: None,  # it is the message that asks for it, no policy of the domain's
        # -- not of this world
        policy.BadReport: None,  # of reports that came
        core.Misuse: None,
        core.BadConfig: None,
    }
)
"""What each error is called in a report; None where it says nothing of TLS. The one table of it."""

_EXPIRED = 10  # X509_V_ERR_CERT_HAS_EXPIRED. One that is not valid yet has not expired.
_MISMATCHES = frozenset({62, 63, 64})  # X509_V_ERR_HOSTNAME_MISMATCH, of a mail address, of an IP address


def result_type(error: core.StartTLSError) -> ResultType | None:
    """What a report calls ``error``; None where there is nothing to report. A subclass is called as its parent is."""
    if isinstance(error, core.CertificateRejected) and error.code == _EXPIRED:
        return ResultType.CERTIFICATE_EXPIRED
    if isinstance(error, core.CertificateRejected) and error.code in _MISMATCHES:
        return ResultType.CERTIFICATE_HOST_MISMATCH
    # A server that turns every connection away, or is too busy, says nothing of TLS. From the hello on, an attacker who
    # wants none has a reason to cut in.
    if isinstance(error, core.Refused) and (error.kind is core.Refusal.THROTTLED or error.waiting_for == GREETING):
        return None
    if isinstance(error, core.ClosedEarly) and error.waiting_for not in {HELLO, GO_AHEAD}:
        return None
    return next((RESULTS[kind] for kind in type(error).__mro__ if kind in RESULTS), None)
