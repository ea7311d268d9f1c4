"""Fixtures of the signed worlds. Each is up for the whole session, from the first test that asks for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import pytest

from tests.interop.dns.mail.table import TableWorld
from tests.interop.dns.mail.world import MailWorld
from tests.interop.dns.world import SignedWorld
from tests.interop.dns.zones import ZONES
from tests.interop.servers.daemon import DidNotStart
from tests.interop.servers.world import NotInstalled

W = TypeVar("W", SignedWorld, MailWorld, TableWorld)


@pytest.fixture(scope="session")
def signed_world() -> Iterator[SignedWorld]:
    """Zones of every sort."""
    with _entered(SignedWorld(ZONES)) as world:
        yield world


@pytest.fixture(scope="session")
def mail_world() -> Iterator[MailWorld]:
    """Mail domains, with their hosts and policies."""
    with _entered(MailWorld()) as world:
        yield world


@pytest.fixture(scope="session")
def table_world() -> Iterator[TableWorld]:
    """The DANE table, served."""
    with _entered(TableWorld()) as world:
        yield world


@contextmanager
def _entered(world: W) -> Iterator[W]:
    """What is not installed skips (CI forbids that); what does not start fails."""
    try:
        world.__enter__()
    except NotInstalled as reason:
        pytest.skip(str(reason))
    except DidNotStart as report:
        raise pytest.fail.Exception(str(report), pytrace=False) from None
    try:
        yield world
    finally:
        world.__exit__(None, None, None)
