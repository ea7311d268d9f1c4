"""Our server against sieve-connect: it verifies us, makes sure that nothing was injected, and leaves a script."""

import pytest

from tests.interop.backends.visit import PASSWORD, USER
from tests.interop.clients.house import Door, House
from tests.interop.clients.papers import BAD
from tests.interop.clients.program import Home, Ran

pytestmark = pytest.mark.interop

SCRIPT = "keep;\n"


def sieve_connect(home: Home, door: Door) -> Ran:
    command = ["sieve-connect", "--server", "localhost", "--port", str(door.port), "--tlscafile", str(door.ca_file)]
    command += ["--user", USER, "--passwordfd", "0", "--upload", "--remotesieve", "kept"]
    return home.run(*command, "--localsieve", home.write("kept.sieve", SCRIPT), said=f"{PASSWORD}\n".encode())


def test_sieve_connect_leaves_a_script(house: House, home: Home) -> None:
    with house.open("managesieve") as door:
        ran = sieve_connect(home, door)
        assert ran.status == 0, ran.output
        visit = door.visit()
        # The list of capabilities that we sent unasked has come before the answer to this.
        assert visit.heard[0] == 'NOOP "STARTTLS-RESYNC-CAPA"'
        assert visit.user == USER
        assert visit.mail == [SCRIPT.encode()]


@pytest.mark.parametrize("kind", BAD)
def test_sieve_connect_refuses(house: House, home: Home, kind: str) -> None:
    with house.open("managesieve", kind=kind) as door:
        ran = sieve_connect(home, door)
        assert ran.status == 255
        assert "STARTTLS promotion failed" in ran.output
        assert door.heard() == []
