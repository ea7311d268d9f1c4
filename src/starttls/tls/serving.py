"""What a server promises on every connection it takes, decided before a byte moves."""

import secrets
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict, Unpack

from starttls.core.errors import Misuse, StartTLSError
from starttls.core.facts import ServerSetup
from starttls.core.outcome import Upgrade
from starttls.tls.connection import Connection
from starttls.tls.contexts import server_context
from starttls.tls.plan import Timeouts
from starttls.tls.session import ImplicitTLS, TLSSession
from starttls.tls.target import Target

__all__ = ["ServerOptions", "ServerPlan"]


class ServerOptions(TypedDict, total=False):
    """What `listen` can be told; see `ServerPlan`."""

    certificate: str | Path | None
    key: str | Path | None
    context: ssl.SSLContext | None
    name: str
    limit: int
    timeouts: Timeouts | None
    on_failure: Callable[[StartTLSError], None] | None


class ServerPlan:
    """The promises of one service.

    certificate: certificate and chain, a PEM file, and ``key`` its key where that is another file
    context:     a server's `ssl.SSLContext`, instead of the two
    name:        how the server calls itself
    limit:       connections that it keeps at once
    timeouts:    a client has ``wait`` seconds for each step before TLS, and ``handshake`` for the handshake
    on_failure:  hears of each connection that got no stream, or lost it, with the transcript of the attack if it
                 was one

    Raises `Misuse` for a URL or files that cannot be used.
    """

    __slots__ = ("_context", "_name", "limit", "on_failure", "target", "timeouts")

    def __init__(self, url: str | Target, **options: Unpack[ServerOptions]) -> None:
        self.target = Target.parse(url) if isinstance(url, str) else url
        self.limit = options.get("limit", 10000)
        self.on_failure = options.get("on_failure")
        self.timeouts = options.get("timeouts") or Timeouts()
        self._name = options.get("name", "localhost")
        context = options.get("context")
        if context is None:
            certificate = options.get("certificate")
            if certificate is None:
                raise Misuse("a server needs a certificate, or a context that has one")
            context = server_context(certificate, options.get("key"), alpn=self.target.protocol.alpn)
        self._context = context

    def connection(self) -> Connection:
        """A connection that has not begun."""
        setup = ServerSetup(entropy=secrets.token_bytes(20), name=self._name)
        return Connection.server(self.target.protocol, setup, self._start_tls, implicit=self.target.implicit)

    def _start_tls(self, proof: Upgrade | ImplicitTLS) -> TLSSession:
        return TLSSession.server(proof, self._context)
