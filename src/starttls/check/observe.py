"""One honest connection to one service, and the facts that it gave. No opinions.

An observation never says more than was seen: what was not reached is None, and an error is a fact like others.
"""

import asyncio
import time
from datetime import datetime
from enum import StrEnum

import msgspec

from starttls.asyncio.client import Client
from starttls.asyncio.pump import Pump
from starttls.asyncio.stream import Stream
from starttls.core.errors import (
    CannotConnect,
    CannotResolve,
    CertificateRejected,
    NetworkError,
    NotOffered,
    PeerError,
    Refused,
    StartTLSError,
    TimedOut,
    TLSError,
)
from starttls.policy.answer import Status
from starttls.policy.destination import Decision
from starttls.policy.errors import DaneNoMatch, DaneRequired, NotAuthentic, PolicyError, StsMxMismatch
from starttls.resolve.route import Route
from starttls.tls.certificate import read_certificate
from starttls.tls.facts import TLSFacts
from starttls.tls.level import Level
from starttls.tls.target import Target

__all__ = ["TLS", "Certificate", "Decided", "Failure", "Observation", "Reason", "State", "observe"]

_GOODBYE = 2.0
"""Seconds that a peer has to take our goodbye."""


class State(StrEnum):
    """How it ended."""

    UPGRADED = "upgraded"
    IMPLICIT = "implicit"
    NOT_OFFERED = "not-offered"
    REFUSED = "refused"
    REJECTED = "rejected"
    """The certificate did not verify, or what the policy demands to prove it with is not published."""
    FAILED = "failed"
    """An attack, a broken dialogue, or DNS data that is forged or broken; the error's kind names it."""
    UNREACHABLE = "unreachable"
    """It could not be told: no name, no connection, or no answer in time, in whichever phase; of the DNS, too."""


class TLS(msgspec.Struct, frozen=True, kw_only=True):
    """What the handshake agreed on; None where the library or the peer did not say."""

    version: str | None
    cipher: str | None
    group: str | None


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """The leaf that the peer presented: a peer's words, all of them, until ``verified`` says otherwise.

    ``not_before`` and ``not_after`` are UTC. ``reason`` says why it did not verify.
    """

    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime
    sha256: str
    verified: bool
    reason: str | None


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """An error: the name of its class, and its one line."""

    kind: str
    message: str


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a decision, and where it is written."""

    text: str
    reference: str


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What was demanded of the host, and why. ``authentic``: is it proven that the service belongs there?"""

    action: str
    authentic: bool
    reasons: tuple[Reason, ...]


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of one connection.

    ``target`` is what the user wrote, ``address`` the "IP:PORT" that was reached. ``offered`` is what the server
    said that it can do, in plaintext and therefore untrusted; None where the protocol has no such list or it was
    not reached. ``transcript`` is the conversation before TLS; None where there was none. ``domain`` is whose service
    it is, where that was asked for; ``guessed``: by its usual name alone. ``decided`` is None where none was asked.
    """

    target: str
    address: str | None
    protocol: str
    state: State
    level: Level
    offered: tuple[str, ...] | None
    tls: TLS | None
    certificate: Certificate | None
    error: Failure | None
    transcript: str | None
    seconds: float
    decided: Decided | None = None
    domain: str | None = None
    guessed: bool = False

    @property
    def absent(self) -> bool:
        """Is there nobody where a service was only guessed to be?"""
        withheld = self.error is not None and self.error.kind == NotAuthentic.__name__
        return self.guessed and self.state is State.UNREACHABLE and self.address is None and not withheld

    def satisfies(self, level: Level) -> bool:
        """Is the connection worth at least ``level``?"""
        return self.level.satisfies(level)


async def observe(client: Client, aim: Target | Route) -> Observation:
    """Connect once, as ``client`` demands it, say goodbye, and tell what was seen.

    ``aim`` is a target, or a way that was found already. Never raises for anything that a peer or the network does;
    `Misuse` is the caller's own.
    """
    began = time.monotonic()
    end = asyncio.get_running_loop().time() + client.plan.timeouts.whole
    pumps: list[Pump] = []
    error: StartTLSError | None = None
    target, route = (aim.target, aim) if isinstance(aim, Route) else (aim, None)
    try:
        route = route or await client.route(target)
        stream = await client.follow(route, pumps.append, end=end)
    except (PeerError, TLSError, NetworkError, PolicyError) as failure:
        error = failure
    else:
        await _say_goodbye(stream, pumps[0])
    seconds = time.monotonic() - began
    return _observation(target, route, pumps[0] if pumps else None, error, seconds)


async def _say_goodbye(stream: Stream, pump: Pump) -> None:
    try:
        async with asyncio.timeout(_GOODBYE):
            await stream.close()
    except TimeoutError:  # it reads nothing: what had to be seen has been seen
        pump.abort()


def _observation(
    target: Target, route: Route | None, pump: Pump | None, error: StartTLSError | None, seconds: float
) -> Observation:
    connection = pump.connection if pump is not None else None
    facts = connection.session.facts if connection is not None and connection.session is not None else None
    return Observation(
        target=target.url,
        address=_address(pump),
        protocol=target.protocol.name,
        state=_state(target, error),
        level=connection.level if connection is not None and error is None else Level.NONE,
        offered=connection.said.get("capabilities") if connection is not None else None,
        tls=TLS(version=facts.version, cipher=facts.cipher, group=facts.group) if facts is not None else None,
        certificate=_certificate(facts, error),
        error=Failure(kind=type(error).__name__, message=str(error)) if error is not None else None,
        transcript=connection.transcript.text if connection is not None and connection.transcript.turns else None,
        seconds=seconds,
        decided=_decided(route.decision) if route is not None and route.decision is not None else None,
        domain=route.domain if route is not None else None,
        guessed=route is not None and route.guessed,
    )


def _decided(decision: Decision) -> Decided:
    reasons = tuple(Reason(text=reason.text, reference=reason.reference) for reason in decision.reasons)
    return Decided(action=decision.action, authentic=bool(decision.authentic), reasons=reasons)


def _address(pump: Pump | None) -> str | None:
    host, port = pump.peer if pump is not None else ("", 0)
    if not host:
        return None
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _state(target: Target, error: StartTLSError | None) -> State:
    match error:
        case None:
            return State.IMPLICIT if target.implicit else State.UPGRADED
        case CannotResolve() | CannotConnect() | TimedOut() | NotAuthentic(status=Status.INDETERMINATE):
            return State.UNREACHABLE
        case NotOffered():
            return State.NOT_OFFERED
        case Refused():
            return State.REFUSED
        case CertificateRejected() | DaneNoMatch() | DaneRequired() | StsMxMismatch():
            return State.REJECTED
        case _:
            return State.FAILED


def _certificate(facts: TLSFacts | None, error: StartTLSError | None) -> Certificate | None:
    """The leaf, where one was presented and can be read."""
    rejected = error if isinstance(error, CertificateRejected | DaneNoMatch) else None
    chain = (facts.chain if facts is not None else ()) or (rejected.chain if rejected is not None else ())
    try:
        leaf = read_certificate(chain[0]) if chain else None
    except CertificateRejected:
        return None
    if leaf is None:
        return None
    verified = facts is not None and facts.verified and error is None
    reason = None if verified else "it was not asked for"
    if rejected is not None:
        reason = rejected.reason if isinstance(rejected, CertificateRejected) else rejected.detail
    return Certificate(
        subject=leaf.subject,
        issuer=leaf.issuer,
        names=leaf.names,
        not_before=leaf.not_before,
        not_after=leaf.not_after,
        sha256=leaf.sha256,
        verified=verified,
        reason=reason,
    )
