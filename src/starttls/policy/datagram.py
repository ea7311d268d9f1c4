"""What a mail server tells a collector about one delivery, as libtlsrpt writes it: one JSON datagram.

::

    {"dpv": "1", "d": "example.org", "pr": "v=TLSRPTv1; rua=mailto:tls@example.org", "policies": [
      {"policy-type": 2, "policy-domain": "example.org", "policy-string": ["version: STSv1", ...],
       "mx-host": ["*.example.org"],
       "failure-details": [{"c": 204, "s": "192.0.2.1", "n": "mx.example.org", "h": "mx", "r": "192.0.2.2",
                            "a": "more", "f": "reason"}],
       "t": 1, "f": 1}]}

``t`` counts the failures, ``f`` is 0 where the delivery went well in the end. Postfix 3.10 and later sends it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec

from starttls.policy.errors import BadReport
from starttls.policy.report import FailureDetails, Policy, PolicyType
from starttls.policy.tlsrpt import ResultType
from starttls.policy.untrusted import decoded, domain_name

__all__ = ["CODES", "NUMBERS", "SIZE", "Applied", "Delivery", "read"]

SIZE = 256 * 1024
"""Bytes of a datagram. Linux sends none that does not fit into a socket's buffer, by default 208 KiB."""

CODES: Mapping[int, ResultType] = MappingProxyType(
    {
        201: ResultType.STARTTLS_NOT_SUPPORTED,
        202: ResultType.CERTIFICATE_HOST_MISMATCH,
        203: ResultType.CERTIFICATE_NOT_TRUSTED,
        204: ResultType.CERTIFICATE_EXPIRED,
        205: ResultType.VALIDATION_FAILURE,
        301: ResultType.STS_POLICY_FETCH_ERROR,
        302: ResultType.STS_POLICY_INVALID,
        303: ResultType.STS_WEBPKI_INVALID,
        304: ResultType.TLSA_INVALID,
        305: ResultType.DNSSEC_INVALID,
        306: ResultType.DANE_REQUIRED,
    }
)
"""What libtlsrpt's numbers mean."""

NUMBERS: Mapping[ResultType, int] = MappingProxyType({result: number for number, result in CODES.items()})
"""The same the other way round."""

_SOURCE = "TLSRPT datagram"
_TYPES = {1: PolicyType.TLSA, 2: PolicyType.STS, 9: PolicyType.NO_POLICY_FOUND}


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """One policy that the delivery was held to, and what came of it."""

    policy: Policy
    failures: tuple[FailureDetails, ...]
    """One for each attempt that failed."""
    failed: bool
    """Whether it failed in the end. Failures and then a success are one successful delivery."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One datagram."""

    domain: str
    """The domain that gets the report, in A-labels."""
    record: str
    """Its TLSRPT record, as it was published."""
    policies: tuple[Applied, ...]


class _Failure(msgspec.Struct):
    c: int
    s: str = ""
    n: str = ""
    h: str = ""
    r: str = ""
    a: str = ""
    f: str = ""


class _Applied(msgspec.Struct, rename="kebab", kw_only=True):
    policy_type: Literal[1, 2, 9]
    policy_domain: str | None = None  # Postfix names none where it found no policy
    policy_string: tuple[str, ...] = ()
    mx_host: tuple[str, ...] = ()
    failure_details: tuple[_Failure, ...] = ()
    t: int
    f: Literal[0, 1]


class _Delivery(msgspec.Struct, kw_only=True):
    dpv: Literal["1"]
    d: str
    pr: str
    policies: tuple[_Applied, ...]


_DECODER = msgspec.json.Decoder(_Delivery)


def read(data: bytes) -> Delivery:
    """Read one datagram. Raises `BadReport`. Unknown keys are passed over: a change of the rest has a new ``dpv``."""
    if len(data) > SIZE:
        raise BadReport(_SOURCE, f"more than {SIZE} bytes")
    # libtlsrpt passes on a server's bytes above 127 as they are. Who refused what is not UTF-8 would let the server
    # choose, by its EHLO, whether a failure is ever reported.
    found = decoded(_DECODER, data.decode("utf-8", "replace").encode(), _SOURCE)
    domain = domain_name(found.d, _SOURCE, "$.d")
    if not found.policies:
        raise BadReport(_SOURCE, "nothing there", "$.policies")
    applied = (_applied(one, domain, f"$.policies[{number}]") for number, one in enumerate(found.policies))
    return Delivery(domain=domain, record=found.pr, policies=tuple(applied))


def _applied(found: _Applied, domain: str, path: str) -> Applied:
    if found.t != len(found.failure_details):
        raise BadReport(_SOURCE, f"{found.t} failures are counted, {len(found.failure_details)} told", f"{path}.t")
    named = found.policy_domain
    failures = (_failure(one, f"{path}.failure-details[{n}]") for n, one in enumerate(found.failure_details))
    return Applied(
        policy=Policy(
            policy_type=_TYPES[found.policy_type],
            policy_string=found.policy_string,
            policy_domain=domain if named is None else domain_name(named, _SOURCE, f"{path}.policy-domain"),
            mx_host=found.mx_host,
        ),
        failures=tuple(failures),
        failed=bool(found.f),
    )


def _failure(found: _Failure, path: str) -> FailureDetails:
    if found.c not in CODES:
        raise BadReport(_SOURCE, f"{found.c} is no result type", f"{path}.c")
    return FailureDetails(
        result_type=CODES[found.c],
        sending_mta_ip=found.s,
        receiving_mx_hostname=found.n,
        receiving_mx_helo=found.h,
        receiving_ip=found.r,
        failed_session_count=1,
        additional_information=found.a,
        failure_reason_code=found.f,
    )
