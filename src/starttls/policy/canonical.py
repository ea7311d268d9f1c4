"""The canonical form and order of DNS names and sets of records (RFC 4034 §6).

A name is its labels in lower case, from the root down and without the root itself: ``(b"org", b"example")``. So names
compare in canonical order, a zone is a prefix of the names in it, and the root is ``()``.
"""

import struct
from collections.abc import Iterable
from typing import TypeAlias

import dns.name
import dns.rdata
from dns.rdtypes.ANY.RRSIG import RRSIG

from starttls.policy.rrsets import name_text

__all__ = ["WILDCARD", "Labels", "encloses", "labels_of", "name_of", "shared", "signed_data", "text_of", "wire_of"]

Labels: TypeAlias = tuple[bytes, ...]

WILDCARD = b"*"

_RRSIG = struct.Struct("!HBBIIIH")
_FIXED = struct.Struct("!HHI")
_LENGTH = struct.Struct("!H")


def labels_of(name: dns.name.Name) -> Labels:
    """The labels of an absolute name."""
    return tuple([label.lower() for label in name.labels[-2::-1]])


def name_of(labels: Labels) -> dns.name.Name:
    """The name as dnspython has it; `dns.name.NameTooLong` where there cannot be one."""
    return dns.name.Name((*reversed(labels), b""))


def text_of(labels: Labels) -> str:
    """The name as the contract has it."""
    return name_text(name_of(labels))


def wire_of(labels: Labels) -> bytes:
    """The name on the wire, uncompressed."""
    return b"".join([bytes((len(label),)) + label for label in reversed(labels)]) + b"\0"


def encloses(above: Labels, name: Labels) -> bool:
    """Is ``name`` at ``above``, or below it?"""
    return name[: len(above)] == above


def shared(one: Labels, other: Labels) -> int:
    """How many labels two names have in common, from the root down."""
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def signed_data(owner: Labels, rdatas: Iterable[dns.rdata.Rdata], signature: RRSIG) -> bytes:
    """What a signature is made of: its own fields, and the set in canonical form and order.

    ``signature.labels`` must not be more than the owner has.
    """
    count = signature.labels
    # RFC 4035 §5.3.2: a set that a wildcard made was signed under the wildcard's name.
    name = wire_of(owner) if count >= len(owner) else b"\1*" + wire_of(owner[:count])
    fields = _RRSIG.pack(
        signature.type_covered,
        signature.algorithm,
        count,
        signature.original_ttl,
        signature.expiration,
        signature.inception,
        signature.key_tag,
    )
    # RFC 4034 §6.2: the original TTL stands in for the one that a cache counted down.
    start = name + _FIXED.pack(signature.type_covered, signature.rdclass, signature.original_ttl)
    parts = [fields, wire_of(labels_of(signature.signer))]
    for data in sorted([rdata.to_digestable() for rdata in rdatas]):
        parts += (start, _LENGTH.pack(len(data)), data)
    return b"".join(parts)
