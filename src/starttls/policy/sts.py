"""MTA-STS: the record that announces a policy, the policy, and which MX it allows (RFC 8461)."""

import enum
from dataclasses import dataclass

__all__ = ["Learned", "Mode", "State", "StsPolicy"]


class Mode(enum.StrEnum):
    """What a policy asks of senders (RFC 8461 §5)."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class StsPolicy:
    """One policy, as it was published."""

    mode: Mode
    mx: tuple[str, ...]
    """Patterns: ``"mx1.example.org"`` or ``"*.example.org"``."""
    max_age: int
    """Seconds from the fetch."""
    lines: tuple[str, ...] = ()
    """The policy's own lines, for TLSRPT's ``policy-string``."""


class State(enum.StrEnum):
    """What came of looking for a policy."""

    NONE = "none"
    """None is announced."""
    VALID = "valid"
    INVALID = "invalid"
    """The record or the policy is malformed."""
    UNREACHABLE = "unreachable"
    """It is announced, and could not be fetched, or the record could not be looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What is known of a domain's policy now.

    ``policy`` is the one in force: just fetched, or kept from before and not yet expired (then ``state`` may be other
    than VALID, and ``errors`` say why it could not be renewed). ``fetched`` and ``expires`` are in seconds since 1970.
    """

    domain: str
    state: State
    policy: StsPolicy | None = None
    id: str | None = None
    errors: tuple[str, ...] = ()
    fetched: float = 0.0
    expires: float = 0.0
