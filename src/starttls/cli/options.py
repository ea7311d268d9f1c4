"""The options that verbs share, and what they mean to a client."""

import functools
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import click

from starttls.asyncio.client import Client
from starttls.check.settings import CheckSettings
from starttls.core.errors import BadConfig, Misuse
from starttls.resolve.resolver import Resolver
from starttls.resolve.route import ClientOptions
from starttls.tls.contexts import client_context
from starttls.tls.level import Level
from starttls.tls.plan import Policy, Timeouts
from starttls.tls.target import schemes

__all__ = ["ANOTHER_SERVER", "Asking", "Given", "client", "complete_scheme", "connecting", "resolving"]

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
    click.option("--policy", type=click.Choice(get_args(Policy)),
                 help="What a service must prove: 'verify' its name, by an authority; 'dane' what its zone publishes; "
                      "'opportunistic' the best that it publishes; 'encrypt' nothing [default: verify]."),
    click.option("--level", type=click.Choice(["verified", "encrypted", "dane"]),
                 help="What a connection must be worth [default: what the policy asks for]."),
    click.option("--timeout", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS",
                 help="For each connection, from its name to TLS [default: 60]."),
)  # fmt: skip


_RESOLVING = (
    click.option("--resolver", metavar="SERVER",
                 help="Ask this DNS server, not the system's: IP[:PORT], tls://HOST[#NAME] or https://HOST/PATH."),
    click.option("--dnssec", type=click.Choice(["ad", "validate", "both"]),
                 help="Believe the server's AD bit, validate here, or compare both [default: ad on loopback, else "
                      "validate]."),
    click.option("--trust-anchor", "trust_anchors", multiple=True,
                 type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
                 help="Trust the DNSSEC keys in this file, instead of the root's; may be repeated."),
)  # fmt: skip


ANOTHER_SERVER = (
    "if every domain fails, ask a DNS server that passes DNSSEC on (--resolver), "
    "or one on this machine that validates (--dnssec ad)"
)
"""What may help where nothing can be told of a domain."""

_POLICIES: dict[str, Policy] = {"verified": "verify", "encrypted": "encrypt", "dane": "dane"}
"""What gives a level, where no policy is named."""
_LEVELS: dict[Policy, Level] = {
    "verify": Level.VERIFIED,
    "encrypt": Level.ENCRYPTED,
    "dane": Level.DANE,
    "opportunistic": Level.ENCRYPTED,
}
"""What a policy asks for at least."""

_FAMILIES = {"any": socket.AF_UNSPEC, "ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the command line said on how to connect and what to demand; None where it said nothing."""

    ca_file: Path | None = None
    name: str | None = None
    connect_to: tuple[str, int] | None = None
    ipv4: bool = False
    ipv6: bool = False
    policy: Policy | None = None
    level: Literal["verified", "encrypted", "dane"] | None = None
    timeout: float | None = None

    def demands(self, settings: CheckSettings) -> tuple[Policy, Level]:
        """The policy, and what a connection must be worth. The one follows from the other where one alone is given.

        Raises `click.UsageError` for a level that the policy never gives.
        """
        level = self.level or (settings.level if self.policy is None else None)
        implied = _POLICIES[level] if level is not None else None
        said = implied if self.level is not None else settings.policy or implied
        policy = self.policy or said or "verify"
        wanted = Level(level) if level is not None else _LEVELS[policy]
        most = Level.DANE if policy == "opportunistic" else _LEVELS[policy]
        if not most.satisfies(wanted):
            raise click.UsageError(f"policy '{policy}' never gives level '{wanted}'")
        return policy, wanted

    def options(self, settings: CheckSettings, asking: "Asking | None" = None) -> ClientOptions:
        """A client's options: what was given, and ``settings`` for the rest."""
        policy, _ = self.demands(settings)
        return ClientOptions(
            policy=policy,
            resolver=asking.given(settings) if asking is not None else None,
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

    trust_anchors: tuple[Path, ...] = ()

    def make(self, settings: CheckSettings | None = None) -> Resolver:
        """A resolver, as it was given, and as ``settings`` say for the rest. Raises `Misuse` and `BadConfig`."""
        from starttls.policy.anchors import Anchors  # noqa: PLC0415 - slow, and not every run asks
        from starttls.resolve.dns import DNSResolver  # noqa: PLC0415 - the same

        defaults = settings or CheckSettings()
        mode, files = self.dnssec or defaults.dnssec, self.trust_anchors or defaults.trust_anchors
        if files and mode == "ad":
            raise Misuse("trust anchors are for validating here, and with 'ad' the server does it")
        anchors = Anchors({})
        for file in files:
            for zone, keys in Anchors.parse(_text(file), str(file)).zones.items():
                anchors.zones[zone] = (*anchors.zones.get(zone, ()), *keys)
        if not files:
            return DNSResolver(self.resolver or defaults.resolver, mode=mode)
        return DNSResolver(self.resolver or defaults.resolver, mode=mode or "validate", anchors=anchors)

    def given(self, settings: CheckSettings) -> Resolver | None:
        """The same; None where nobody said anything, and the client's own will do."""
        said = (self.resolver, self.dnssec, self.trust_anchors)
        stands = (settings.resolver, settings.dnssec, settings.trust_anchors)
        return self.make(settings) if any((*said, *stands)) else None


def _text(file: str | Path) -> str:
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise BadConfig(str(file), f"cannot read it: {(error.strerror or 'unknown').lower()}") from None


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


def client(options: ClientOptions) -> Client:
    """A client with ``options``. Files that cannot be used are `Misuse` now, before anything is sent."""
    ca_file, certificate, key = options.get("ca_file"), options.get("certificate"), options.get("key")
    if ca_file or certificate or key:
        client_context(ca_file=ca_file, certificate=certificate, key=key)
    return Client(**options)
