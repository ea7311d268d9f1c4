import asyncio
import itertools
import os

import pytest

from starttls.cli.pipe import Newlines, Shown, Stdin


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        (b"a\nb\n", b"a\r\nb\r\n"),
        (b"a\r\nb\n", b"a\r\nb\r\n"),
        (b"\n\n", b"\r\n\r\n"),
        (b"a\rb\r", b"a\rb\r"),
        (b"\r\r\n\n", b"\r\r\n\r\n"),
    ],
)
def test_every_line_ends_in_crlf_however_it_is_cut(said: bytes, sent: bytes) -> None:
    for cuts in itertools.product((False, True), repeat=len(said) - 1):
        translate, out, piece = Newlines(), b"", said[:1]
        for byte, cut in zip(said[1:], cuts, strict=True):
            if cut:
                out, piece = out + translate(piece), b""
            piece += bytes((byte,))
        assert out + translate(piece) == sent


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (b"* OK ready\r\n", b"* OK ready\n"),
        (b"\x1b]0;pwned\x07\x1b[2J", rb"\x1b]0;pwned\x07\x1b[2J"),
        ("Grüße\t\u202e\n".encode(), "Grüße\t\\u202e\n".encode()),
        (b"\xff\x9b", rb"\xff\x9b"),
    ],
)
def test_a_server_cannot_command_the_terminal(said: bytes, shown: bytes) -> None:
    show = Shown()
    assert b"".join(show(said[at : at + 1]) for at in range(len(said))) == shown
    assert Shown()(said) == shown


async def test_stdin_is_read_to_its_end() -> None:
    reading, writing = os.pipe()
    stdin = Stdin(reading)
    for said in (b"one", b"two"):
        os.write(writing, said)
        assert await stdin.read() == said
    os.close(writing)
    assert await stdin.read() == b""
    os.close(reading)


async def test_a_slow_server_holds_stdin_back() -> None:
    reading, writing = os.pipe()
    stdin = Stdin(reading)
    os.write(writing, b"one")
    await asyncio.sleep(0.05)
    os.write(writing, b"two")
    await asyncio.sleep(0.05)
    assert await stdin.read() == b"one"
    assert await stdin.read() == b"two"
    os.close(writing)
    assert await stdin.read() == b""
    os.close(reading)
