"""Fixtures that bring up real servers; what they are is in `tests/interop/servers`."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.interop.clients.house import House
from tests.interop.clients.papers import Papers
from tests.interop.clients.program import Home
from tests.interop.servers import ALL, SERVICES
from tests.interop.servers.daemon import DidNotStart
from tests.interop.servers.service import Offer, Service
from tests.interop.servers.world import NotInstalled, World


@pytest.fixture(scope="session")
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Real servers on loopback. Those that the collected tests ask for start at once, side by side."""
    with World(ALL) as made:
        # A worker of pytest-xdist has collected all tests and will run some of them.
        if "PYTEST_XDIST_WORKER" not in os.environ:
            for offer in _wanted(request.session.items):
                made.begin(offer.server)
        yield made


@pytest.fixture(params=SERVICES, ids=lambda offer: offer.name)
def service(request: pytest.FixtureRequest, world: World) -> Service:
    """Each service of each real server in turn."""
    offer: Offer = request.param
    try:
        return world.service(offer)
    except NotInstalled as reason:
        _cannot_run(str(reason))
    except DidNotStart as report:
        raise pytest.fail.Exception(str(report), pytrace=False) from None


def _wanted(items: list[pytest.Item]) -> Iterator[Offer]:
    for item in items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            offer = item.callspec.params.get("service")
            if isinstance(offer, Offer):
                yield offer


def _cannot_run(reason: str) -> NoReturn:
    # CI installs everything first: there, a server that is not installed is a fault and no excuse.
    if os.environ.get("STARTTLS_NO_SKIP") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Our own servers, for real clients; each test opens the door that it needs."""
    with House(Papers.issue(tmp_path_factory.mktemp("papers"))) as made:
        yield made


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A folder in which a client runs."""
    return Home(tmp_path)
