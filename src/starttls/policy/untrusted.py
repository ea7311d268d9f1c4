"""JSON and domains in what somebody else sent: read, or one declared error that says where they make no sense."""

import re
from typing import TypeVar

import msgspec

from starttls.core.errors import Misuse
from starttls.core.transcript import printable
from starttls.policy.errors import BadReport
from starttls.tls.names import a_label

__all__ = ["COUNT", "decoded", "domain_name", "shown"]

COUNT = 2**53 - 1
"""The largest count. Reports are I-JSON (RFC 8460 §4), where larger integers need not be exact (RFC 7493 §2.2)."""

T = TypeVar("T")

_PLACE = re.compile(r" - at `(\$.*)`\Z", re.DOTALL)


def decoded(decoder: msgspec.json.Decoder[T], data: bytes, source: str) -> T:
    """Read ``data``, which errors call ``source``. Raises `BadReport`. The caller bounds the size."""
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        text = str(error)
        match = _PLACE.search(text)
        detail, path = (text[: match.start()], match[1]) if match else (text, "")
        raise BadReport(source, _lower(detail), path) from None
    except msgspec.DecodeError as error:
        raise BadReport(source, f"no JSON: {_lower(str(error))}") from None
    except UnicodeDecodeError:
        raise BadReport(source, "no JSON: a text in it is not UTF-8") from None
    except RecursionError:
        raise BadReport(source, "nested too deeply") from None


def domain_name(name: str, source: str, path: str = "") -> str:
    """A domain as it stands in the DNS: A-labels, lower case, no dot at the end. Raises `BadReport`."""
    if len(name) > 254:  # before anybody looks at each letter, or shows it
        raise BadReport(source, f"'{shown(name)}' is no domain", path)
    try:
        return a_label(name)
    except Misuse as error:
        raise BadReport(source, error.what, path) from None


def shown(text: str) -> str:
    """A text, for an error: one short line."""
    return printable(text[:200].encode(errors="backslashreplace"), 60)


def _lower(text: str) -> str:
    """As all errors begin; not a word of capitals."""
    return text if text.startswith("JSON") else text[:1].lower() + text[1:]
