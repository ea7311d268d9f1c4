"""Between an upgraded stream and our stdin and stdout."""

import asyncio
import codecs
import os
import sys
import threading

from starttls.asyncio.stream import Stream

__all__ = ["Newlines", "Shown", "Stdin", "join"]

CHUNK = 65536


class Newlines:
    """Makes every line end in CRLF, across chunks; an end that is CRLF already stays."""

    def __init__(self) -> None:
        self._after_cr = False

    def __call__(self, data: bytes) -> bytes:
        """Translate one chunk."""
        done = b"\n" if self._after_cr and data.startswith(b"\n") else b""
        self._after_cr = data.endswith(b"\r")
        return done + data[len(done) :].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


class Shown:
    """Makes a server's bytes fit for a terminal: text stays, what could command the terminal is escaped."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")

    def __call__(self, data: bytes) -> bytes:
        """Translate one chunk."""
        return "".join(map(_shown, self._decoder.decode(data))).encode()


def _shown(char: str) -> str:
    if char.isprintable() or char in "\n\t":
        return char
    return "" if char == "\r" else char.encode("unicode_escape").decode("ascii")


class Stdin:
    """Our stdin, whatever it is: a terminal, a pipe, a file. Read by a thread, which dies with the process."""

    def __init__(self, fd: int) -> None:
        self._chunks: asyncio.Queue[bytes] = asyncio.Queue()
        self._fd = fd
        self._loop = asyncio.get_running_loop()
        self._wanted = threading.Semaphore()
        threading.Thread(target=self._read, name="stdin", daemon=True).start()

    async def read(self) -> bytes:
        """The next chunk; b"" at the end."""
        data = await self._chunks.get()
        self._wanted.release()
        return data

    def _read(self) -> None:
        data = b"-"
        while data:
            self._wanted.acquire()  # one chunk ahead of a slow server is enough
            try:
                data = os.read(self._fd, CHUNK)
            except OSError:  # a terminal that went away
                data = b""
            try:
                self._loop.call_soon_threadsafe(self._chunks.put_nowait, data)
            except RuntimeError:  # the loop is closed: nobody asks any more
                return


async def join(stream: Stream, stdin: Stdin, *, crlf: bool, linger: float) -> None:
    """Pass bytes both ways until the server is done, or is silent for ``linger`` seconds after the end of stdin.

    Raises what reading the stream raises.
    """
    loop = asyncio.get_running_loop()
    heard = loop.time()

    async def up() -> None:
        translate = Newlines() if crlf else bytes
        while data := await stdin.read():
            await stream.write(translate(data))

    async def down() -> None:
        nonlocal heard
        translate = Shown() if sys.stdout.isatty() else bytes
        while data := await stream.read():
            heard = loop.time()
            sys.stdout.buffer.write(translate(data))
            sys.stdout.buffer.flush()

    sending, receiving = asyncio.create_task(up()), asyncio.create_task(down())
    try:
        await asyncio.wait((sending, receiving), return_when=asyncio.FIRST_COMPLETED)
        heard = loop.time()
        while not receiving.done() and (left := heard + linger - loop.time()) > 0:
            await asyncio.wait((receiving,), timeout=left)
        if receiving.done():
            receiving.result()
    finally:
        sending.cancel()
        receiving.cancel()
        # What sending met is no news: the server is gone, and receiving has said so.
        await asyncio.gather(sending, receiving, return_exceptions=True)
