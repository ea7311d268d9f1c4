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
from starttls.tls.certificate import read_certificate
from starttls.tls.facts import TLSFacts
from starttls.tls.level import Level
from starttls.tls.target import Target

__all__ = ["TLS", "Certificate", "Failure", "Observation", "State", "observe"]

_GOODBYE = 2.0
"""Seconds that a peer has to take our goodbye."""


class State(StrEnum):
    """How it ended."""

    UPGRADED = "upgraded"
    IMPLICIT = "implicit"
    NOT_OFFERED = "not-offered"
    REFUSED = "refused"
    REJECTED = "rejected"
    """The certificate did not verify."""
    FAILED = "failed"
    """An attack, or a broken dialogue; the error's kind names it."""
    UNREACHABLE = "unreachable"
    """It could not be told: no name, no connection, or no answer in time, in whichever phase."""


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


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """The facts of one connection.

    ``target`` is what the user wrote, ``address`` the "IP:PORT" that was reached. ``offered`` is what the server
    said that it can do, in plaintext and therefore untrusted; None where the protocol has no such list or it was
    not reached. ``transcript`` is the conversation before TLS; None where there was none.
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

    def satisfies(self, level: Level) -> bool:
        """Is the connection worth at least ``level``?"""
        return self.level.satisfies(level)


async def observe(client: Client, target: Target) -> Observation:
    """Connect once, as ``client`` demands it, say goodbye, and tell what was seen.

    Never raises for anything that a peer or the network does; `Misuse` is the caller's own.
    """
    began = time.monotonic()
    pumps: list[Pump] = []
    error: StartTLSError | None = None
    try:
        stream = await client.connect(target, pumps.append)
    except (PeerError, TLSError, NetworkError) as failure:
        error = failure
    else:
        await _say_goodbye(stream, pumps[0])
    seconds = time.monotonic() - began
    return _observation(target, pumps[0] if pumps else None, error, seconds)


async def _say_goodbye(stream: Stream, pump: Pump) -> None:
    try:
        async with asyncio.timeout(_GOODBYE):
            await stream.close()
    except TimeoutError:  # it reads nothing: what had to be seen has been seen
        pump.abort()


def _observation(target: Target, pump: Pump | None, error: StartTLSError | None, seconds: float) -> Observation:
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
    )


def _address(pump: Pump | None) -> str | None:
    host, port = pump.peer if pump is not None else ("", 0)
    if not host:
        return None
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _state(target: Target, error: StartTLSError | None) -> State:
    match error:
        case None:
            return State.IMPLICIT if target.implicit else State.UPGRADED
        case CannotResolve() | CannotConnect() | TimedOut():
            return State.UNREACHABLE
        case NotOffered():
            return State.NOT_OFFERED
        case Refused():
            return State.REFUSED
        case CertificateRejected():
            return State.REJECTED
        case _:
            return State.FAILED


def _certificate(facts: TLSFacts | None, error: StartTLSError | None) -> Certificate | None:
    """The leaf, where one was presented and can be read."""
    rejected = error if isinstance(error, CertificateRejected) else None
    chain = (facts.chain if facts is not None else ()) or (rejected.chain if rejected is not None else ())
    try:
        leaf = read_certificate(chain[0]) if chain else None
    except CertificateRejected as unreadable:
        leaf, rejected = None, unreadable
    if leaf is None:
        return None
    verified = facts is not None and facts.verified and error is None
    reason = rejected.reason if rejected is not None else None if verified else "it was not asked for"
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
