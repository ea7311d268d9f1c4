"""Each row of the DANE table as a mail host: its records in a signed zone, its chain behind STARTTLS."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from starttls.policy.answer import Status
from tests.interop.dane.cases import CASES, HOST, Case
from tests.interop.dns.mail.doors import Doors
from tests.interop.dns.private import seeing
from tests.interop.dns.world import SignedWorld, must_have
from tests.interop.dns.zone import Zone
from tests.interop.dns.zones import ROOT, TOP

__all__ = ["ROWS", "TableWorld", "port_of"]

ROWS = tuple(case for case in CASES if all(record.data for record in case.records))
"""All but those with a record that has no data: BIND signs no such zone."""

_FIRST_PORT = 3000
# Where programs look that know no other place: the C library, and libgnutls-dane as Debian builds it.
_RESOLV_CONF, _ROOT_KEY = "/etc/resolv.conf", "/usr/share/dns/root.key"


class TableWorld:
    """`ROWS`, all of them at `HOST`, each on a port of its own. Raises as `SignedWorld` does."""

    def __init__(self) -> None:
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        must_have("posttls-finger", "danetool", "unshare")
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="starttls-table-")))
            self.folder.chmod(0o755)
            zone = Zone(name=HOST.partition(".")[2], status=Status.SECURE, records="".join(map(_records, ROWS)) + _HOST)
            self.dns = stack.enter_context(SignedWorld((ROOT, TOP, zone)))
            chains = {port_of(case): self._write(case) for case in ROWS}
            stack.enter_context(Doors(self.dns.address(25), chains))
            (self.folder / "resolv.conf").write_text(f"nameserver {self.dns.validating}\noptions edns0 trust-ad\n")
            (self.folder / "main.cf").write_text("compatibility_level = 3.7\n")
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def sees(self, *command: str | Path) -> list[str]:
        """``command``, to be run where the system's resolver and its trust anchor are those of this world."""
        files = {_RESOLV_CONF: self.folder / "resolv.conf", _ROOT_KEY: self.dns.anchors}
        return seeing(files, *command)

    def _write(self, case: Case) -> Path:
        file = self.folder / f"{case.name}.pem"
        file.write_bytes(case.chain[0].key_pem + b"".join(paper.pem for paper in case.chain))
        return file


def port_of(case: Case) -> int:
    """Where the row is served."""
    return _FIRST_PORT + ROWS.index(case)


_HOST = f"{HOST}. A {{world}}.25.1\n"


def _records(case: Case) -> str:
    return "".join(f"_{port_of(case)}._tcp.{HOST}. TLSA {record}\n" for record in case.records)
