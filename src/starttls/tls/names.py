"""Who the server must be, and whether the names in a certificate say so (RFC 9525).

For most services the TLS library checks the name by itself. XMPP's certificates may carry the name in two more
ways, SRV-ID (RFC 4985) and XmppAddr (RFC 6120 §13.7.1.4), which it does not know: those are matched here.
"""

import ipaddress
import re
from dataclasses import dataclass

from starttls.core.errors import Misuse

__all__ = ["Names", "ServerIdentity", "a_label"]

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_DEVIATIONS = frozenset("\u00df\u03c2\u200c\u200d")
"""Sharp s, final sigma and the two joiners: IDNA 2003 and 2008 disagree on which domain they name."""


def a_label(name: str) -> str:
    """A DNS name as it stands in the DNS: A-labels, lower case, no dot at the end.

    Raises `Misuse` for what is no name, and for one that IDNA 2003 and 2008 read differently (RFC 5894 §7.2).
    """
    plain = name.removesuffix(".").lower()
    if not plain.isascii():
        if not _DEVIATIONS.isdisjoint(plain):
            raise Misuse(f"{name!a} means different domains in IDNA 2003 and 2008: write its A-label (xn--...)")
        try:
            plain = plain.encode("idna").decode("ascii")
        except UnicodeError as error:
            raise Misuse(f"{name!a} has no A-label: {error.__cause__ or error}") from None
    if len(plain) > 253 or not _NAME.fullmatch(plain):
        raise Misuse(f"{name!a} is neither a host name nor an IP address")
    return plain


@dataclass(frozen=True, slots=True)
class Names:
    """The names in a certificate's subjectAltName, as they stand there. The common name is none (RFC 9525 §2)."""

    dns: tuple[str, ...] = ()
    ips: tuple[str, ...] = ()
    srv: tuple[str, ...] = ()
    """SRVName: ``_xmpp-client.example.org``."""
    xmpp: tuple[str, ...] = ()
    """XmppAddr: ``example.org``."""

    @property
    def all(self) -> tuple[str, ...]:
        """Every name, for a reader."""
        return self.dns + self.ips + self.srv + self.xmpp


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """What a certificate must be for.

    ``host`` is a DNS name (U-labels become A-labels) or an IP address without brackets. ``srv`` is the service's
    label, ``"_xmpp-client"``; an SRV-ID for it then also counts. With ``xmpp`` an XmppAddr of the domain counts, too.
    """

    host: str
    srv: str | None = None
    xmpp: bool = False

    def __post_init__(self) -> None:
        """Bring ``host`` into the one form in which it is compared and sent."""
        address = _address(self.host.partition("%")[0])
        object.__setattr__(self, "host", a_label(self.host) if address is None else str(address))

    @property
    def address(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
        """The IP address, where the identity is one."""
        return _address(self.host)

    @property
    def beyond_dns(self) -> bool:
        """Does it count names that the TLS library does not know?"""
        return self.srv is not None or self.xmpp

    def matches(self, names: Names) -> bool:
        """Is one of ``names`` this identity?"""
        address = self.address
        if address is not None:
            return str(address) in names.ips
        return (
            any(_matches_dns(name, self.host) for name in names.dns)
            or (self.srv is not None and any(name.lower() == f"{self.srv}.{self.host}" for name in names.srv))
            or (self.xmpp and any(_matches_xmpp(name, self.host) for name in names.xmpp))
        )


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that ``host`` writes. It has a colon, or ends in a digit; most names have neither, and are quick."""
    if not (host[-1:].isdigit() or ":" in host):
        return None
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _matches_dns(presented: str, host: str) -> bool:
    # RFC 9525 §6.3: the wildcard is the complete left-most label, alone, and stands for exactly one label. Like
    # OpenSSL, do not let it stand directly below a top-level domain.
    presented = presented.lower()
    if presented.startswith("*."):
        parent = presented[2:]
        return "." in parent and host.partition(".")[2] == parent
    return presented == host


def _matches_xmpp(presented: str, host: str) -> bool:
    # RFC 6120 §13.7.1.4: a domain here may be internationalized: it is compared as A-labels.
    try:
        return a_label(presented) == host
    except Misuse:
        return False
