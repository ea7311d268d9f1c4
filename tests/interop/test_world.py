"""What starts the real servers: it reports a server that does not start, and leaves nothing running."""

import socket
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tests.interop.servers.daemon import Daemon, DidNotStart, run_once
from tests.interop.servers.service import Launch, Offer, Place, Server
from tests.interop.servers.world import NotInstalled, World

PORT = 8025

# Greets on a port, with a child in a session of its own below it, as Postfix has.
GREETER = f"""\
import os, socket, sys, time
if os.fork() == 0:
    os.setsid()
    open("child", "w").write(str(os.getpid()))
    time.sleep(60)
listener = socket.create_server((sys.argv[1], {PORT}))
while True:
    listener.accept()[0].sendall(b"220 hello")
"""


def greet(place: Place) -> Launch:
    return Launch(command=(sys.executable, "-c", GREETER, place.address))


OFFER = Offer("greeter", "smtp", "smtp", PORT)
SERVER = Server(name="greeter", octet=200, offers=(OFFER,), prepare=greet)


def is_alive(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def test_a_service_answers_and_its_certificate_files_are_there() -> None:
    with World([SERVER]) as world:
        service = world.service(OFFER)
        with socket.create_connection((service.host, service.port), timeout=5) as connection:
            assert connection.recv(9) == b"220 hello"
        assert service.url == f"smtp://{service.host}:{PORT}"
        assert service.ca_file.read_text().startswith("-----BEGIN CERTIFICATE-----")


def test_stop_ends_children_in_sessions_of_their_own(tmp_path: Path) -> None:
    launch = Launch(command=(sys.executable, "-c", GREETER, "127.9.9.9"))
    daemon = Daemon("greeter", launch, tmp_path).wait_until_answering([("127.9.9.9", PORT, True)])
    child = int((tmp_path / "child").read_text())
    assert is_alive(child)
    daemon.stop()
    assert not is_alive(child)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.9.9.9", PORT), timeout=5)


def test_a_server_that_ends_at_once_is_reported_with_its_log() -> None:
    def complain(_: Place) -> Launch:
        return Launch(command=("sh", "-c", "echo bad option on line 7 >&2; exit 3"))

    with World([replace(SERVER, prepare=complain)]) as world:
        with pytest.raises(DidNotStart, match=r"(?s)greeter ended with status 3.*bad option on line 7"):
            world.service(OFFER)
        with pytest.raises(DidNotStart):
            world.service(OFFER)


def test_a_set_up_program_that_fails_is_reported_with_its_output() -> None:
    with pytest.raises(DidNotStart, match=r"(?s)status 4.*no such locale"):
        run_once("sh", "-c", "echo no such locale >&2; exit 4")


@pytest.mark.parametrize(
    "server",
    [replace(SERVER, programs=("/nowhere/greeterd",)), replace(SERVER, unpacked=("no-such-package",))],
    ids=["installed", "unpacked"],
)
def test_a_server_that_is_not_installed_is_named(server: Server) -> None:
    with World([server]) as world, pytest.raises(NotInstalled, match="greeter is not installed"):
        world.service(OFFER)


def test_two_worlds_do_not_meet() -> None:
    with World([SERVER]) as one, World([SERVER]) as other:
        assert one.service(OFFER).host != other.service(OFFER).host


def test_servers_see_nothing_of_what_the_machine_trusts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/hostname")
    assert run_once("sh", "-c", "echo ${SSL_CERT_FILE-unset}") == "unset\n"
