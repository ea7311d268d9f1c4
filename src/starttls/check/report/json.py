"""The result for programs. Others build on it: names and order are a contract, and only ever grow.

::

    {"starttls": VERSION, "targets": [{"target", "address", "protocol", "state", "level",
      "tls": {"version", "cipher", "group"} or null,
      "certificate": {"subject", "issuer", "names", "not_before", "not_after", "sha256", "verified", "reason"} or null,
      "error": {"class", "message", "transcript"} or null, "seconds",
      "domain", "policy": {"action", "authentic", "reasons": [{"text", "reference"}]}}]}

``domain`` is there where a domain's services were looked for, and ``policy`` where the DNS was asked what to demand.
"""

from typing import TextIO

import msgspec

from starttls.check.observe import TLS, Certificate, Decided, Observation

__all__ = ["JSONReport"]


class _Error(msgspec.Struct, frozen=True, kw_only=True, rename={"kind": "class"}):
    kind: str
    message: str
    transcript: str | None


class _Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    target: str
    address: str | None
    protocol: str
    state: str
    level: str
    tls: TLS | None
    certificate: Certificate | None
    error: _Error | None
    seconds: float
    domain: str | None = None
    policy: Decided | None = None


class _Document(msgspec.Struct, frozen=True, kw_only=True):
    starttls: str
    targets: tuple[_Target, ...]


class JSONReport:
    """Gathers observations, and writes one document to ``out`` at the end. ``version`` is ours."""

    def __init__(self, out: TextIO, version: str) -> None:
        self._out = out
        self._targets: list[_Target] = []
        self._version = version

    def add(self, seen: Observation) -> None:
        """Take one observation."""
        self._targets.append(_target(seen))

    def end(self) -> None:
        """Write the document."""
        document = _Document(starttls=self._version, targets=tuple(self._targets))
        self._out.write(msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n")


def _target(seen: Observation) -> _Target:
    error = None
    if seen.error is not None:
        error = _Error(kind=seen.error.kind, message=seen.error.message, transcript=seen.transcript)
    return _Target(
        target=seen.target,
        address=seen.address,
        protocol=seen.protocol,
        state=seen.state,
        level=seen.level,
        tls=seen.tls,
        certificate=seen.certificate,
        error=error,
        seconds=round(seen.seconds, 3),
        domain=seen.domain,
        policy=seen.decided,
    )
