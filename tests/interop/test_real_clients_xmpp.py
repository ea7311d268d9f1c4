"""Our server against slixmpp: it verifies us, logs in, binds a resource, and says a word."""

import sys
from pathlib import Path

import pytest

from starttls.core.errors import Unexpected
from tests.interop.backends.visit import PASSWORD, USER
from tests.interop.clients.house import Door, House
from tests.interop.clients.papers import BAD
from tests.interop.clients.program import Home, Ran

pytestmark = pytest.mark.interop

CLIENT = Path(__file__).parent / "clients/log_in_xmpp.py"
SAYS = {
    "unknown-issuer": "unable to get local issuer certificate",
    "wrong-name": "Hostname mismatch, certificate is not valid for 'localhost'",
    "expired": "certificate has expired",
}


def slixmpp(home: Home, door: Door) -> Ran:
    return home.run(sys.executable, CLIENT, str(door.port), str(door.ca_file), USER, PASSWORD)


def test_slixmpp_logs_in(house: House, home: Home) -> None:
    with house.open("xmpp") as door:
        ran = slixmpp(home, door)
        assert ran.status == 0, ran.output
        assert ran.output == f"logged in as {USER}@localhost/there, 0 friends\n"
        # It tries TLS from the first byte before it speaks XML, and comes again.
        first = door.failure()
        assert isinstance(first, Unexpected)
        assert first.got == b"\x16"
        visit = door.visit()
        assert visit.user == USER
        assert visit.heard[:3] == ["stream", "auth", "stream"]
        assert visit.mail == [b"It was here."]


@pytest.mark.parametrize("kind", BAD)
def test_slixmpp_refuses(house: House, home: Home, kind: str) -> None:
    with house.open("xmpp", kind=kind) as door:
        ran = slixmpp(home, door)
        assert SAYS[kind] in ran.output
        door.failure(1)
        assert door.visits == []
