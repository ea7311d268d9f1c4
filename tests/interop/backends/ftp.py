"""FTP inside TLS (RFC 959, 2428, 4217): a login, and one file over data connections that are TLS as well."""

import asyncio
from dataclasses import dataclass

from starttls.asyncio.server import Server, listen
from starttls.asyncio.stream import Stream
from tests.interop.backends.visit import MAIL, Visit, line

__all__ = ["ftp"]

_FEATURES = b"211-Those\r\n EPSV\r\n PBSZ\r\n PROT\r\n SIZE\r\n UTF8\r\n211 End\r\n"
_LISTING = b"-r--r--r-- 1 tester tester %d Jan 06 12:00 mail.txt\r\n" % len(MAIL)
_FIXED = {
    b"PBSZ": b"200 PBSZ=0\r\n",
    b"SYST": b"215 UNIX Type: L8\r\n",
    b"FEAT": _FEATURES,
    b"OPTS": b"200 OK\r\n",
    b"PWD": b'257 "/" is where you are\r\n',
    b"CWD": b"250 You are there\r\n",
    b"TYPE": b"200 OK\r\n",
    b"NOOP": b"200 OK\r\n",
    b"SIZE": b"213 %d\r\n" % len(MAIL),
    b"QUIT": b"221 Bye\r\n",
}
_FILES = {b"RETR": MAIL, b"LIST": _LISTING, b"NLST": b"mail.txt\r\n"}


async def ftp(stream: Stream, visit: Visit) -> None:
    """A server of one file."""
    data = _Data(visit)
    name = b""
    if stream.upgrade is None:  # implicit TLS
        await stream.write(b"220 ready\r\n")
    try:
        while command := await line(stream):
            visit.hear(command)
            verb, _, argument = command.partition(b" ")
            verb = verb.upper()
            if verb == b"USER":
                name = argument
                await stream.write(b"331 And your password?\r\n")
            elif verb == b"PASS":
                await stream.write(b"230 Come in\r\n" if visit.login(name, argument) else b"530 Not you\r\n")
            elif verb in {b"PROT", b"EPSV", b"PASV"}:
                await stream.write(await data.prepare(verb, argument))
            elif verb in _FILES and visit.user:
                await data.send(stream, _FILES[verb])
            else:
                await stream.write(_FIXED.get(verb, b"502 Not known\r\n"))
            if verb == b"QUIT":
                return
    finally:
        await data.close()


@dataclass(slots=True)
class _Data:
    """The data connection: our own server again, with implicit TLS, for one visitor."""

    visit: Visit
    protected: bool = False
    _server: Server | None = None
    _arrived: "asyncio.Future[tuple[Stream, asyncio.Event]] | None" = None

    async def prepare(self, verb: bytes, argument: bytes) -> bytes:
        """Open a port for the next transfer, which must be protected (RFC 4217 §9)."""
        if verb == b"PROT":
            self.protected = argument.upper() == b"P"
            return b"200 OK\r\n" if self.protected else b"536 P alone\r\n"
        if not self.protected:
            return b"522 PROT P first\r\n"
        await self.close()
        arrived = self._arrived = asyncio.get_running_loop().create_future()

        async def keep(stream: Stream) -> None:
            done = asyncio.Event()
            arrived.set_result((stream, done))
            await done.wait()

        visit = self.visit
        self._server = listen("ftps://127.0.0.1:0", keep, certificate=visit.certificate, key=visit.key)
        await self._server.start()
        port = self._server.addresses[0][1]
        if verb == b"EPSV":
            return b"229 Entering extended passive mode (|||%d|)\r\n" % port
        return b"227 Entering passive mode (127,0,0,1,%d,%d)\r\n" % divmod(port, 256)

    async def send(self, control: Stream, content: bytes) -> None:
        """Transfer ``content`` and say so on the control connection."""
        if self._arrived is None:
            await control.write(b"425 EPSV first\r\n")
            return
        await control.write(b"150 Here it comes\r\n")
        stream, done = await self._arrived
        await stream.write(content)
        await stream.close()
        done.set()
        await self.close()
        await control.write(b"226 That was it\r\n")

    async def close(self) -> None:
        """End what still runs."""
        server, self._server, self._arrived = self._server, None, None
        if server is not None:
            await server.close()
