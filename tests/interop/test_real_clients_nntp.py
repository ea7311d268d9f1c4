"""Our server against nntplib, the reader that came with Python up to 3.12."""

import sys
from pathlib import Path

import pytest

from tests.interop.backends.visit import MAIL, PASSWORD, USER
from tests.interop.clients.house import Door, House
from tests.interop.clients.papers import BAD
from tests.interop.clients.program import Home, Ran

pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(sys.version_info >= (3, 13), reason="Python 3.13 has no nntplib any more"),
]

READER = Path(__file__).parent / "clients/read_news.py"


def read_news(home: Home, door: Door) -> Ran:
    # A process of its own: importing nntplib is a warning, and warnings are errors here.
    options = ["-W", "ignore::DeprecationWarning", str(READER)]
    return home.run(sys.executable, *options, str(door.port), str(door.ca_file), USER, PASSWORD)


def test_nntplib_reads(house: House, home: Home) -> None:
    with house.open("nntp") as door:
        ran = read_news(home, door)
        assert ran.status == 0, ran.output
        assert ran.output.encode() == MAIL.replace(b"\r\n", b"\n")
        visit = door.visit()
        assert visit.user == USER
        assert visit.verbs[0] == "CAPABILITIES"  # it forgets what it heard before TLS
        assert visit.verbs[-1] == "QUIT"


@pytest.mark.parametrize("kind", BAD)
def test_nntplib_refuses(house: House, home: Home, kind: str) -> None:
    with house.open("nntp", kind=kind) as door:
        ran = read_news(home, door)
        assert ran.status == 1
        assert "SSLCertVerificationError" in ran.output
        assert door.heard() == []
