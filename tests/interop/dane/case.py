"""One row of the table, and the chain that most rows are about."""

from dataclasses import dataclass

from cryptography import x509

from starttls.policy.answer import TLSA
from tests.policy.paper import HOST, SERVER, Paper, authority, issue, server

__all__ = ["ALONE", "CHAIN", "HOST", "MIDDLE", "OTHER", "ROOT", "SERVED", "Case"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A chain, the records, and whether each program takes it. None: as ours.

    The chain is what the server sends, its own certificate first; ``roots`` are the public authorities. ``reason`` is
    a part of ours, where we do not take it. ``why`` says why a program differs.
    """

    name: str
    chain: tuple[Paper, ...]
    records: tuple[TLSA, ...]
    ours: bool
    openssl: bool | None = None
    gnutls: bool | None = None
    roots: tuple[Paper, ...] = ()
    reason: str = ""
    why: str = ""

    def taken_by(self, program: str) -> bool:
        """Whether ``"openssl"`` or ``"gnutls"`` takes it."""
        other: bool | None = getattr(self, program)
        return self.ours if other is None else other


ROOT = authority("root")
MIDDLE = authority("middle", ROOT)
SERVED = server(MIDDLE, x509.ExtendedKeyUsage([SERVER]))
CHAIN = (SERVED, MIDDLE, ROOT)
OTHER = server(None)
ALONE = issue("alone", None, x509.SubjectAlternativeName([x509.DNSName(HOST)]))
