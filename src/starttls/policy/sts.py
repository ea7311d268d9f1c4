"""MTA-STS: the record that announces a policy, the policy, and which MX it allows (RFC 8461).

When a policy is fetched, and how long it holds, is in `starttls.policy.renewal`.
"""

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass

from starttls.core.transcript import printable
from starttls.policy.errors import StsInvalid
from starttls.policy.txt import Malformed, fields

__all__ = [
    "LINES",
    "MAX_AGE",
    "SIZE",
    "VERSION",
    "Learned",
    "Mode",
    "State",
    "StsPolicy",
    "matches",
    "parse_policy",
    "parse_record",
]

SIZE = 65536
"""Bytes that a policy may have. RFC 8461 §3.3: "a suggested maximum policy size 64 kilobytes"."""

LINES = 1024
"""Lines that a policy may have. It needs three, and one for each mail host.

A policy is kept in memory for up to a year, is compared with each MX, and is copied into every TLS report. 64 KiB of
``mx:a`` would be 13,000 patterns for one domain; with this limit a hostile policy takes a third of a megabyte.
"""

MAX_AGE = 31557600
"""Seconds: a year. RFC 8461 §3.2: "maximum value of 31557600"."""

VERSION = b"v=STSv1"
"""How a record begins."""

_ID = re.compile(rb"[A-Za-z0-9]{1,32}")
# RFC 8461 §3.2, sts-policy-ext-name
_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
# sts-policy-ext-value: no control, no space at an end. What is left of UTF-8 is UTF8-2, UTF8-3 and UTF8-4.
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DIGITS = re.compile(r"[0-9]{1,10}")
# RFC 5321 §4.1.2: Domain = sub-domain *("." sub-domain), in A-labels
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_PATTERN = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")


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
    """Patterns in lower case: ``"mx1.example.org"`` or ``"*.example.org"``."""
    max_age: int
    """Seconds from the fetch, at most `MAX_AGE`."""
    lines: tuple[str, ...] = ()
    """The policy's own lines, for TLSRPT's ``policy-string``. Not made safe for a terminal."""


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
    than VALID, and ``errors`` say why it could not be renewed). Times are in seconds since 1970.
    """

    domain: str
    state: State
    policy: StsPolicy | None = None
    id: str | None = None
    """With a policy, the one that was announced when it was fetched; without, the one that is announced now."""
    errors: tuple[str, ...] = ()
    fetched: float = 0.0
    expires: float = 0.0
    failed: float | None = None
    """When the last attempt to fetch failed, where none succeeded since."""
    failed_id: str | None = None
    """What was announced then."""


def parse_record(domain: str, text: bytes) -> str:
    """The ``id`` of the record that announces the policy of ``domain``. Raises `StsInvalid`."""
    try:
        found = fields(text, VERSION)
    except Malformed as error:
        raise StsInvalid(domain, str(error)) from None
    # RFC 8461 §3.2, of records and policies: what is doubled counts the first time.
    ids = [value for name, value in found if name == b"id"]
    if not ids:
        raise StsInvalid(domain, "the record has no id")
    if not _ID.fullmatch(ids[0]):
        raise StsInvalid(domain, f"the record's id is not 1 to 32 letters and digits: '{printable(ids[0], 60)}'")
    return ids[0].decode()


def parse_policy(domain: str, text: bytes) -> StsPolicy:
    """Read the policy of ``domain`` as its web server gives it. Raises `StsInvalid`, naming the line."""
    try:
        return _policy(_lines(text))
    except Malformed as error:
        raise StsInvalid(domain, str(error)) from None


def _policy(lines: Sequence[str]) -> StsPolicy:
    first, mx = _keys(lines)
    version, mode, max_age = (_required(first, key) for key in ("version", "mode", "max_age"))
    if version != "STSv1":
        raise Malformed(f"the version is '{_shown(version)}', not 'STSv1'")
    if mode not in tuple(Mode):
        raise Malformed(f"the mode is '{_shown(mode)}', not enforce, testing or none")
    if not _DIGITS.fullmatch(max_age):
        raise Malformed(f"the max_age is not 1 to 10 digits: '{_shown(max_age)}'")
    if not mx and mode != Mode.NONE:
        raise Malformed(f"the mode is {mode}, and no mx is named")
    # Larger values are not allowed, but the grammar has room for them (erratum 7282): no policy lasts longer.
    return StsPolicy(mode=Mode(mode), mx=tuple(mx), max_age=min(int(max_age), MAX_AGE), lines=tuple(lines))


def _lines(text: bytes) -> list[str]:
    if len(text) > SIZE:
        raise Malformed(f"the policy has more than {SIZE} bytes")
    try:
        # RFC 8461 §3.2: "including UTF-8", whatever charset the web server may have named
        *ended, last = text.decode("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise Malformed(f"the policy is not UTF-8 at byte {error.start}") from None
    lines = [line.removesuffix("\r") for line in ended]  # sts-policy-term = LF / CRLF
    if last:
        lines.append(last)
    if len(lines) > LINES:
        raise Malformed(f"the policy has more than {LINES} lines")
    return lines


def _keys(lines: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The first value of each key, and all values of ``mx``."""
    first: dict[str, str] = {}
    mx: list[str] = []
    for number, line in enumerate(lines, 1):
        key, colon, value = line.partition(":")
        value = value.strip(" \t")
        if not colon or not _KEY.fullmatch(key) or not value or _CONTROL.search(value):
            raise Malformed(f"line {number} of the policy is not 'key: value': '{_shown(line)}'")
        if key == "mx":
            mx.append(_pattern(number, value))
        else:
            # RFC 8461 §3.2: "all entries except for the first SHALL be ignored"
            first.setdefault(key, value)
    return first, mx


def _pattern(number: int, value: str) -> str:
    """One ``mx``: a host name, or ``*.`` and a host name."""
    if not value.isascii():
        # RFC 8461 §3.2: "the "mx" value MUST specify the Punycode-encoded A-label [...] and not the [...] U-label"
        raise Malformed(f"line {number} of the policy: the mx '{_shown(value)}' is not written in A-labels (xn--...)")
    if len(value) > 255 or not _PATTERN.fullmatch(value):
        raise Malformed(
            f"line {number} of the policy: the mx '{_shown(value)}' is neither a host name nor '*.' and one"
        )
    return value.lower()


def _required(first: dict[str, str], key: str) -> str:
    # RFC 8461 §3.2: "If any field is not specified, the policy SHALL be treated as invalid."
    if key not in first:
        raise Malformed(f"the policy has no {key}")
    return first[key]


def _shown(text: str) -> str:
    return printable(text.encode(), 60)


def matches(policy: StsPolicy, host: str) -> bool:
    """Does the policy name the mail host (RFC 8461 §4.1)? What it then demands is its mode's affair.

    ``host`` is a name from an MX record. A wildcard stands for exactly one label: ``*.example.org`` is for
    ``mx.example.org``, and neither for ``example.org`` nor for ``a.mx.example.org``.
    """
    name = host.removesuffix(".").lower()
    label, _, parent = name.partition(".")
    return bool(label) and (name in policy.mx or (bool(parent) and f"*.{parent}" in policy.mx))
