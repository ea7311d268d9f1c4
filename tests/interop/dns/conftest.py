"""Fixtures of the signed world."""

from collections.abc import Iterator

import pytest

from tests.interop.dns.world import SignedWorld
from tests.interop.dns.zones import ZONES
from tests.interop.servers.daemon import DidNotStart
from tests.interop.servers.world import NotInstalled


@pytest.fixture(scope="session")
def signed_world() -> Iterator[SignedWorld]:
    """All zones, signed and served, for the whole session."""
    try:
        world = SignedWorld(ZONES).__enter__()
    except NotInstalled as reason:
        pytest.skip(str(reason))
    except DidNotStart as report:
        raise pytest.fail.Exception(str(report), pytrace=False) from None
    yield world
    world.__exit__(None, None, None)
