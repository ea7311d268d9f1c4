"""Fixtures that bring up real servers; what they are is in `tests/interop/servers`."""

from collections.abc import Iterator
from pathlib import Path

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
    """Real servers on loopback. Those that the selected tests ask for start at once, side by side."""
    with World(ALL) as made:
        for offer in _wanted(request.session.items):
            made.begin(offer.server)
        yield made


@pytest.fixture(params=SERVICES, ids=lambda offer: offer.name)
def service(request: pytest.FixtureRequest, world: World) -> Service:
    """Each service of each real server in turn.

    A server that is not installed skips its tests (CI forbids that); one that does not start fails them.
    """
    offer: Offer = request.param
    try:
        return world.service(offer)
    except NotInstalled as reason:
        pytest.skip(str(reason))
    except DidNotStart as report:
        raise pytest.fail.Exception(str(report), pytrace=False) from None


def _wanted(items: list[pytest.Item]) -> Iterator[Offer]:
    for item in items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec"):
            offer = item.callspec.params.get("service")
            if isinstance(offer, Offer):
                yield offer


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Our own servers, for real clients; each test opens the door that it needs."""
    with House(Papers.issue(tmp_path_factory.mktemp("papers"))) as made:
        yield made


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A folder in which a client runs."""
    return Home(tmp_path)
