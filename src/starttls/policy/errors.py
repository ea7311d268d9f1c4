"""What a policy forbids, and reports that make no sense. The other errors are in `starttls.core.errors`.

::

    PolicyError            the connection, or the mail, is not to be had under the policy
      NotAuthentic           DNS data that must be proven is forged, broken or could not be had
      DaneRequired           DANE was demanded, and the destination publishes nothing that can be used
      DaneNoMatch            the certificates match none of the TLSA records
      StsMxMismatch          the MX is none of those that the MTA-STS policy names
      StsFetchFailed         the MTA-STS policy is announced, and could not be fetched
      StsInvalid             the MTA-STS policy, or the record that announces it, is malformed
      StsCertificate         the MTA-STS policy's own web server does not prove who it is
      NoMail                 the domain takes no mail: a null MX, or it does not exist
      NoUsableMX             every mail exchanger failed; why, for each
      NoService              the domain does not offer the service
      RequireTLS             the message demands TLS to its end, and the host cannot promise it

    BadReport              a TLS report, its file name or a datagram about sessions that makes no sense
"""

from dataclasses import dataclass, field
from typing import Self

from starttls.core.errors import StartTLSError
from starttls.policy.answer import TLSA, Answer, ExtendedError, Question, Status

__all__ = [
    "BadReport",
    "DaneNoMatch",
    "DaneRequired",
    "NoMail",
    "NoService",
    "NoUsableMX",
    "NotAuthentic",
    "PolicyError",
    "RequireTLS",
    "StsCertificate",
    "StsFetchFailed",
    "StsInvalid",
    "StsMxMismatch",
]


class PolicyError(StartTLSError):
    """The connection, or the mail, is not to be had under the policy."""


@dataclass(eq=False)
class NotAuthentic(PolicyError):
    """DNS data that must be proven is bogus, or could not be had. Never a reason to go on without (RFC 7672 §2.1)."""

    question: Question
    status: Status
    detail: str = ""
    extended: tuple[ExtendedError, ...] = ()

    @classmethod
    def of(cls, answer: Answer) -> Self:
        """The error that a failed lookup is."""
        return cls(answer.question, answer.status, answer.reason, answer.extended)

    def _words(self) -> str:
        return f"DNS: {self.question} is {self.status}" + (f": {self.detail}" if self.detail else "")


@dataclass(eq=False)
class DaneRequired(PolicyError):
    """DANE was demanded by name, and the destination publishes nothing that can be used."""

    host: str
    detail: str
    _text = "DANE is required, but {host} {detail}"


@dataclass(eq=False)
class DaneNoMatch(PolicyError):
    """The certificates match none of the usable TLSA records. ``chain`` is DER, leaf first."""

    detail: str
    records: tuple[TLSA, ...] = ()
    chain: tuple[bytes, ...] = field(default=(), repr=False)
    _text = "DANE: {detail}"
    _place = ", in"


@dataclass(eq=False)
class StsMxMismatch(PolicyError):
    """The MX is none of those that the MTA-STS policy names (RFC 8461 §4.1)."""

    host: str
    patterns: tuple[str, ...]

    def _words(self) -> str:
        return f"MTA-STS: {self.host} is not among the policy's mx ({', '.join(self.patterns)})"


@dataclass(eq=False)
class StsFetchFailed(PolicyError):
    """The policy is announced, and could not be fetched."""

    url: str
    detail: str
    _text = "MTA-STS: {url}: {detail}"


@dataclass(eq=False)
class StsInvalid(PolicyError):
    """The policy, or the record that announces it, is malformed."""

    domain: str
    detail: str
    _text = "MTA-STS of {domain}: {detail}"


@dataclass(eq=False)
class StsCertificate(PolicyError):
    """The policy's web server does not prove that it is ``mta-sts.<domain>`` (RFC 8461 §3.3)."""

    url: str
    detail: str
    chain: tuple[bytes, ...] = field(default=(), repr=False)
    _text = "MTA-STS: {url}: {detail}"


@dataclass(eq=False)
class NoMail(PolicyError):
    """The domain takes no mail."""

    domain: str
    detail: str
    _text = "{domain} takes no mail: {detail}"


@dataclass(eq=False)
class NoUsableMX(PolicyError):
    """Every mail exchanger failed. ``failures`` has the error of each, in the order in which they were tried."""

    domain: str
    failures: tuple[tuple[str, StartTLSError], ...]

    def _words(self) -> str:
        whys = "; ".join(f"{host}: {error}" for host, error in self.failures)
        return f"no mail exchanger of {self.domain} can be used: {whys}"


@dataclass(eq=False)
class NoService(PolicyError):
    """The domain does not offer the service."""

    domain: str
    service: str
    detail: str
    _text = "{domain} offers no {service}: {detail}"


@dataclass(eq=False)
class RequireTLS(PolicyError):
    """The message demands TLS to its end (REQUIRETLS), and the host cannot promise it: 5.7.30 (RFC 8689 §4.2.1)."""

    host: str
    detail: str
    _text = "REQUIRETLS: {host} {detail}"


@dataclass(eq=False)
class BadReport(StartTLSError):
    """What was sent, or is to be sent, as TLSRPT data makes no sense (RFC 8460). No policy forbade anything."""

    source: str
    """What it is: ``"TLS report"``."""
    detail: str
    path: str = ""
    """Where in its JSON: ``"$.policies[0].summary"``. Empty for all of it."""

    def _words(self) -> str:
        return f"{self.source}: {self.detail}" + (f" at {self.path}" if self.path else "")
