"""The options that verbs share, and what they mean to a client."""

import functools
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import click

from starttls.asyncio.client import Client
from starttls.check.settings import CheckSettings
from starttls.resolve.resolver import Resolver
from starttls.tls.contexts import client_context
from starttls.tls.plan import Options, Timeouts
from starttls.tls.target import schemes

__all__ = ["Asking", "Given", "client", "complete_scheme", "connecting", "resolving"]

_Decorator: TypeAlias = Callable[[Callable[..., int]], Callable[..., int]]


def complete_scheme(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """What a shell may offer where a URL begins."""
    del ctx, param
    return [f"{scheme}://" for scheme in schemes() if f"{scheme}://".startswith(incomplete)]


def _host_port(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[str, int] | None:
    """Take HOST:PORT apart; an IPv6 address stands in brackets."""
    if value is None:
        return None
    host, _, port = value.rpartition(":")
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not bare or (":" in bare and bare == host) or not port.isascii() or not port.isdigit() or int(port) > 65535:
        raise click.BadParameter(f"'{value}' is not HOST:PORT, as in 192.0.2.1:25 or [2001:db8::1]:25", ctx, param)
    return bare, int(port)


_CONNECTING = (
    click.option("--ca-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                 help="Trust the CAs in this PEM file, instead of the system's."),
    click.option("--name", metavar="HOST", help="Verify the certificate for this name, not the URL's."),
    click.option("--connect", "connect_to", callback=_host_port, metavar="HOST:PORT",
                 help="Connect to this address, not the URL's."),
    click.option("-4", "ipv4", is_flag=True, help="Use IPv4 alone."),
    click.option("-6", "ipv6", is_flag=True, help="Use IPv6 alone."),
    click.option("--level", type=click.Choice(["verified", "encrypted"]),
                 help="What a connection must be worth [default: verified]."),
    click.option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
                 help="For each connection, from its name to TLS [default: 60]."),
)  # fmt: skip


_RESOLVING = (
    click.option("--resolver", metavar="SERVER",
                 help="Ask this DNS server, not the system's: IP[:PORT], tls://HOST[#NAME] or https://HOST/PATH."),
    click.option("--dnssec", type=click.Choice(["ad", "validate", "both"]),
                 help="Believe the server's AD bit, validate here, or compare both [default: ad on loopback, else "
                      "validate]."),
)  # fmt: skip


_FAMILIES = {"any": socket.AF_UNSPEC, "ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the command line said on how to connect and what to demand; None where it said nothing."""

    ca_file: Path | None = None
    name: str | None = None
    connect_to: tuple[str, int] | None = None
    ipv4: bool = False
    ipv6: bool = False
    level: Literal["verified", "encrypted"] | None = None
    timeout: float | None = None

    def options(self, settings: CheckSettings) -> Options:
        """A client's options: what was given, and ``settings`` for the rest."""
        return Options(
            level=self.level or settings.level,
            name=self.name,
            connect_to=self.connect_to,
            ca_file=self.ca_file or settings.ca_file,
            family=self._family(settings),
            timeouts=self._timeouts(settings.timeouts.timeouts()),
        )

    def _family(self, settings: CheckSettings) -> socket.AddressFamily:
        if self.ipv4 and self.ipv6:
            raise click.UsageError("-4 and -6 exclude each other")
        if self.ipv4 or self.ipv6:
            return socket.AF_INET if self.ipv4 else socket.AF_INET6
        return _FAMILIES[settings.family]

    def _timeouts(self, default: Timeouts) -> Timeouts:
        """``--timeout`` is for the whole; nothing inside it lasts longer."""
        whole = self.timeout or default.whole
        return Timeouts(
            connect=min(default.connect, whole),
            wait=min(default.wait, whole),
            handshake=min(default.handshake, whole),
            whole=whole,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What the command line said on how to ask the DNS; None where it said nothing."""

    resolver: str | None = None
    dnssec: Literal["ad", "validate", "both"] | None = None

    def make(self, settings: CheckSettings | None = None) -> Resolver:
        """A resolver, as it was given, and as ``settings`` say for the rest. Raises `Misuse` for what cannot be."""
        from starttls.resolve.dns import DNSResolver  # noqa: PLC0415 - slow, and not every run asks

        defaults = settings or CheckSettings()
        return DNSResolver(self.resolver or defaults.resolver, mode=self.dnssec or defaults.dnssec)


def connecting(command: Callable[..., int]) -> Callable[..., int]:
    """Give a verb the options that say how to connect and what to demand, as one argument: ``given``."""
    return _together(command, "given", Given, _CONNECTING)


def resolving(command: Callable[..., int]) -> Callable[..., int]:
    """Give a verb the options that say how to ask the DNS, as one argument: ``asking``."""
    return _together(command, "asking", Asking, _RESOLVING)


def _together(
    command: Callable[..., int], argument: str, record: type[Asking | Given], options: tuple[_Decorator, ...]
) -> Callable[..., int]:
    """Give a verb ``options``, which come to it in one ``record``."""

    @functools.wraps(command)
    def with_record(**parameters: Any) -> int:  # noqa: ANN401 - click passes what the options say
        own = {name: parameters.pop(name) for name in record.__dataclass_fields__}
        return command(**{argument: record(**own)}, **parameters)

    for option in reversed(options):
        option(with_record)
    return with_record


def client(options: Options) -> Client:
    """A client with ``options``. Files that cannot be used are `Misuse` now, before anything is sent."""
    ca_file, certificate, key = options.get("ca_file"), options.get("certificate"), options.get("key")
    if ca_file or certificate or key:
        client_context(ca_file=ca_file, certificate=certificate, key=key)
    return Client(**options)
