"""Our resolver in a signed world."""

from pathlib import Path

from starttls.policy.anchors import Anchors
from starttls.resolve.dns import DNSResolver
from tests.interop.dns.world import SignedWorld

__all__ = ["resolver"]

SECONDS = 10.0
"""For one answer: the machine may be busy with other tests."""


def resolver(
    world: SignedWorld, mode: str = "validate", *, server: str | None = None, ca_file: Path | None = None
) -> DNSResolver:
    """Asks unbound, or ``server``, and trusts the world's root."""
    anchors = None if mode == "ad" else Anchors.parse(world.anchors.read_text())
    asked = server or world.validating
    return DNSResolver(asked, mode=mode, anchors=anchors, ca_file=ca_file, timeout=SECONDS, lifetime=4 * SECONDS)
