"""What attackers and operators do to signed zones, and to the DS records that lead to them."""

import base64
import re
from collections.abc import Callable

import dns.dnssec
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.DNSKEY import DNSKEY

from tests.interop.dns.zone import Lines

__all__ = [
    "and_other_digest",
    "and_wrong_digest",
    "corrupt",
    "corrupt_data",
    "drop",
    "no_delegation",
    "of_algorithm",
    "other_digest",
    "strip",
    "strip_algorithm",
    "wrong_digest",
]

# owner, TTL, class, type, the rest
_RECORD = re.compile(r"(\S+)\s+(\d+)\s+IN\s+(\S+)\s+(.*)")


def _parts(line: str) -> tuple[str, str, str, str]:
    found = _RECORD.fullmatch(line)
    assert found is not None, line
    owner, ttl, kind, data = found.groups()
    return owner, ttl, kind, data


def drop(*kinds: str) -> Callable[[Lines], Lines]:
    """Take all records of some types out, and their signatures."""

    def harm(lines: Lines) -> Lines:
        kept = []
        for line in lines:
            _, _, kind, data = _parts(line)
            if kind not in kinds and not (kind == "RRSIG" and data.split()[0] in kinds):
                kept.append(line)
        return kept

    return harm


def strip(*, but: str = "") -> Callable[[Lines], Lines]:
    """Take all signatures out, but those over the records of one type."""

    def harm(lines: Lines) -> Lines:
        return [line for line in lines if not _is_signature(line) or _covered(line) == but]

    return harm


def strip_algorithm(number: int) -> Callable[[Lines], Lines]:
    """Take the signatures out that one algorithm made, but those over the keys."""

    def harm(lines: Lines) -> Lines:
        def goes(line: str) -> bool:
            return _is_signature(line) and _covered(line) != "DNSKEY" and _parts(line)[3].split()[1] == str(number)

        return [line for line in lines if not goes(line)]

    return harm


def corrupt(*kinds: str) -> Callable[[Lines], Lines]:
    """Change one bit of the signatures over records of some types; of all but keys, if none is named."""

    def harm(lines: Lines) -> Lines:
        def hit(line: str) -> bool:
            return _is_signature(line) and (_covered(line) in kinds if kinds else _covered(line) != "DNSKEY")

        return [_with_a_bit_changed(line) if hit(line) else line for line in lines]

    return harm


def corrupt_data(lines: Lines) -> Lines:
    """Send everybody elsewhere: whatever is there, is there with other data."""
    changes = {
        "A": "203.0.113.66",
        "AAAA": "2001:db8::66",
        "MX": "1 evil.test.",
        "TXT": '"evil"',
        "SRV": "0 0 1 evil.test.",
    }
    changes |= {"CNAME": "evil.test.", "DNAME": "evil.test.", "TLSA": f"3 1 1 {'66' * 32}"}
    changed = []
    for line in lines:
        owner, ttl, kind, data = _parts(line)
        changed.append(f"{owner} {ttl} IN {kind} {changes.get(kind, data)}")
    return changed


def of_algorithm(number: int) -> Callable[[Lines], Lines]:
    """Give the keys and the signatures the number of another algorithm."""

    def harm(lines: Lines) -> Lines:
        tags = dict(_tags(line, number) for line in lines if _parts(line)[2] == "DNSKEY")
        return [_renumbered(line, number, tags) for line in lines]

    return harm


def no_delegation(_: Lines) -> Lines:
    """The parent says nothing of how the zone is signed."""
    return []


def wrong_digest(lines: Lines) -> Lines:
    """The DS records are of no key that the zone has."""
    return [line[:-8] + ("00000000" if line[-8:] != "00000000" else "11111111") for line in lines]


def and_wrong_digest(lines: Lines) -> Lines:
    """The same, and the DS records of a key that the zone does not have, or not yet."""
    return [*wrong_digest(lines), *lines]


def and_other_digest(lines: Lines) -> Lines:
    """The same, and by a digest that nobody knows."""
    return [*other_digest(200)(lines), *lines]


def other_digest(number: int) -> Callable[[Lines], Lines]:
    """The DS records are of a digest that nobody knows."""

    def harm(lines: Lines) -> Lines:
        changed = []
        for line in lines:
            owner, ttl, kind, data = _parts(line)
            tag, algorithm, _, digest = data.split(maxsplit=3)
            changed.append(f"{owner} {ttl} IN {kind} {tag} {algorithm} {number} {digest}")
        return changed

    return harm


def _is_signature(line: str) -> bool:
    return _parts(line)[2] == "RRSIG"


def _covered(line: str) -> str:
    return _parts(line)[3].split()[0]


def _with_a_bit_changed(line: str) -> str:
    owner, ttl, kind, data = _parts(line)
    *fields, _ = words = data.split(maxsplit=8)
    signature = bytearray(base64.b64decode(words[8].replace(" ", "")))
    signature[len(signature) // 2] ^= 1
    return f"{owner} {ttl} IN {kind} {' '.join(fields)} {base64.b64encode(signature).decode()}"


def _tags(line: str, number: int) -> tuple[str, str]:
    """The key's tag as it was, and as it is with the other number."""
    flags, protocol, _, key = _parts(line)[3].split(maxsplit=3)
    before, after = (
        dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DNSKEY, f"{flags} {protocol} {algorithm} {key}")
        for algorithm in (_parts(line)[3].split()[2], number)
    )
    assert isinstance(before, DNSKEY)
    assert isinstance(after, DNSKEY)
    return str(dns.dnssec.key_id(before)), str(dns.dnssec.key_id(after))


def _renumbered(line: str, number: int, tags: dict[str, str]) -> str:
    owner, ttl, kind, data = _parts(line)
    words = data.split()
    if kind == "DNSKEY":
        words[2] = str(number)
    elif kind == "RRSIG":
        words[1], words[6] = str(number), tags[words[6]]
    else:
        return line
    return f"{owner} {ttl} IN {kind} {' '.join(words)}"
