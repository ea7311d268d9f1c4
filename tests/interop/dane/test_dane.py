"""Our DANE against OpenSSL's and GnuTLS's, on one table: each makes of every case what is written there.

Every chain is presented by a real server in a real handshake, and judged by each of them.
"""

import itertools
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from starttls import sync
from starttls.policy.tlsa import Match, match
from tests.interop.clients.program import Home
from tests.interop.dane import gnutls, openssl
from tests.interop.dane.cases import CASES, DIFFERENT, HOST, Case, taken_by
from tests.policy.paper import Paper

pytestmark = pytest.mark.interop

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


class Servers:
    """One server at a time: cases with the same chain stand together."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._chain: tuple[Paper, ...] = ()
        self._port = 0
        self._running = ExitStack()

    def port(self, chain: tuple[Paper, ...]) -> int:
        """Where a server presents ``chain``."""
        if chain != self._chain:
            self.stop()
            self._port = self._running.enter_context(openssl.serving(self._folder, chain))
            self._chain = chain
        return self._port

    def stop(self) -> None:
        self._running.close()
        self._chain = ()


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    made = Servers(tmp_path_factory.mktemp("dane"))
    yield made
    made.stop()


@each_case
def test_we_say_what_is_written(servers: Servers, case: Case) -> None:
    with sync.connect(f"smtps://127.0.0.1:{servers.port(case.chain)}", policy="encrypt") as stream:
        assert stream.tls is not None
        chain = stream.tls.chain
    assert chain == tuple(paper.der for paper in case.chain)
    roots = [paper.der for paper in case.roots]
    found = match(case.records, chain, names=[HOST], now=datetime.now(UTC), roots=lambda: roots)
    assert isinstance(found, Match) is case.ours, found


@each_case
def test_openssl_says_what_is_written(servers: Servers, home: Home, case: Case) -> None:
    taken, said = openssl.takes(home, servers.port(case.chain), case.records, case.roots)
    assert taken is taken_by("openssl", case), said


@each_case
def test_gnutls_says_what_is_written(case: Case) -> None:
    assert gnutls.takes([paper.der for paper in case.chain], case.records) is taken_by("gnutls", case)


def test_every_difference_is_a_case() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    assert set(itertools.chain(*DIFFERENT.values())) <= set(names)
