"""Signs the zones of the world with BIND's tools, children first, and does to each what it is to suffer."""

import itertools
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import dns.dnssec
import dns.rdata
import dns.rdataclass
import dns.rdatatype
from dns.rdtypes.ANY.DNSKEY import DNSKEY

from tests.interop.dns.zone import Denial, Lines, Zone
from tests.interop.servers.daemon import run_once

__all__ = ["Signed", "sign_all"]

DAY = 86_400
_START = """\
$ORIGIN {origin}
$TTL 300
@ SOA ns.test. hostmaster.test. 1 3600 600 86400 60
@ NS ns.test.
"""


@dataclass(frozen=True, slots=True)
class Signed:
    """A zone as it is served, and the DS records that its parent gives."""

    zone: Zone
    file: Path
    anchors: Lines
    """Its keys that sign keys, as DNSKEY records: what a resolver can be told to trust."""
    entrusted: Lines


def sign_all(zones: Iterable[Zone], folder: Path, words: Mapping[str, str]) -> tuple[Signed, ...]:
    """Sign all, in parallel as far as parents wait for children. ``words`` stand in the records as ``{word}``."""
    ready: list[Signed] = []

    def sign(zone: Zone) -> Signed:
        below = [signed for signed in ready if _parent(signed.zone, zones) is zone]
        return _sign(zone, below, folder, words)

    def depth(zone: Zone) -> int:
        return 0 if zone.name == "." else zone.name.count(".") + 1

    with ThreadPoolExecutor(4) as pool:
        zones = sorted(zones, key=depth, reverse=True)
        for _, level in itertools.groupby(zones, depth):
            ready += pool.map(sign, list(level))
    return tuple(ready)


def _parent(zone: Zone, zones: Iterable[Zone]) -> Zone | None:
    above = [other for other in zones if other is not zone and other.holds(zone.name)]
    return max(above, key=lambda other: len(other.origin), default=None)


def _sign(zone: Zone, below: Iterable[Signed], folder: Path, words: Mapping[str, str]) -> Signed:
    stem = "root" if zone.name == "." else zone.name
    raw, served = folder / f"{stem}.raw", folder / f"{stem}.zone"
    made = [path for algorithm in zone.keys for path in _make_keys(zone, algorithm, folder)]
    records = [_START.format(origin=zone.origin), zone.records.format_map(words)]
    records += [f"{signed.zone.origin} NS ns.test.\n" for signed in below]
    records += [f"{line}\n" for signed in below for line in signed.entrusted]
    records += [path.read_text() for path in made]
    raw.write_text("".join(records))
    if not made:
        served.write_text(raw.read_text())
        return Signed(zone, served, [], [])
    run_once("dnssec-signzone", *_options(zone, served), raw, *(path.with_suffix("") for path in made))
    lines = zone.harm(_lines(served.read_text()))
    served.write_text("\n".join(lines) + "\n")
    anchors = _anchors(lines) or [line for path in made for line in _anchors(_lines(path.read_text()))]
    return Signed(
        zone, served, anchors, zone.entrust([_delegation(line, digest) for line in anchors for digest in zone.digests])
    )


def _make_keys(zone: Zone, algorithm: str, folder: Path) -> list[Path]:
    """One key that signs all, or with ``+`` one that signs keys and one that signs the rest."""
    name = algorithm.removesuffix("+")
    kinds: list[tuple[str, ...]] = [("-f", "KSK"), ()] if name != algorithm else [("-f", "KSK")]
    made = [run_once("dnssec-keygen", "-q", "-K", folder, "-a", name, *kind, zone.origin) for kind in kinds]
    return [folder / f"{stem.strip()}.key" for stem in made]


def _options(zone: Zone, served: Path) -> list[str | Path]:
    now = time.time()
    begin, end = (time.strftime("%Y%m%d%H%M%S", time.gmtime(now + DAY * days)) for days in zone.signed)
    options: list[str | Path] = ["-q", "-P", "-O", "full", "-o", zone.origin, "-f", served, "-s", begin, "-e", end]
    if not any(key.endswith("+") for key in zone.keys):
        options.append("-z")
    if zone.denial is not Denial.NSEC:
        options += ["-3", zone.salt, "-H", str(zone.iterations)]
    if zone.denial is Denial.OPT_OUT:
        options.append("-A")
    return options


def _lines(text: str) -> Lines:
    return [line for line in text.splitlines() if line and not line.startswith(";")]


def _anchors(lines: Lines) -> Lines:
    """The keys that a DS can lead to."""
    return [line for line in map(" ".join, map(str.split, lines)) if " IN DNSKEY 257 " in line]


def _delegation(anchor: str, digest: str) -> str:
    owner, data = anchor.partition(" ")[0], anchor.partition(" DNSKEY ")[2]
    key = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.DNSKEY, data)
    assert isinstance(key, DNSKEY)
    ds = dns.dnssec.make_ds(owner, key, digest, policy=dns.dnssec.allow_all_policy)
    return f"{owner} 300 IN DS {ds.to_text()}"
