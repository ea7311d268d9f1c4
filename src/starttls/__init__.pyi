# What type checkers see of __init__.py, whose names are imported when they are first used.

from starttls import protocols, sync
from starttls.asyncio.client import Client, connect, connect_mx, connect_srv
from starttls.asyncio.server import Server, listen
from starttls.asyncio.stream import Stream
from starttls.core.errors import (
    BadConfig,
    CannotConnect,
    CannotResolve,
    CertificateRejected,
    ClosedEarly,
    HandshakeFailed,
    Misuse,
    NetworkError,
    NotOffered,
    NotRequested,
    PeerError,
    PlaintextAfterGoAhead,
    Preauthenticated,
    PrematureReply,
    Refusal,
    Refused,
    StartTLSError,
    TimedOut,
    TLSError,
    TooLong,
    Truncated,
    Unexpected,
)
from starttls.core.facts import ClientSetup, Ports, Protocol, ServerSetup
from starttls.core.outcome import Upgrade
from starttls.core.talk import Talk
from starttls.core.transcript import Side, Transcript
from starttls.core.wait import Wait
from starttls.policy.destination import Action, Decision, Reason
from starttls.policy.errors import (
    BadReport,
    DaneNoMatch,
    DaneRequired,
    NoMail,
    NoService,
    NotAuthentic,
    NoUsableMX,
    PolicyError,
    RequireTLS,
    StsCertificate,
    StsFetchFailed,
    StsInvalid,
    StsMxMismatch,
)
from starttls.resolve.dns import DNSResolver
from starttls.resolve.fake import FakeWorld
from starttls.resolve.resolver import PolicyFetcher, Resolver
from starttls.tls.certificate import CertificateFacts, read_certificate
from starttls.tls.connection import Connection, Phase
from starttls.tls.contexts import client_context, server_context
from starttls.tls.facts import TLSFacts
from starttls.tls.level import Level
from starttls.tls.plan import Timeouts
from starttls.tls.session import ImplicitTLS, TLSSession
from starttls.tls.target import Target

__all__ = [
    "Action",
    "BadConfig",
    "BadReport",
    "CannotConnect",
    "CannotResolve",
    "CertificateFacts",
    "CertificateRejected",
    "Client",
    "ClientSetup",
    "ClosedEarly",
    "Connection",
    "DNSResolver",
    "DaneNoMatch",
    "DaneRequired",
    "Decision",
    "FakeWorld",
    "HandshakeFailed",
    "ImplicitTLS",
    "Level",
    "Misuse",
    "NetworkError",
    "NoMail",
    "NoService",
    "NoUsableMX",
    "NotAuthentic",
    "NotOffered",
    "NotRequested",
    "PeerError",
    "Phase",
    "PlaintextAfterGoAhead",
    "PolicyError",
    "PolicyFetcher",
    "Ports",
    "Preauthenticated",
    "PrematureReply",
    "Protocol",
    "Reason",
    "Refusal",
    "Refused",
    "RequireTLS",
    "Resolver",
    "Server",
    "ServerSetup",
    "Side",
    "StartTLSError",
    "Stream",
    "StsCertificate",
    "StsFetchFailed",
    "StsInvalid",
    "StsMxMismatch",
    "TLSError",
    "TLSFacts",
    "TLSSession",
    "Talk",
    "Target",
    "TimedOut",
    "Timeouts",
    "TooLong",
    "Transcript",
    "Truncated",
    "Unexpected",
    "Upgrade",
    "Wait",
    "__version__",
    "client_context",
    "connect",
    "connect_mx",
    "connect_srv",
    "listen",
    "protocols",
    "read_certificate",
    "server_context",
    "sync",
]

__version__: str
