"""Which DNS servers are asked, and whether their word on DNSSEC may be believed.

A person names one as ``192.0.2.53``, ``192.0.2.53:5353``, ``[2001:db8::53]:53``, ``tcp://192.0.2.53``,
``tls://dns.example.net``, ``tls://192.0.2.53:853#dns.example.net`` (the name that its certificate must have) or
``https://dns.example.net/dns-query``. Otherwise they stand in ``/etc/resolv.conf``.
"""

import enum
import ipaddress
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

from starttls.core.errors import Misuse
from starttls.tls.names import a_label

__all__ = ["RESOLV_CONF", "Configured", "Server", "Transport", "read_resolv_conf", "server"]

RESOLV_CONF = Path("/etc/resolv.conf")

PathLike: TypeAlias = str | Path

_FORMS = "IP, IP:PORT, [IPV6]:PORT, tcp://IP, tls://HOST[:PORT][#NAME] or https://HOST/PATH"
_MOST_SERVERS = 3  # resolv.conf(5): "Up to MAXNS (currently 3, see <resolv.h>) name servers may be listed"
_MOST_BYTES = 65536


class Transport(enum.StrEnum):
    """How a server is asked."""

    UDP = "udp"
    """UDP, and TCP where the answer does not fit (RFC 7766 §5)."""
    TCP = "tcp"
    TLS = "tls"
    """DNS over TLS (RFC 7858); the server must prove its name or its address."""
    HTTPS = "https"
    """DNS over HTTPS (RFC 8484)."""


_PORTS = {Transport.UDP: 53, Transport.TCP: 53, Transport.TLS: 853, Transport.HTTPS: 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One DNS server.

    ``host`` is an IP address, or with TLS and HTTPS a name; ``name`` is what its certificate must be for. ``named``
    says that a person chose this very server; ``trust_ad`` is the option of that name in ``resolv.conf``.
    """

    host: str
    port: int = 53
    transport: Transport = Transport.UDP
    name: str = ""
    path: str = ""
    named: bool = True
    trust_ad: bool = False

    @property
    def near(self) -> bool:
        """May its AD bit be believed without being asked for? It does not cross a network, or the system vouches."""
        return self.trust_ad or _is_loopback(self.host)

    @property
    def believed(self) -> bool:
        """May its AD bit be believed at all? Not that of a remote one that nobody chose: anybody can have set it."""
        return self.near or self.named

    @property
    def url(self) -> str:
        """Where DNS over HTTPS is asked."""
        return f"https://{_bracketed(self.host)}:{self.port}{self.path}"

    def __str__(self) -> str:
        place = f"{_bracketed(self.host)}:{self.port}"
        match self.transport:
            case Transport.UDP:
                return place
            case Transport.HTTPS:
                return self.url
            case _:
                return f"{self.transport}://{place}" + (f"#{self.name}" if self.name not in {"", self.host} else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """What ``resolv.conf`` says. ``timeout`` is in seconds, for one try; None where it says nothing."""

    servers: tuple[Server, ...]
    timeout: float | None = None
    attempts: int | None = None


def server(text: str) -> Server:
    """The server that a person names. Raises `Misuse`."""
    text = text.strip()
    scheme, separator, _ = text.partition("://")
    if not separator:
        host, port = _address(text)
        return Server(host=host, port=port)
    transport = _transport(scheme)
    try:
        parts = urlsplit(text)
        port = _PORTS[transport] if parts.port is None else parts.port
    except ValueError as error:
        raise Misuse(f"{text!a} names no DNS server: {error}") from None
    host = parts.hostname or ""
    if not host or port == 0 or parts.username is not None or (transport is not Transport.HTTPS and parts.path):
        raise Misuse(f"{text!a} names no DNS server: write {_FORMS}")
    match transport:
        case Transport.HTTPS:
            return _https(text, parts, port)
        case Transport.TLS:
            host = _host(host)
            return Server(host=host, port=port, transport=transport, name=_host(parts.fragment or host))
        case _:
            return Server(host=_ip(host), port=port, transport=transport)


def read_resolv_conf(path: PathLike = RESOLV_CONF) -> Configured:
    """What the system's file says, as the C library reads it: without one, 127.0.0.1 is asked (resolv.conf(5)).

    Raises `Misuse` where there is a file that cannot be read.
    """
    try:
        with Path(path).open("rb") as file:
            text = file.read(_MOST_BYTES).decode(errors="replace")
    except FileNotFoundError:
        text = ""
    except OSError as error:
        raise Misuse(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    addresses, options = _read(text)
    transport = Transport.TCP if "use-vc" in options else Transport.UDP
    servers = tuple(
        Server(host=address, transport=transport, named=False, trust_ad="trust-ad" in options)
        for address in addresses[:_MOST_SERVERS] or ["127.0.0.1"]
    )
    timeout, attempts = _number(options, "timeout", 30), _number(options, "attempts", 5)
    return Configured(servers=servers, timeout=timeout, attempts=attempts)


def _read(text: str) -> tuple[list[str], list[str]]:
    """The addresses of the servers, and the options. What is malformed is passed over, as the C library does."""
    addresses: list[str] = []
    options: list[str] = []
    for line in text.splitlines():
        match line.split():
            case ["nameserver", address, *_]:
                with suppress(Misuse):
                    addresses.append(_ip(address))
            case ["options", *words]:
                options += words
            case _:
                continue
    return addresses, options


def _number(options: Sequence[str], name: str, most: int) -> int | None:
    """The last ``name:n`` that is a number. resolv.conf(5) caps it silently."""
    numbers = [value for key, _, value in (option.partition(":") for option in options) if key == name]
    return next((min(max(int(number), 1), most) for number in reversed(numbers) if number.isdecimal()), None)


def _transport(scheme: str) -> Transport:
    known = {transport.value: transport for transport in Transport}
    if transport := known.get(scheme.lower()):
        return transport
    import difflib  # noqa: PLC0415 - for a mistake alone

    close = difflib.get_close_matches(scheme.lower(), known, n=1)
    hint = f"did you mean {close[0]}://?" if close else f"write {_FORMS}"
    raise Misuse(f"no DNS server is asked by {scheme!a}: {hint}")


def _https(text: str, parts: SplitResult, port: int) -> Server:
    if parts.fragment:
        raise Misuse(f"{text!a}: the name of an https:// server is the one in its URL")
    host = _host(parts.hostname or "")
    path = (parts.path or "/dns-query") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise Misuse(f"{text!a}: the path of a URL is ASCII")
    return Server(host=host, port=port, transport=Transport.HTTPS, name=host, path=path)


def _address(text: str) -> tuple[str, int]:
    """``IP``, ``IP:PORT`` or ``[IPV6]:PORT``, taken apart."""
    host, port = text, ""
    if text.startswith("["):
        host, bracket, port = text[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            raise Misuse(f"{text!a} names no DNS server: write {_FORMS}")
        port = port[1:]
    elif text.count(":") == 1:
        host, _, port = text.partition(":")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536):
        raise Misuse(f"{port!a} is no port, in {text!a}")
    return _ip(host), int(port or 53)


def _ip(host: str) -> str:
    # An IPv6 address of one link has a zone behind it: fe80::1%eth0 (RFC 4007 §11).
    address, percent, zone = host.partition("%")
    try:
        return f"{ipaddress.ip_address(address)}{percent}{zone}"
    except ValueError:
        hint = "it is asked by its IP address" if host else f"write {_FORMS}"
        raise Misuse(f"{host!a} names no DNS server: {hint}") from None


def _host(host: str) -> str:
    """An IP address or a name. Raises `Misuse`."""
    try:
        return _ip(host)
    except Misuse:
        return a_label(host)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
