"""An SMTP server that takes mail inside TLS and keeps it, on a loop in a thread."""

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from starttls.asyncio.server import listen
from starttls.asyncio.stream import Stream
from starttls.lab.authority import Files
from starttls.lab.backends import line

ANSWERS = {
    b"EHLO": b"250-localhost\r\n250 8BITMIME\r\n",
    b"MAIL": b"250 2.1.0 OK\r\n",
    b"RCPT": b"250 2.1.5 OK\r\n",
    b"DATA": b"354 Go on\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}


@dataclass
class Postbox:
    """Where it is, the SHA-256 of its key, the commands that it heard, and the mails as they came, with their dots."""

    url: str = ""
    key_digest: str = ""
    said: list[bytes] = field(default_factory=list)
    mails: list[bytes] = field(default_factory=list)

    async def serve(self, stream: Stream) -> None:
        """Answer until QUIT."""
        while (command := await line(stream)) is not None:
            self.said.append(command)
            verb = command[:4].upper()
            await stream.write(ANSWERS.get(verb, b"502 5.5.1 Not implemented\r\n"))
            if verb == b"DATA":
                mail = await stream.readuntil(b"\r\n.\r\n")
                self.mails.append(mail.removesuffix(b".\r\n"))
                await stream.write(b"250 2.0.0 OK\r\n")
            elif verb == b"QUIT":
                return


def digest_of_key(pem: bytes) -> str:
    """What a TLSA record 3 1 1 has, in hexadecimal."""
    key = x509.load_pem_x509_certificate(pem).public_key()
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


@contextmanager
def postbox(files: Files) -> Iterator[Postbox]:
    """Run one."""
    box = Postbox(key_digest=digest_of_key(files.chain.read_bytes()))
    started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def run() -> None:
        over = asyncio.Event()
        async with listen("smtp://127.0.0.1:0", box.serve, certificate=files.chain, key=files.key) as server:
            box.url = f"smtp://localhost:{server.addresses[0][1]}"
            started.set_result((asyncio.get_running_loop(), over))
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    loop, over = started.result(timeout=10)
    try:
        yield box
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
