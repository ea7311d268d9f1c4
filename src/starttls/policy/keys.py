"""The keys of a zone, and what a DS record says of them (RFC 4034 §2, §5; RFC 4509, RFC 6605)."""

import hashlib
from collections.abc import Callable, Iterable
from typing import TypeAlias

import dns.dnssecalgs
import dns.exception
import dns.rdata
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from dns.dnssecalgs.base import GenericPublicKey
from dns.dnssectypes import Algorithm, DSDigest
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS
from dns.rdtypes.dnskeybase import Flag

from starttls.policy.canonical import Labels, wire_of

__all__ = ["ALGORITHMS", "SHA1_ALGORITHMS", "Keys", "PublicKey", "digest_of", "keys_of", "tag_of", "usable_ds"]

ALGORITHMS = frozenset(
    {
        Algorithm.RSASHA256,
        Algorithm.RSASHA512,
        Algorithm.ECDSAP256SHA256,
        Algorithm.ECDSAP384SHA384,
        Algorithm.ED25519,
        Algorithm.ED448,
    }
)
SHA1_ALGORITHMS = frozenset({Algorithm.RSASHA1, Algorithm.RSASHA1NSEC3SHA1})

_RSA = frozenset({*SHA1_ALGORITHMS, Algorithm.RSASHA256, Algorithm.RSASHA512})
_RSA_OCTETS = 512
"""RFC 3110 §2, RFC 5702 §2: a modulus has 4096 bits at most."""
_EXPONENT_OCTETS = 8
"""A larger one makes a check as dear as a signature; nobody honest has one."""

_DIGESTS: dict[int, Callable[[bytes], bytes]] = {
    DSDigest.SHA1: lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    DSDigest.SHA256: lambda data: hashlib.sha256(data).digest(),
    DSDigest.SHA384: lambda data: hashlib.sha384(data).digest(),
}


class PublicKey:
    """One DNSKEY that may sign: read when it is first needed, and then kept."""

    __slots__ = ("_rdata", "_read", "_reader", "algorithm", "tag", "wire")

    def __init__(self, rdata: DNSKEY) -> None:
        self.wire = rdata.to_digestable()
        self.tag = tag_of(self.wire)
        self.algorithm = rdata.algorithm
        self._rdata = rdata
        self._read = False
        self._reader: GenericPublicKey | None = None

    def __str__(self) -> str:
        return f"{self.tag} ({self.algorithm.name})"

    def verifies(self, signature: bytes, data: bytes) -> bool:
        """Is it this key's signature? A key that cannot be used has made none."""
        if not self._read:
            self._reader, self._read = _readable(self._rdata), True
        if self._reader is None:
            return False
        try:
            self._reader.verify(signature, data)
        except (InvalidSignature, UnsupportedAlgorithm, ValueError):
            return False
        return True


Keys: TypeAlias = dict[tuple[int, int], tuple[PublicKey, ...]]
"""By tag and algorithm."""


def tag_of(wire: bytes) -> int:
    """The tag of a key, given its record's data (RFC 4034 appendix B)."""
    total = (sum(wire[::2]) << 8) + sum(wire[1::2])
    return (total + (total >> 16)) & 0xFFFF


def keys_of(rdatas: Iterable[dns.rdata.Rdata], algorithms: frozenset[Algorithm], per_tag: int) -> Keys:
    """The keys of a DNSKEY set that may sign in its zone, ``per_tag`` of one tag at most."""
    found: Keys = {}
    for rdata in rdatas:
        if isinstance(rdata, DNSKEY) and rdata.algorithm in algorithms and _may_sign(rdata):
            key = PublicKey(rdata)
            others = found.get((key.tag, key.algorithm), ())
            if len(others) < per_tag:
                found[key.tag, key.algorithm] = (*others, key)
    return found


def _may_sign(rdata: DNSKEY) -> bool:
    # RFC 4034 §2.1.1, §2.1.2: the Zone Key flag must be set, and the protocol be 3.
    # RFC 5011 §2.1: once the REVOKE bit is seen, the key "MUST NOT be used as a trust anchor or for any other purpose".
    return bool(rdata.flags & Flag.ZONE) and not rdata.flags & Flag.REVOKE and rdata.protocol == 3


def _readable(rdata: DNSKEY) -> GenericPublicKey | None:
    if rdata.algorithm in _RSA and not _rsa_in_bounds(rdata.key):
        return None
    try:
        return dns.dnssecalgs.get_algorithm_cls_from_dnskey(rdata).public_cls.from_dnskey(rdata)
    except (ValueError, UnsupportedAlgorithm, dns.exception.DNSException):
        return None


def _rsa_in_bounds(key: bytes) -> bool:
    exponent = key[0] if key else 0
    return 0 < exponent <= _EXPONENT_OCTETS and len(key) - 1 - exponent <= _RSA_OCTETS


def usable_ds(rdatas: Iterable[dns.rdata.Rdata], algorithms: frozenset[Algorithm]) -> tuple[DS, ...]:
    """The DS records whose algorithm and digest are known. None: the zone counts as not signed (RFC 4035 §5.2)."""
    known = [
        rdata
        for rdata in rdatas
        if isinstance(rdata, DS) and rdata.algorithm in algorithms and rdata.digest_type in _DIGESTS
    ]
    # RFC 4509 §3: a validator ignores SHA-1 where there is SHA-256, lest the weaker one be the way in.
    stronger = [rdata for rdata in known if rdata.digest_type != DSDigest.SHA1]
    return tuple(stronger or known)


def digest_of(zone: Labels, key_wire: bytes, digest_type: int) -> bytes:
    """What a DS record of this type says of a key (RFC 4034 §5.1.4)."""
    return _DIGESTS[digest_type](wire_of(zone) + key_wire)
