"""Trust anchors: the keys that are believed without being proven.

The root's are built in. A file may give others, for any zone: records in zone-file form (DS, DNSKEY, and what unbound
keeps up by RFC 5011), unbound's ``trust-anchor: "..."``, or BIND's ``trust-anchors { ... };``.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import dns.exception
import dns.name
import dns.rdata
import dns.rdatatype
from dns.dnssectypes import DSDigest
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS
from dns.rdtypes.dnskeybase import Flag

from starttls.core.errors import BadConfig
from starttls.policy.canonical import Labels, labels_of
from starttls.policy.keys import digest_of, tag_of

__all__ = ["Anchors"]

# IANA, root-anchors.xml: KSK-2017, and KSK-2024 which follows it.
_ROOT = """
. IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D
. IN DS 38696 8 2 683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16
"""

_CLASSES = {"IN", "CH", "HS"}
_BLOCK = re.compile(r"\b(trust-anchors|trusted-keys|managed-keys)\s*\{(.*?)\}\s*;", re.DOTALL)
_QUOTED_OR_COMMENT = re.compile(r"(\"[^\"]*\")|/\*.*?\*/|(?://|#)[^\n]*", re.DOTALL)
"""In base64, "//" begins no comment."""
_UNBOUND = re.compile(r"^\s*trust-anchor:\s*\"(.*)\"\s*$")
_STATE = re.compile(r";;state=(\d+)")
_TRUSTED_STATES = {"2", "3"}
"""Of RFC 5011 §4.2: valid, and missing. A key that is waiting to be added, or revoked, is not trusted."""


@dataclass(frozen=True, slots=True)
class Anchors:
    """Trust anchors, by zone: for each the DS records of its keys. Where zones enclose each other, the inner counts."""

    zones: dict[Labels, tuple[DS, ...]]

    @classmethod
    def root(cls) -> Self:
        """The root's: key 20326, and its successor 38696."""
        return cls.parse(_ROOT)

    @classmethod
    def parse(cls, text: str, source: str = "trust anchors") -> Self:
        """Read a trust-anchor file. Raises `starttls.core.errors.BadConfig`, with ``source`` for its name."""
        zones: dict[Labels, tuple[DS, ...]] = {}
        blocks = _BLOCK.findall(_QUOTED_OR_COMMENT.sub(lambda found: found[1] or "", text))
        for line, record in _statements(blocks) if blocks else _lines(text):
            try:
                owner, ds = _anchor(record)
            except (dns.exception.DNSException, ValueError, IndexError) as problem:
                raise BadConfig(source, f"not a trust anchor: {record[:80]}", line, str(problem)) from problem
            if ds is not None:
                zones[owner] = (*zones.get(owner, ()), ds)
        if not zones:
            raise BadConfig(source, "no trust anchor")
        return cls(zones)

    def above(self, name: Labels) -> Labels | None:
        """The closest zone at ``name`` or above it that has an anchor."""
        return next((name[:count] for count in range(len(name), -1, -1) if name[:count] in self.zones), None)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """The records of a zone file, each with the number of its line; parentheses go on over lines."""
    gathered: list[str] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = found[1] if (found := _UNBOUND.match(raw)) else raw
        state = _STATE.search(line)
        if (state and state[1] not in _TRUSTED_STATES) or line.strip().startswith("#") or line.strip() == "server:":
            continue
        gathered.append(line.partition(";")[0])
        whole = " ".join(gathered)
        if whole.count("(") > whole.count(")"):
            continue
        gathered.clear()
        if words := whole.replace("(", " ").replace(")", " ").split():
            yield number, " ".join(words)
    if gathered:
        yield len(text.splitlines()), " ".join(gathered)


def _statements(blocks: list[tuple[str, str]]) -> Iterator[tuple[None, str]]:
    """The keys in BIND's blocks, as records."""
    for _, body in blocks:
        for statement in body.split(";"):
            words = statement.replace('"', " ").split()
            if len(words) > 1:
                kind = "DS" if words[1].endswith("-ds") else "DNSKEY"
                data = words[1:] if words[1].isdigit() else words[2:]
                yield None, " ".join([words[0], "IN", kind, *data])


def _anchor(record: str) -> tuple[Labels, DS | None]:
    """Owner and DS of one record; no DS where the key is revoked."""
    owner, *rest = record.split()
    while rest[0].isdigit() or rest[0].upper() in _CLASSES:  # the TTL and the class, in any order
        del rest[0]
    labels = labels_of(dns.name.from_text(owner.strip('"')))
    rdata = dns.rdata.from_text("IN", rest[0], " ".join(rest[1:]))
    if isinstance(rdata, DNSKEY):
        return labels, _ds_of(labels, rdata)
    if isinstance(rdata, DS):
        return labels, rdata
    raise ValueError("neither DS nor DNSKEY")


def _ds_of(zone: Labels, key: DNSKEY) -> DS | None:
    if key.flags & Flag.REVOKE:
        return None
    wire = key.to_digestable()
    digest = digest_of(zone, wire, DSDigest.SHA256)
    data = struct.pack("!HBB", tag_of(wire), key.algorithm, DSDigest.SHA256) + digest
    ds = dns.rdata.from_wire(key.rdclass, dns.rdatatype.DS, data, 0, len(data))
    return ds if isinstance(ds, DS) else None
