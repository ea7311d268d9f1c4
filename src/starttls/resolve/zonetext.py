"""The text of a made-up world: lines of a zone file, each with a status (see `starttls.resolve.fake`)."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

from starttls.core.errors import Misuse
from starttls.policy.answer import MX, SRV, TLSA, TXT, Address, ExtendedError, Record, Status
from starttls.resolve.special import as_asked

__all__ = ["Entry", "entries", "owner_name", "type_of"]

TYPES = ("A", "AAAA", "MX", "SRV", "TXT", "TLSA", "CNAME", "DNAME", "NXDOMAIN", "ZONE")

_WORD = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|(;.*)|([^\s;"]+))')
_NOTE = re.compile(r";\s*(?P<status>\w+)(?:\s+EDE\s+(?P<code>\d+))?\s*(?::\s*(?P<reason>.*))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line. ``rdtype`` is a DNS type, ``"NXDOMAIN"`` or ``"ZONE"``; ``target`` that of a CNAME or DNAME."""

    name: str
    rdtype: str
    record: Record | None = None
    target: str = ""
    ttl: int | None = None
    status: Status | None = None
    reason: str = ""
    extended: tuple[ExtendedError, ...] = ()


def entries(text: str) -> Iterator[Entry]:
    """Read a text. Raises `Misuse` with the line's number for what cannot be read."""
    origin, ttl = "", None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith(";"):
            continue
        try:
            words, note = _split(line)
            match words:
                case ["$ORIGIN", name]:
                    origin = as_asked(name)
                case ["$TTL", seconds]:
                    ttl = int(seconds)
                case _:
                    yield _entry(words, note, origin, ttl)
        except (Misuse, ValueError) as error:
            raise Misuse(f"line {number}, '{line.strip()}': {error}") from None


def owner_name(name: str) -> str:
    """The name of an owner, which may be a wildcard. Raises `Misuse`."""
    parent = name.removeprefix("*.")
    return as_asked(name) if parent == name else f"*.{as_asked(parent)}"


def type_of(record: Record) -> str:
    """The DNS type that a record has."""
    if isinstance(record, Address):
        return "AAAA" if ":" in record.address else "A"
    return type(record).__name__


def _split(line: str) -> tuple[list[str], str]:
    """The words of a line, quotes taken off, and the note behind them."""
    words: list[str] = []
    at, end = 0, len(line.rstrip())
    while at < end:
        found = _WORD.match(line, at)
        if found is None:
            raise Misuse("a quote is not closed")
        quoted, note, plain = found.groups()
        if note is not None:
            return words, note
        words.append(plain if plain is not None else re.sub(r"\\(.)", r"\1", quoted))
        at = found.end()
    return words, ""


def _entry(words: list[str], note: str, origin: str, ttl: int | None) -> Entry:
    name, rest = _name(words[0], origin), words[1:]
    if rest and rest[0].isdigit():
        ttl, rest = int(rest[0]), rest[1:]
    if rest[:1] == ["IN"]:
        rest = rest[1:]
    if not rest or rest[0] not in TYPES:
        raise Misuse(f"a type is expected, one of {', '.join(TYPES)}")
    rdtype, data = rest[0], rest[1:]
    status, reason, extended = _note(note)
    target, record = "", None
    if rdtype in {"NXDOMAIN", "ZONE"}:
        if data or status is None:
            raise Misuse(f"{rdtype} has a status, as in '; insecure', and nothing else")
    elif rdtype in {"CNAME", "DNAME"}:
        if len(data) > 1:
            raise Misuse(f"{rdtype} has one target")
        target = _name(data[0], origin) if data else ""
    elif data:
        record = _record(rdtype, data, origin)
    return Entry(
        name=name, rdtype=rdtype, record=record, target=target, ttl=ttl, status=status, reason=reason, extended=extended
    )


def _note(note: str) -> tuple[Status | None, str, tuple[ExtendedError, ...]]:
    if not note:
        return None, "", ()
    found = _NOTE.fullmatch(note.rstrip())
    if found is None or found["status"] not in tuple(Status):
        raise Misuse(f"behind ';' stands a status, one of {', '.join(Status)}, and ': why' if need be")
    reason, code = (found["reason"] or "").strip(), found["code"]
    return Status(found["status"]), reason, (ExtendedError(int(code), reason),) if code else ()


def _name(name: str, origin: str) -> str:
    if name == "@" and origin:
        return origin
    return owner_name(f"{name}.{origin}" if origin and not name.endswith(".") else name)


def _record(rdtype: str, data: list[str], origin: str) -> Record:
    match rdtype, data:
        case "A" | "AAAA", [address]:
            ip = ipaddress.ip_address(address)
            if ip.version != (4 if rdtype == "A" else 6):
                raise Misuse(f"{address} is not for {rdtype}")
            return Address(str(ip))
        case "MX", [preference, host]:
            return MX(int(preference), _name(host, origin))
        case "SRV", [priority, weight, port, target]:
            return SRV(int(priority), int(weight), int(port), _name(target, origin))
        case "TXT", _:
            return TXT(tuple(string.encode() for string in data))
        case "TLSA", [usage, selector, mtype, *parts] if parts:
            return TLSA(int(usage), int(selector), int(mtype), bytes.fromhex("".join(parts)))
        case _:
            raise Misuse(f"this is no {rdtype} record")
