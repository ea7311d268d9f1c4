"""What those who ask the world ask: `starttls.resolve.dns` asks the DNS, `starttls.resolve.fake` a made-up world."""

from typing import Protocol

from starttls.policy.answer import Answer

__all__ = ["TYPES", "PolicyFetcher", "Resolver"]

TYPES = ("A", "AAAA", "CNAME", "MX", "SRV", "TLSA", "TXT")
"""The types that a `Resolver` is asked for: those whose records `starttls.policy.answer` has."""


class Resolver(Protocol):
    """Answers questions. Never raises for what a server or the network does: that is the answer's status."""

    async def query(self, name: str, rdtype: str) -> Answer:
        """Ask for the records of ``rdtype`` (``"MX"``) at ``name``, following aliases.

        With ``rdtype`` ``"CNAME"`` no alias is followed: the answer has the first one in ``aliases`` (and no
        ``records``), with the status of that step alone. Raises `starttls.core.errors.Misuse` for a type that is none
        of `TYPES`: that it has no records would be a lie.
        """
        ...


class PolicyFetcher(Protocol):
    """Fetches MTA-STS policies."""

    async def fetch(self, domain: str) -> bytes:
        """The policy of ``domain`` as its web server gives it, not yet parsed (RFC 8461 §3.3).

        Raises `StsFetchFailed`, `StsCertificate` or `StsInvalid`, and no other error for what the server or the
        network does.
        """
        ...
