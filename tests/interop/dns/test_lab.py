"""Our own name server: unbound behind it and delv before it find its zones as they were made."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from starttls.lab.nameserver import NameServer
from starttls.lab.zones import Tree, Zone
from starttls.policy.answer import Question, Status
from tests.interop.dns.oracles import ask_delv, ask_unbound
from tests.interop.dns.world import must_have
from tests.interop.servers.daemon import Daemon
from tests.interop.servers.service import Launch
from tests.interop.servers.world import NotInstalled, claim_block

RECORDS = """
@         MX    10 mail
mail      A     127.0.0.1
alias     CNAME mail
*.wild    TXT   anything
*.other   CNAME mail
deep.in.a TXT   "below a name without records"
"""
ZONES = {
    Zone("good.test", RECORDS): Status.SECURE,
    Zone("none.test", RECORDS, "none"): Status.INSECURE,
    Zone("island.none.test", RECORDS): Status.INSECURE,
    Zone("broken.test", RECORDS, "broken"): Status.BOGUS,
    Zone("expired.test", RECORDS, "expired"): Status.BOGUS,
}
ASKED = [
    ("", "MX"),
    ("mail", "A"),
    ("mail", "AAAA"),
    ("alias", "A"),
    ("x.y.wild", "TXT"),
    ("x.wild", "A"),
    ("x.other", "A"),
    ("in.a", "TXT"),
    ("nowhere", "A"),
    ("x.mail", "A"),
]
UNBOUND = """\
server:
  interface: {address}@53
  access-control: 127.0.0.0/8 allow
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  do-daemonize: no
  do-ip6: no
  do-not-query-localhost: no
  trust-anchor-file: "{folder}/anchor"
  module-config: "validator iterator"
  local-zone: "test." nodefault
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: {host}@{port}
"""

each_zone = pytest.mark.parametrize(("zone", "status"), ZONES.items(), ids=lambda one: getattr(one, "name", None))


@pytest.fixture(scope="module")
def tree() -> Tree:
    return Tree.grow(Zone("test"), *ZONES)


@pytest.fixture
async def server(tree: Tree) -> AsyncIterator[NameServer]:
    try:
        must_have("unbound", "delv")
    except NotInstalled as reason:
        pytest.skip(str(reason))
    async with NameServer(tree) as running:
        yield running


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="starttls-dns-"))
    yield made
    shutil.rmtree(made)


def questions(zone: Zone) -> list[Question]:
    return [Question(f"{below}.{zone.name}".removeprefix("."), rdtype) for below, rdtype in ASKED]


@each_zone
async def test_delv(server: NameServer, tree: Tree, folder: Path, zone: Zone, status: Status) -> None:
    """It does not ask for what is bogus (CD), and then it gets none: all that it sees is SERVFAIL."""
    anchors = folder / "anchor"
    anchors.write_text(tree.bind_anchor)
    asked = questions(zone)
    said = [await asyncio.to_thread(ask_delv, server.address, anchors, question) for question in asked]
    assert dict(zip(asked, said, strict=True)) == dict.fromkeys(
        asked, status if status.usable else Status.INDETERMINATE
    )


async def test_unbound(server: NameServer, tree: Tree, folder: Path) -> None:
    claim, block = claim_block()
    address, (host, port) = f"127.{block}.54.1", server.address
    (folder / "anchor").write_text(tree.anchor)
    file = folder / "unbound.conf"
    file.write_text(UNBOUND.format(address=address, folder=folder, host=host, port=port))
    with claim:
        daemon = Daemon("unbound", Launch(command=("unbound", "-d", "-p", "-c", file)), folder)
        try:
            await asyncio.to_thread(daemon.wait_until_answering, [(address, 53, False)])
            for zone, status in ZONES.items():
                asked = questions(zone)
                said = [await asyncio.to_thread(ask_unbound, address, question) for question in asked]
                assert dict(zip(asked, said, strict=True)) == dict.fromkeys(asked, status), daemon.logs()
        finally:
            await asyncio.to_thread(daemon.stop)
