"""Upgrade a plaintext connection to TLS on the same port, and prove what the upgrade is worth.

::

    async with await starttls.connect("imap://mail.example.org") as stream:
        print(stream.level, stream.tls.version, await stream.readline())

Everything public is here. A name is imported when it is first used, so that importing the package costs nothing.
"""

from importlib import import_module

_PLACES = {
    "asyncio.client": ("Client", "connect", "connect_mx", "connect_srv"),
    "asyncio.server": ("Server", "listen"),
    "asyncio.stream": ("Stream",),
    "core.errors": (
        *("StartTLSError", "PeerError", "TLSError", "NetworkError", "Misuse", "BadConfig"),
        *("NotOffered", "NotRequested", "Refused", "Refusal", "Unexpected", "PrematureReply", "Preauthenticated"),
        *("TooLong", "ClosedEarly", "PlaintextAfterGoAhead", "HandshakeFailed", "CertificateRejected", "Truncated"),
        *("CannotResolve", "CannotConnect", "TimedOut"),
    ),
    "core.facts": ("ClientSetup", "Ports", "Protocol", "ServerSetup"),
    "core.outcome": ("Upgrade",),
    "core.talk": ("Talk",),
    "core.transcript": ("Side", "Transcript"),
    "core.wait": ("Wait",),
    "policy.destination": ("Action", "Decision", "Reason"),
    "policy.errors": (
        *(
            "PolicyError",
            "NotAuthentic",
            "DaneRequired",
            "DaneNoMatch",
            "NoMail",
            "NoService",
            "NoUsableMX",
            "RequireTLS",
        ),
        *("StsCertificate", "StsFetchFailed", "StsInvalid", "StsMxMismatch", "BadReport"),
    ),
    "resolve.dns": ("DNSResolver",),
    "resolve.fake": ("FakeWorld",),
    "resolve.resolver": ("PolicyFetcher", "Resolver"),
    "tls.certificate": ("CertificateFacts", "read_certificate"),
    "tls.connection": ("Connection", "Phase"),
    "tls.contexts": ("client_context", "server_context"),
    "tls.facts": ("TLSFacts",),
    "tls.level": ("Level",),
    "tls.plan": ("Timeouts",),
    "tls.session": ("ImplicitTLS", "TLSSession"),
    "tls.target": ("Target",),
}
_HOME = {name: module for module, names in _PLACES.items() for name in names}
_ROOMS = ("protocols", "sync")

__all__ = (*_HOME, *_ROOMS, "__version__")  # noqa: PLE0604  # pyright: ignore[reportUnsupportedDunderAll] - all are strings; __init__.pyi says the same


def __getattr__(name: str) -> object:
    """Import ``name`` from where it lives."""
    if name in _HOME:
        found: object = getattr(import_module(f"starttls.{_HOME[name]}"), name)
    elif name in _ROOMS:
        found = import_module(f"starttls.{name}")
    elif name == "__version__":
        found = import_module("importlib.metadata").version("starttls")
    else:
        raise AttributeError(f"module 'starttls' has no attribute '{name}'")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
