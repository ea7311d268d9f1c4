"""The signed world, running: signed once, served by NSD, resolved by unbound and by named."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme

from tests.interop.dns import daemons
from tests.interop.dns.sign import sign_all
from tests.interop.dns.zone import Zone
from tests.interop.servers.daemon import Daemon, plain_environment
from tests.interop.servers.service import Launch
from tests.interop.servers.world import NotInstalled, claim_block

__all__ = ["SignedWorld", "must_have"]

_PROGRAMS = ("nsd", "unbound", "named", "delv", "dnssec-keygen", "dnssec-signzone")


class SignedWorld:
    """Zones, the server that has them, and two resolvers, all started when entered and stopped when left.

    Worlds of other sessions may run beside this one: each has its own second octet of 127/8.

    Raises:
        NotInstalled: on entering, if this machine lacks a package, or the right to run servers.
        DidNotStart: if a server did not.
    """

    resolver_name = "resolver.invalid"
    """The name in the certificate of unbound, beside its address."""

    def __init__(self, zones: Iterable[Zone]) -> None:
        """In the records of ``zones``, ``{world}`` stands for the first two octets of all addresses here."""
        self._zones = tuple(zones)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        must_have(*_PROGRAMS)
        with ExitStack() as stack:
            claim, self._block = claim_block()
            stack.enter_context(claim)
            # Below /tmp and open to all: the daemons drop to users of their own, who cannot enter root's folders.
            self.folder = Path(tempfile.mkdtemp(prefix="starttls-dns-"))
            self.folder.chmod(0o755)
            stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self._stack = stack
            self._serve_zones()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def address(self, server: int, host: int = 1) -> str:
        """An address of this world: of one of its servers, and where that has several, of one of its hosts."""
        return f"127.{self._block}.{server}.{host}"

    @property
    def validating(self) -> str:
        """The address of unbound."""
        return self.address(54)

    @property
    def ca_file(self) -> Path:
        """Whom to trust with the certificate of unbound."""
        return self.folder / "ca.pem"

    @property
    def forwarding(self) -> tuple[str, int]:
        """The address and the port of named, which does not validate."""
        return "127.0.0.1", 20_000 + self._block

    @property
    def anchors(self) -> Path:
        """The keys of the root, as DNSKEY records."""
        return self.folder / "anchors"

    @property
    def bind_keys(self) -> Path:
        """The same as BIND's programs read them."""
        return self.folder / "bind.keys"

    def run(self, name: str, ports: Iterable[tuple[str, int, bool]], prepare: Callable[[Path], Launch]) -> Daemon:
        """Start one more daemon, wait until it answers, and stop it with the world."""
        folder = self._make_folder(name)
        daemon = Daemon(name, prepare(folder), folder)
        self._stack.callback(daemon.stop)
        return daemon.wait_until_answering(ports)

    def _serve_zones(self) -> None:
        authority, validating, forwarding = self.address(53), self.validating, self.forwarding
        signed = sign_all(self._zones, self._make_folder("zones"), {"world": f"127.{self._block}"})
        (root,) = (one for one in signed if one.zone.name == ".")
        self._write("anchors", "".join(f"{line}\n" for line in root.anchors))
        self._write("bind.keys", "".join(map(daemons.trust_anchor, root.anchors)))
        hints = self._write("hints", f". 3600 NS ns.test.\nns.test. 3600 A {authority}\n")
        authorities = trustme.CA()
        authorities.cert_pem.write_to_path(self.ca_file)
        certificate = authorities.issue_cert(validating, self.resolver_name)
        self.run("nsd", [(authority, 53, False)], lambda folder: daemons.nsd(signed, folder, authority))
        self.run(
            "unbound",
            [(validating, port, False) for port in (53, 853, 443)],
            lambda folder: daemons.unbound(folder, validating, hints, self.anchors, certificate),
        )
        self.run("named", [(*forwarding, False)], lambda folder: daemons.named(folder, forwarding[1], hints))

    def _make_folder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir()
        folder.chmod(0o777)  # for whichever user a daemon drops to
        return folder

    def _write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o644)
        return path


def must_have(*programs: str) -> None:
    """Raises `NotInstalled` unless this machine can run all of these."""
    if os.geteuid() != 0:
        raise NotInstalled("real servers need root")
    absent = [name for name in programs if shutil.which(name, path=plain_environment()["PATH"]) is None]
    if absent:
        raise NotInstalled(f"not installed: {', '.join(absent)}: run tools/interop-install")
