"""What a client demands of every connection it makes, decided before a byte moves."""

import secrets
import socket
import ssl
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias, TypedDict, Unpack, get_args

from starttls.core.errors import Misuse
from starttls.core.facts import ClientSetup
from starttls.core.outcome import Upgrade
from starttls.core.wait import Wait
from starttls.tls.connection import HANDSHAKE, Connection
from starttls.tls.contexts import client_context
from starttls.tls.demand import Demand
from starttls.tls.level import Level
from starttls.tls.names import ServerIdentity
from starttls.tls.session import ImplicitTLS, Resumption, TLSSession
from starttls.tls.target import Target

__all__ = ["Options", "Plan", "Policy", "Timeouts", "literal", "peer_of"]

Policy: TypeAlias = Literal["verify", "encrypt", "dane", "opportunistic"]
"""What a connection has to prove: see `Plan`."""

Service: TypeAlias = tuple[Level, bool, ServerIdentity, int, tuple[str, ...]]
"""What a session is kept for: what it proves, and whether to a judge; who the server must be, port, ALPN names."""

_POLICIES: dict[str, Policy] = {"verified": "verify", "encrypted": "encrypt"}
"""The policies that have an older name: ``level``."""

SESSIONS = 256
"""Sessions that a plan remembers for resumption, one a service; the oldest goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Seconds. ``wait`` is for each named wait of the dialogue, however its bytes trickle in."""

    connect: float = 10.0
    wait: float = 30.0
    handshake: float = 15.0
    whole: float = 60.0

    def of(self, wait: Wait | None) -> float:
        """The seconds that ``wait`` may take."""
        return self.handshake if wait is HANDSHAKE else self.wait


class Options(TypedDict, total=False):
    """What `connect` and `Client` can be told; see `Plan`."""

    policy: Policy
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
    resume: bool
    timeouts: Timeouts


class Plan:
    """The demands, and what is kept from one connection to the next: TLS contexts and session tickets.

    policy:      what a server has to prove. ``"verify"`` (default): its name, by an authority that is trusted here;
                 ``"encrypt"``: nothing; ``"dane"``: its certificate, by the host's own zone and DNSSEC (RFC 7671);
                 ``"opportunistic"``: the best that is published of it, DANE, else MTA-STS for mail, else nothing
    level:       the older way to say the first two: ``"verified"``, ``"encrypted"``
    fallback:    ``"plaintext"`` goes on without TLS where it is not offered or refused; by name only
    name:        verify the certificate for this name instead of the URL's host
    connect_to:  connect to this host and port instead of the URL's
    family:      ``AF_INET`` or ``AF_INET6`` to use one alone
    me:          our own name (EHLO, XMPP's ``from``); by default our address as a literal
    ca_file:     trust the CAs in this PEM file instead of the system's
    certificate: our own certificate and chain (PEM), and ``key`` its key where that is another file
    minimum:     the oldest TLS version; 1.2 by default
    unoffered:   ask for TLS even where it is not offered
    resume:      False never resumes a session: a server then cannot tell by it that we were here before
    timeouts:    see `Timeouts`

    Raises `Misuse` for options that cannot be meant, before anything is sent. ``chosen``: was a policy named?
    """

    __slots__ = ("_contexts", "_fallback", "_kept", "_options", "chosen", "family", "policy", "timeouts")

    def __init__(self, **options: Unpack[Options]) -> None:
        self.chosen = options.get("policy") is not None or options.get("level") is not None
        self.policy: Policy = _policy(options)
        if options.get("fallback") not in {None, "plaintext"}:
            raise Misuse(f"fallback '{options.get('fallback')}' is not 'plaintext'")
        if options.get("fallback") is not None and self.policy == "dane":
            raise Misuse("policy 'dane' demands TLS, and fallback 'plaintext' would do without")
        if options.get("name") is not None and self.asks:
            raise Misuse(f"under policy '{self.policy}' it is the DNS that says for which name a certificate must be")
        self._options = options
        self._contexts: dict[tuple[tuple[str, ...], bool, bool], ssl.SSLContext] = {}
        self._kept: OrderedDict[Service, TLSSession] = OrderedDict()
        self._fallback = options.get("fallback") is not None
        self.family = options.get("family", socket.AF_UNSPEC)
        self.timeouts = options.get("timeouts", Timeouts())

    def address(self, target: Target) -> tuple[str, int]:
        """The host and port to connect to. Raises `Misuse` where ``fallback`` cannot be had there."""
        if self._fallback and not target.implicit and not target.protocol.survives_refusal:
            raise Misuse(f"{target.protocol.title} cannot go on in plaintext on the same connection")
        return self._options.get("connect_to") or (target.host, target.port)

    @property
    def asks(self) -> bool:
        """Is it the DNS that says what a connection has to prove? Each then needs a `Demand`."""
        return self.policy in {"dane", "opportunistic"}

    def connection(self, target: Target, own_address: str, demand: Demand | None = None) -> Connection:
        """A connection to ``target`` that has not begun, from ``own_address``.

        ``demand`` is what this server has to prove, where that is other than the plan says of all.
        """
        demand = demand or self._demand(target)
        setup = ClientSetup(
            entropy=secrets.token_bytes(16),
            host=self._options.get("name") or target.host,
            me=self._options.get("me") or literal(own_address),
            unoffered=self._options.get("unoffered", False),
        )
        verify = demand.level is Level.VERIFIED
        srv = target.protocol.srv_id if verify else None
        identity = ServerIdentity(demand.name, srv=srv, xmpp=srv is not None)
        check_name = demand.judge is None and not identity.beyond_dns
        context = self._context(target.protocol.alpn, verify=verify, check_name=verify and check_name)
        # A session resumes on its own context alone, and ALPN is the context's: two protocols may share a port. And it
        # resumes for the level alone for which it was made, since it shows no certificate again.
        service = (demand.level, demand.judge is not None, identity, target.port, target.protocol.alpn)
        resume = self._ticket(service)

        def start_tls(proof: Upgrade | ImplicitTLS) -> TLSSession:
            return TLSSession.client(proof, context, identity, demand=demand, resume=resume)

        protocol, implicit = target.protocol, target.implicit
        connection = Connection.client(protocol, setup, start_tls, implicit=implicit, fallback=demand.fallback)
        if self._options.get("resume", True):
            connection.closing = partial(self._keep, service)
        return connection

    def _demand(self, target: Target) -> Demand:
        """What the plan says of all. Raises `Misuse` where that is nothing: never does a policy become a lesser one."""
        if self.asks:
            raise Misuse(f"policy '{self.policy}' needs to know what {target.host} has to prove")
        level = Level.VERIFIED if self.policy == "verify" else Level.ENCRYPTED
        return Demand(level=level, name=self._options.get("name") or target.host, fallback=self._fallback)

    def _keep(self, service: Service, connection: Connection) -> None:
        """Keep the session for the next connection to the same service."""
        if connection.session is not None:
            self._kept.pop(service, None)
            while len(self._kept) >= SESSIONS:
                self._kept.popitem(last=False)
            self._kept[service] = connection.session

    def _ticket(self, service: Service) -> Resumption | None:
        # To take the ticket out of a session costs a sixth of a handshake: only who connects again pays for it.
        session = self._kept.get(service)
        return session.resumption if session is not None else None

    def _context(self, alpn: tuple[str, ...], *, verify: bool, check_name: bool) -> ssl.SSLContext:
        known = self._contexts.get((alpn, verify, check_name))
        if known is None:
            known = self._contexts[alpn, verify, check_name] = client_context(
                verify=verify,
                check_name=check_name,
                ca_file=self._options.get("ca_file"),
                alpn=alpn,
                certificate=self._options.get("certificate"),
                key=self._options.get("key"),
                minimum=self._options.get("minimum", ssl.TLSVersion.TLSv1_2),
            )
        return known


def _policy(options: Options) -> Policy:
    level, policy = options.get("level"), options.get("policy")
    if policy is not None and policy not in get_args(Policy):
        raise Misuse(f"policy '{policy}' is none of {', '.join(get_args(Policy))}")
    if level is not None and level not in _POLICIES:
        raise Misuse(f"level '{level}' is neither 'verified' nor 'encrypted'")
    said = _POLICIES[level] if level is not None else None
    if said is not None and policy not in {None, said}:
        raise Misuse(f"level '{level}' and policy '{policy}' contradict each other")
    return policy or said or "verify"


def peer_of(sock: socket.socket) -> tuple[str, int]:
    """Address and port at the other end; an empty address for who has hung up already, and for a Unix socket."""
    try:
        name: tuple[str, int] | tuple[str, int, int, int] | str = sock.getpeername()
    except OSError:
        return "", 0
    return (name[0], name[1]) if isinstance(name, tuple) else ("", 0)


def literal(address: str) -> str:
    """A socket's own address as RFC 5321 §4.1.3 writes it: how a client without a name says who it is."""
    if ":" in address:
        return f"[IPv6:{address}]"
    return f"[{address}]" if address[:1].isdigit() else "localhost"  # a Unix socket has none
