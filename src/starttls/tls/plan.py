"""What a client demands of every connection it makes, decided before a byte moves."""

import ipaddress
import secrets
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, TypedDict

from starttls.core.errors import Misuse
from starttls.core.facts import ClientSetup
from starttls.core.outcome import Upgrade
from starttls.tls.connection import Connection, Level
from starttls.tls.session import ImplicitTLS, TLSSession
from starttls.tls.target import Target

__all__ = ["Options", "Plan", "Timeouts"]

SESSIONS = 256
"""Sessions that a plan remembers for resumption, one a service; the oldest goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds. ``wait`` is for each named wait of the dialogue, however its bytes trickle in."""

    connect: float = 10.0
    wait: float = 30.0
    handshake: float = 15.0
    whole: float = 60.0


class Options(TypedDict, total=False):
    """What `connect` and `Client` can be told; see `Plan`."""

    level: Literal["verified", "encrypted"]
    fallback: Literal["plaintext"] | None
    name: str | None
    connect_to: tuple[str, int] | None
    family: socket.AddressFamily
    me: str | None
    ca_file: str | Path | None
    certificate: str | Path | None
    key: str | Path | None
    minimum: ssl.TLSVersion
    unoffered: bool
    timeouts: Timeouts


class Plan:
    """The demands, and what is kept from one connection to the next: TLS contexts and session tickets.

    level:       ``"verified"`` (default), or by name ``"encrypted"``: any certificate will do
    fallback:    ``"plaintext"`` goes on without TLS where it is not offered or refused; by name only
    name:        verify the certificate for this name instead of the URL's host
    connect_to:  connect to this host and port instead of the URL's
    family:      ``AF_INET`` or ``AF_INET6`` to use one alone
    me:          our own name (EHLO, XMPP's ``from``); by default our address as a literal
    ca_file:     trust the CAs in this PEM file instead of the system's
    certificate: our own certificate and chain (PEM), and ``key`` its key where that is another file
    minimum:     the oldest TLS version; 1.2 by default
    unoffered:   ask for TLS even where it is not offered
    timeouts:    see `Timeouts`

    Raises `Misuse` for options that cannot be meant, before anything is sent.
    """

    __slots__ = ("_contexts", "_options", "_sessions", "family", "timeouts")

    def __init__(self, **options: "Unpack[Options]") -> None:
        if options.get("level", "verified") not in {"verified", "encrypted"}:
            raise Misuse(f"level '{options.get('level')}' is neither 'verified' nor 'encrypted'")
        if options.get("fallback") not in {None, "plaintext"}:
            raise Misuse(f"fallback '{options.get('fallback')}' is not 'plaintext'")
        self._options = options
        self._contexts: dict[tuple[str, ...], ssl.SSLContext] = {}
        self._sessions: dict[tuple[str, int, str], ssl.SSLSession] = {}
        self.family = options.get("family", socket.AF_UNSPEC)
        self.timeouts = options.get("timeouts", Timeouts())

    def address(self, target: Target) -> tuple[str, int]:
        """The host and port to connect to."""
        return self._options.get("connect_to") or (target.host, target.port)

    def connection(self, target: Target, own_address: str) -> Connection:
        """A connection to ``target`` that has not begun, from ``own_address``."""
        fallback = self._options.get("fallback") is not None
        if fallback and not target.implicit and not target.protocol.survives_refusal:
            raise Misuse(f"{target.protocol.title} cannot go on in plaintext on the same connection")
        setup = ClientSetup(
            entropy=secrets.token_bytes(16),
            host=self._options.get("name") or target.host,
            me=self._options.get("me") or literal(own_address),
            unoffered=self._options.get("unoffered", False),
        )
        return Connection.client(
            target.protocol, setup, self._start_tls(target), implicit=target.implicit, fallback=fallback
        )


def literal(address: str) -> str:
    """An address as RFC 5321 §4.1.3 writes it: how a client without a name says who it is."""
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:  # a Unix socket has none
        return "localhost"
    return f"[IPv6:{address}]" if version == 6 else f"[{address}]"
