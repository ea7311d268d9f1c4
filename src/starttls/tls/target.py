"""Where to connect and what to speak there, read from what a person writes."""

import difflib
import itertools
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeAlias, TypeVar
from urllib.parse import urlsplit

from starttls.core.errors import CannotResolve, Misuse
from starttls.core.facts import Protocol
from starttls.protocols import ALL, by_name, by_port
from starttls.tls.names import ServerIdentity

__all__ = ["DELAY", "Address", "Found", "Target", "interleaved", "placed", "schemes", "unresolved"]


@dataclass(frozen=True, slots=True)
class Target:
    """One service: ``protocol`` at ``host`` and ``port``, with TLS from the first byte if ``implicit``.

    ``host`` is a name or an address, without brackets; a name is lower case and without its final dot.
    ``url`` is what the person wrote.
    """

    url: str
    protocol: Protocol
    implicit: bool
    host: str
    port: int

    @classmethod
    def parse(cls, url: str) -> "Target":
        """Read ``scheme://host[:port]`` or ``host:port``, where the port says the protocol.

        Raises `Misuse`, with the nearest scheme when the one given does not exist.
        """
        scheme, found, rest = url.strip().partition("://")
        if not found:
            scheme, rest = "", url.strip()
        if not rest.isprintable():  # urlsplit would drop a newline in silence
            raise Misuse(f"{url!a} is no URL: it has characters that nobody can see")
        try:
            parts = urlsplit(f"//{rest}")
            host, port = parts.hostname, parts.port
        except ValueError as wrong:
            raise Misuse(f"'{url}' is no URL: {str(wrong).lower()}") from None
        if not host or parts.path not in {"", "/"} or parts.query or parts.fragment or parts.username is not None:
            raise Misuse(f"'{url}' is no service: write scheme://host, scheme://host:port or host:port")
        protocol, implicit = _by_scheme(scheme.lower(), url) if scheme else _by_port(port, url)
        if port is None:
            port = (protocol.ports.implicit if implicit else protocol.ports.upgrade)[0]
        return cls(url, protocol, implicit, _host(host, url), port)

    @property
    def scheme(self) -> str:
        """The scheme that says the same: ``"imaps"``."""
        return self.protocol.implicit or "" if self.implicit else self.protocol.name


def schemes() -> tuple[str, ...]:
    """Every scheme that a URL may have."""
    names: list[str] = []
    for protocol in ALL:
        names += (protocol.name, *protocol.aliases, *([protocol.implicit] if protocol.implicit else []))
    return tuple(names)


def _by_scheme(scheme: str, url: str) -> tuple[Protocol, bool]:
    try:
        return by_name(scheme)
    except KeyError:
        nearest = difflib.get_close_matches(scheme, schemes(), n=1, cutoff=0.5)
        hint = f"did you mean '{nearest[0]}'?" if nearest else f"known are: {', '.join(schemes())}"
        raise Misuse(f"unknown scheme '{scheme}' in '{url}': {hint}") from None


def _by_port(port: int | None, url: str) -> tuple[Protocol, bool]:
    if port is None:
        raise Misuse(f"'{url}' names neither a scheme nor a port: write smtp://{url} or {url}:25")
    try:
        return by_port(port)
    except KeyError:
        raise Misuse(f"port {port} belongs to no known protocol: write a scheme, as in smtp://{url}") from None


def _host(host: str, url: str) -> str:
    """An address as it is, a name as its A-labels (RFC 5890)."""
    try:
        return ServerIdentity(host).host
    except Misuse as wrong:
        raise Misuse(f"'{url}': {wrong.detail}") from None


Family = TypeVar("Family", bound=int)
Address: TypeAlias = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
"""A socket address as ``getaddrinfo`` gives it."""

Found: TypeAlias = tuple[socket.AddressFamily, int, int, str, Address]
"""What ``getaddrinfo`` finds."""

DELAY = 0.25
"""Seconds before the next address is tried beside the first (RFC 8305 §5, "Connection Attempt Delay")."""


def unresolved(host: str, error: OSError | UnicodeError) -> CannotResolve:
    """Our error for what ``getaddrinfo`` raised."""
    return CannotResolve(host, (getattr(error, "strerror", None) or "not a host name").lower())


def placed(addresses: Sequence[str], port: int, family: int) -> list[Found]:
    """What ``getaddrinfo`` says of addresses that are known, those of ``family``, or all: no lookup."""
    found: list[Found] = []
    for address in addresses:
        with suppress(OSError):  # of the other family
            found += socket.getaddrinfo(address, port, family, socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    return found


def interleaved(found: Sequence[tuple[Family, int, int, str, Address]]) -> list[tuple[Family, Address]]:
    """What ``getaddrinfo`` found, with the families in turn, the first one first (RFC 8305 §4)."""
    families: dict[Family, list[tuple[Family, Address]]] = {}
    for family, _, _, _, address in found:
        families.setdefault(family, []).append((family, address))
    rows = itertools.zip_longest(*families.values())
    return [address for row in rows for address in row if address is not None]
