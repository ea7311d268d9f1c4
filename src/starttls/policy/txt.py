"""Records of ``name=value`` fields in TXT, as MTA-STS (RFC 8461 §3.1) and TLSRPT (RFC 8460 §3) have them.

The two grammars are one, but for the version and for what their own field may hold::

    v=STSv1; id=20160831085700Z; other=value;
"""

import re
from collections.abc import Iterable

from starttls.core.transcript import printable
from starttls.policy.answer import TXT, Answer

__all__ = ["Malformed", "announcing", "fields", "split", "unusable"]

_WSP = b" \t"
# sts-ext-name and tlsrpt-ext-name: (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".")
_NAME = re.compile(rb"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}")
# sts-ext-value and tlsrpt-ext-value: 1*(%x21-3A / %x3C / %x3E-7E), no "=", ";", space or control
_VALUE = re.compile(rb"[\x21-\x3a\x3c\x3e-\x7e]+")


class Malformed(ValueError):
    """What is wrong with a record or a policy, in one line. The callers make their own errors of it."""


def unusable(answer: Answer) -> str | None:
    """Why an answer says nothing, neither yes nor no; None where it may be used."""
    if answer.status.usable:
        return None
    return f"DNS: {answer.question} is {answer.status}" + (f": {answer.reason}" if answer.reason else "")


def announcing(records: Iterable[TXT], version: bytes) -> list[bytes]:
    """The records that begin with ``version``, each with its strings joined; the others are somebody else's.

    Both RFCs name the beginning ``v=STSv1;``, and their grammars allow whitespace before the semicolon. A record with
    the version alone begins so, too: it is malformed, but it is meant.
    """
    begins = re.compile(re.escape(version) + rb"[ \t]*(?:;|\Z)")
    return [text for text in (record.joined for record in records) if begins.match(text)]


def fields(text: bytes, version: bytes, own: bytes = b"") -> list[tuple[bytes, bytes]]:
    """The fields of a record behind its version, in order. Raises `Malformed`.

    The value of a field called ``own`` is left to the caller; all others must be extension fields by the grammar, also
    those that nobody knows (RFC 8461 §3.2: "unknown fields SHALL be ignored", where they are "syntactically valid").
    """
    first, *rest = split(text, b";")
    if first != version:
        raise Malformed(f"the record does not begin with '{version.decode()};'")
    if rest and not rest[-1]:
        rest.pop()  # one delimiter may end the record
    if not rest:
        raise Malformed(f"the record has nothing behind '{version.decode()}'")
    found: list[tuple[bytes, bytes]] = []
    for number, field in enumerate(rest, 1):
        name, equals, value = field.partition(b"=")
        if not equals or not _NAME.fullmatch(name) or not (name == own or _VALUE.fullmatch(value)):
            raise Malformed(f"field {number} of the record is not 'name=value': '{printable(field, 60)}'")
        found.append((name, value))
    return found


def split(text: bytes, delimiter: bytes) -> list[bytes]:
    """Split at ``*WSP delimiter *WSP``. Whitespace at the start or the end of the whole stays: no grammar allows it."""
    first, *rest = text.split(delimiter)
    if not rest:
        return [first]
    *inner, last = rest
    return [first.rstrip(_WSP), *(part.strip(_WSP) for part in inner), last.lstrip(_WSP)]
