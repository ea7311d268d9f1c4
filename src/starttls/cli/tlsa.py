"""``starttls tlsa``: the TLSA records of a certificate, and whether it may take the place of another now."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TypeAlias

import click
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from starttls.asyncio.client import Client
from starttls.check.report.tlsa import Offer, json_text, record_lines, rollover_lines
from starttls.cli import voice
from starttls.cli.loop import run_loop
from starttls.cli.options import Asking, resolving
from starttls.cli.voice import Exit
from starttls.core.errors import CertificateRejected, Misuse
from starttls.core.facts import Protocol
from starttls.policy.decide import decide, decide_host
from starttls.policy.destination import Decision, Host
from starttls.policy.rollover import USUAL, Kind, Rollover, State, records_for, rollover
from starttls.protocols import by_name
from starttls.resolve.demands import between_servers
from starttls.resolve.destination import destination, host_at
from starttls.resolve.resolver import Resolver
from starttls.tls.certificate import read_certificate
from starttls.tls.contexts import authorities
from starttls.tls.names import ServerIdentity, a_label
from starttls.tls.plan import Timeouts
from starttls.tls.target import Target, schemes

__all__ = ["tlsa"]

MANY = 20
"""Names of a certificate for which records are printed where no ``--host`` is given."""

_KIND = re.compile(r"([0-3])[- ]([01])[- ]([012])")


def _kinds(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[Kind, ...]:
    kinds: list[Kind] = []
    for text in value:
        found = _KIND.fullmatch(text)
        if found is None:
            raise click.BadParameter(f"'{text}' is not USAGE-SELECTOR-TYPE, as in 3-1-1", ctx, param)
        kinds.append((int(found[1]), int(found[2]), int(found[3])))
    return tuple(kinds) or USUAL


_Judge: TypeAlias = Callable[[Decision, Host | None], Rollover]


@dataclass(frozen=True, slots=True)
class _Service:
    """For which service the records are."""

    protocol: Protocol
    port: int

    def owner(self, host: str) -> str:
        """Where its records are."""
        return self.protocol.tlsa.format(port=self.port, host=host)


@click.command()
@click.argument("source")
@click.option(
    "--record",
    "kinds",
    multiple=True,
    callback=_kinds,
    metavar="U-S-M",
    help="Usage, selector, matching type; may be repeated [default: 3-1-1 and 2-1-1].",
)
@click.option(
    "--host",
    "hosts",
    multiple=True,
    metavar="HOST",
    help="Whose records; may be repeated [default: the URL's host, else the certificate's names].",
)
@click.option(
    "--protocol",
    "scheme",
    type=click.Choice(schemes()),
    metavar="SCHEME",
    help="Of which service [default: the URL's, else smtp].",
)
@click.option("--port", type=click.IntRange(1, 65535), metavar="PORT", help="Its port [default: the usual one].")
@click.option(
    "--check",
    "domain",
    metavar="DOMAIN",
    help="Say whether DOMAIN's hosts may present the certificate now, by what is published.",
)
@click.option(
    "--published",
    type=click.DateTime(["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]),
    metavar="TIME",
    help="With --check: since when it is published as it is now, in UTC.",
)
@click.option(
    "--ttl",
    type=click.IntRange(0, 2**31 - 1),
    metavar="SECONDS",
    help="With --check: the records' time to live [default: as answered; a cache has the rest].",
)
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --check: public authorities for usages 0 and 1, instead of the system's.",
)
@resolving
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=60.0,
    metavar="SECONDS",
    help="For the connection to a URL [default: 60].",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    help="For people or programs [default: text].",
)
def tlsa(  # noqa: PLR0913 - one argument for each option
    source: str,
    kinds: tuple[Kind, ...],
    hosts: tuple[str, ...],
    scheme: str | None,
    port: int | None,
    domain: str | None,
    published: datetime | None,
    ttl: int | None,
    *,
    ca_file: Path | None,
    asking: Asking,
    timeout: float,
    form: str,
) -> int:  # fmt: skip
    """Print a certificate's TLSA records, or check that it may be presented now.

    SOURCE is a file (PEM with the whole chain, the server's own certificate first; or one certificate, DER), or a URL.
    Of a URL it is what the server presents now, whoever it may be: compare it before you publish it.

    Records of usages 0 and 2 are of the authority that issued the certificate, where its own is in the chain.

    \b
    Examples:
      starttls tlsa --host mx.example.org fullchain.pem
      starttls tlsa --record 3-1-1 --record 3-1-2 imap://mail.example.org
      starttls tlsa --check example.org --host mx.example.org new.pem
      starttls tlsa --check imap.example.org --protocol imaps new.pem

    \b
    Exit code:
      0  records were printed; with --check the certificate may be presented now
      1  not yet: publish first, or wait; or the URL's server does not come to TLS
      2  usage or internal error
      3  it could not be told: no answer that DNSSEC proves, or no server reached
    """
    if domain is None and (published is not None or ttl is not None):
        raise click.UsageError("--published and --ttl go with --check")
    target = _target(source)
    service = _service(scheme, port, target)
    chain = _presented(target, timeout) if target is not None else _read(Path(source))
    named = tuple(dict.fromkeys(map(a_label, hosts)))
    owners = tuple(map(service.owner, named or _names(chain, target)))
    offer = Offer(source=source, chain=chain, owners=owners, records=records_for(chain, kinds))
    if domain is None:
        return _print(offer, kinds, form)
    judge = partial(
        rollover,
        chain=chain,
        now=datetime.now(UTC),
        smtp=between_servers(service.protocol),
        roots=partial(authorities, ca_file),
        since=published.replace(tzinfo=UTC) if published is not None else None,
        ttl=ttl,
    )
    found = run_loop(_checked(domain, service, named, asking.make(), judge))
    lines = [line for one in found for line in rollover_lines(one)]
    click.echo(json_text(offer, found) if form == "json" else "\n".join(lines))
    return _exit(found)


# --- what the certificate is -----------------------------------------------------------------------


def _target(source: str) -> Target | None:
    """The service that is meant; None where it is a file."""
    if "://" in source:
        return Target.parse(source)
    if Path(source).exists():
        return None
    with suppress(Misuse):
        return Target.parse(source)
    raise click.BadParameter(f"'{source}' is neither a file nor a URL", param_hint="SOURCE")


def _service(scheme: str | None, port: int | None, target: Target | None) -> _Service:
    if target is not None and scheme is None:
        return _Service(target.protocol, port or target.port)
    protocol, implicit = by_name(scheme or "smtp")
    return _Service(protocol, port or (protocol.ports.implicit if implicit else protocol.ports.upgrade)[0])


def _read(file: Path) -> tuple[bytes, ...]:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise Misuse(f"cannot read {file}: {(error.strerror or 'unknown').lower()}") from None
    with suppress(ValueError):
        return tuple(one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(data))
    with suppress(ValueError):
        return (x509.load_der_x509_certificate(data).public_bytes(Encoding.DER),)
    raise Misuse(f"{file} holds no certificate")


def _presented(target: Target, timeout: float) -> tuple[bytes, ...]:
    """What the server presents, whoever it is."""
    limits = Timeouts(connect=min(10.0, timeout), wait=min(30.0, timeout), handshake=min(15.0, timeout), whole=timeout)

    async def ask() -> tuple[bytes, ...]:
        async with await Client(policy="encrypt", timeouts=limits).connect(target) as stream:
            return stream.tls.chain if stream.tls is not None else ()

    chain = run_loop(ask())
    if not chain:
        raise CertificateRejected("no certificate")
    voice.warning(f"{target.url}: nobody vouches for what it presented: compare it with the server's own file")
    return chain


def _names(chain: Sequence[bytes], target: Target | None) -> tuple[str, ...]:
    """The hosts whose records these are, where nobody said."""
    if target is not None and ServerIdentity(target.host).address is None:
        return (target.host,)
    found: list[str] = []
    for name in read_certificate(chain[0]).alternative.dns:
        with suppress(Misuse):  # a wildcard, or what is no name
            found.append(a_label(name))
    return tuple(dict.fromkeys(found))[:MANY]


# --- what comes of it ------------------------------------------------------------------------------


def _print(offer: Offer, kinds: Sequence[Kind], form: str) -> Exit:
    if not offer.owners:
        raise click.UsageError("the certificate is for no host name: say with --host whose records these are")
    if not offer.records:
        raise click.UsageError("there is no certificate of an authority in the chain: no such record can be made")
    click.echo(json_text(offer) if form == "json" else "\n".join(record_lines(offer)))
    if len(offer.records) < len(set(kinds)):
        voice.note("no record of an authority: its certificate is not in the chain")
    return Exit.VERIFIED


async def _checked(
    domain: str, service: _Service, named: Sequence[str], resolver: Resolver, judge: _Judge
) -> list[Rollover]:
    """What is to be said of each host of ``domain``, or of those ``named`` alone."""
    if service.protocol.name == "smtp":
        mail = await destination(domain, resolver, port=service.port)
        pairs = list(zip(decide(mail, None), mail.hosts or (None,), strict=True))
    else:
        host = await host_at(a_label(domain), resolver, port=service.port)
        pairs = [(decide_host(host, smtp=between_servers(service.protocol)), host)]
    known = ", ".join(decision.host for decision, _ in pairs)
    if strangers := [name for name in named if name not in known.split(", ")]:
        raise Misuse(f"{strangers[0]} is no host of {domain}, which has: {known}")
    return [judge(decision, host) for decision, host in pairs if not named or decision.host in named]


def _exit(found: Sequence[Rollover]) -> Exit:
    states = {one.state for one in found}
    if states & {State.WAIT, State.PUBLISH}:
        return Exit.FELL_SHORT
    return Exit.COULD_NOT_TELL if State.UNKNOWN in states else Exit.VERIFIED
