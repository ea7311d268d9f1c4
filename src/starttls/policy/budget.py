"""What one validation may cost.

A zone can be built so that its validation does not end in any useful time: many keys of one tag and many signatures
(CVE-2023-50387, KeyTrap), or many hashes (CVE-2023-50868). Every question is answered within `Limits`, whatever its
zones hold; what needs more is indeterminate, and so is not used.
"""

from dataclasses import dataclass

from starttls.policy.unproven import unknown

__all__ = ["ALIASES", "Limits", "Work"]

ALIASES = 16
"""CNAME and DNAME steps that are followed, whoever validates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is spent on one question at most, aliases and all zones on the way included.

    An honest question needs, cold, three signatures for each zone above it, and one to four for itself.
    """

    aliases: int = ALIASES
    """CNAME and DNAME steps."""
    queries: int = 64
    """Questions asked on the way."""
    signatures: int = 128
    """Signatures checked."""
    failures: int = 16
    """Signatures checked and found wrong. Where zones are honest, a key's tag seldom names the wrong key."""
    signatures_per_set: int = 8
    """Signatures looked at for one set of records."""
    signers: int = 3
    """Zones that are looked for, of those that claim to have signed one set."""
    keys: int = 32
    """Keys of one zone. They are kept for as long as the zone is: 64 KiB of small ones would take a megabyte."""
    keys_per_tag: int = 4
    """Keys of one zone that share tag and algorithm."""
    hashes: int = 8192
    """Rounds of NSEC3 hashing, and digests of keys."""
    iterations: int = 100
    """Of NSEC3. Above it, a zone's denials are worth nothing (RFC 9276 §3.2): its answers are insecure."""
    zones: int = 4096
    """Names of which it is remembered to what zone they belong, and how it is signed."""


@dataclass(slots=True)
class Work:
    """One validation under way: its time, and what it has spent."""

    now: int
    """Seconds since 1970."""
    limits: Limits
    queries: int = 0
    signatures: int = 0
    failures: int = 0
    hashes: int = 0

    def query(self) -> None:
        """One more question."""
        self.queries += 1
        if self.queries > self.limits.queries:
            raise unknown(f"more than {self.limits.queries} questions are needed")

    def signature(self) -> None:
        """One more check of a signature."""
        self.signatures += 1
        if self.signatures > self.limits.signatures:
            raise unknown(f"more than {self.limits.signatures} signatures are to be checked")

    def failure(self) -> None:
        """The check found it wrong."""
        self.failures += 1
        if self.failures > self.limits.failures:
            raise unknown(f"more than {self.limits.failures} signatures are wrong")

    def hashed(self, rounds: int) -> None:
        """So many more hashes."""
        self.hashes += rounds
        if self.hashes > self.limits.hashes:
            raise unknown(f"more than {self.limits.hashes} hashes are needed")
