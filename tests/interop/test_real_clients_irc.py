"""Our server against irssi, in a terminal that nobody looks at: it verifies us and registers."""

import pytest

from tests.interop.clients.house import Door, House
from tests.interop.clients.papers import BAD
from tests.interop.clients.program import Home, Ran

pytestmark = pytest.mark.interop

# It goes home when it is welcome, or not.
SCRIPT = """use Irssi;
Irssi::signal_add("event 422", sub { Irssi::command("quit"); });
Irssi::signal_add($_, sub { Irssi::command("quit"); }) for ("server connect failed", "server disconnected");
"""
SAYS = {
    "unknown-issuer": "unable to get local issuer certificate",
    "wrong-name": "None of the Subject Alt Names in the certificate match hostname 'localhost'",
    "expired": "certificate has expired",
}


def irssi(home: Home, door: Door) -> Ran:
    (home.folder / "scripts/autorun").mkdir(parents=True)
    home.write("scripts/autorun/quit.pl", SCRIPT)
    connect = f"/connect -starttls -tls_verify -tls_cafile {door.ca_file} localhost {door.port} - tester"
    home.write("startup", f"{connect}\n")
    # Wide enough for a line of its own each.
    command = f"stty cols 240 rows 60; irssi --home={home.folder}"
    return home.run("script", "-qec", command, "/dev/null", environment={"TERM": "xterm"})


def test_irssi_registers(house: House, home: Home) -> None:
    with house.open("irc") as door:
        ran = irssi(home, door)
        assert ran.status == 0, ran.output
        visit = door.visit()
        assert visit.verbs[:3] == ["CAP", "NICK", "USER"]
        assert visit.user == "tester"


@pytest.mark.parametrize("kind", BAD)
def test_irssi_refuses(house: House, home: Home, kind: str) -> None:
    with house.open("irc", kind=kind) as door:
        ran = irssi(home, door)
        assert SAYS[kind] in ran.output
        assert door.heard() == []
