"""One row of the table, and the chain that most rows are about."""

from dataclasses import dataclass

from cryptography import x509

from starttls.policy.answer import TLSA
from tests.policy.paper import HOST, SERVER, Paper, authority, issue, server

__all__ = ["ALONE", "CHAIN", "HOST", "MIDDLE", "OTHER", "ROOT", "SERVED", "Case"]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A chain, the records, and whether we take it.

    The chain is what the server sends, its own certificate first; ``roots`` are the public authorities.
    """

    name: str
    chain: tuple[Paper, ...]
    records: tuple[TLSA, ...]
    ours: bool
    roots: tuple[Paper, ...] = ()


ROOT = authority("root")
MIDDLE = authority("middle", ROOT)
SERVED = server(MIDDLE, x509.ExtendedKeyUsage([SERVER]))
CHAIN = (SERVED, MIDDLE, ROOT)
OTHER = server(None)
ALONE = issue("alone", None, x509.SubjectAlternativeName([x509.DNSName(HOST)]))
