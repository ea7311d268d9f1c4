"""Blocking connects: refusals, names, time."""

import socket

import pytest

from starttls.core import errors
from starttls.sync.dial import dial


def test_the_address_that_answers_wins() -> None:
    """``localhost`` is two addresses on most machines; only one of them listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with dial("localhost", port, socket.AF_UNSPEC, 5) as sock:
            assert sock.getpeername()[:2] == ("127.0.0.1", port)


def test_refusals_and_names() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(errors.CannotConnect, match="connection refused"):
        dial("127.0.0.1", port, socket.AF_UNSPEC, 5)
    with pytest.raises(errors.CannotResolve):
        dial("no-such-name.invalid", 25, socket.AF_UNSPEC, 5)
    with pytest.raises(errors.CannotResolve):
        dial("127.0.0.1", 25, socket.AF_INET6, 5)


def test_a_full_backlog_times_out() -> None:
    """A server whose queue is full answers nothing at all."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        address = server.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        try:
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex(address)
            with pytest.raises(errors.TimedOut, match="connecting to 127.0.0.1"):
                dial(address[0], address[1], socket.AF_UNSPEC, 0.3)
        finally:
            for filler in fillers:
                filler.close()


def test_a_family_that_the_kernel_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    """The resolver may find an IPv6 address where the kernel has no IPv6: the next address is tried."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = [(family, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for family in (99, socket.AF_INET)]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        with dial("two.example", port, socket.AF_UNSPEC, 5) as sock:
            assert sock.getpeername()[:2] == ("127.0.0.1", port)
        del found[1]
        with pytest.raises(errors.CannotConnect, match="address family not supported"):
            dial("two.example", port, socket.AF_UNSPEC, 5)
