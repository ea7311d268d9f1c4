"""MySQL inside TLS: the login that follows the SSL request, with mysql_native_password, and ``select 1``."""

import hashlib

from starttls.asyncio.stream import Stream
from tests.interop.backends.visit import PASSWORD, USER, Visit

__all__ = ["mysql"]

_CONNECT_WITH_DB, _LENENC = 0x8, 0x200000
_QUIT, _INIT_DB, _QUERY, _PING = 1, 2, 3, 14
_OK = b"\x00\x00\x00\x02\x00\x00\x00"
_EOF = b"\xfe\x00\x00\x02\x00"
_UTF8MB4, _LONGLONG = 45, 8


async def mysql(stream: Stream, visit: Visit) -> None:
    """A data base that can count to one."""
    number, login = await _packet(stream)
    visit.hear(f"login as packet {number}")
    scramble = bytes.fromhex(stream.said["scramble"][0])
    user, proof = _read_login(login)
    if user != USER.encode() or proof != _proof(scramble):
        await _send(stream, number + 1, b"\xff\x15\x04#28000Access denied for this user")
        return
    visit.user = user.decode()
    await _send(stream, number + 1, _OK)
    while True:
        number, command = await _packet(stream)
        match command[0]:
            case 1:
                visit.hear("quit")
                return
            case 3:
                visit.hear(command[1:])
                await _send(stream, number + 1, *_answer(command[1:]))
            case other:
                visit.hear(f"command {other}")
                await _send(stream, number + 1, _OK)


def _read_login(login: bytes) -> tuple[bytes, bytes]:
    """User and proof of a HandshakeResponse41: 32 bytes as in the request, then these."""
    end = login.index(b"\0", 32)
    length = login[end + 1]  # a proof is short: its length is one byte, length-encoded or not
    return login[32:end], login[end + 2 : end + 2 + length]


def _proof(scramble: bytes) -> bytes:
    """SHA1(password) XOR SHA1(scramble, SHA1(SHA1(password)))."""
    once = hashlib.sha1(PASSWORD.encode()).digest()
    mask = hashlib.sha1(scramble + hashlib.sha1(once).digest()).digest()
    return bytes(left ^ right for left, right in zip(once, mask, strict=True))


def _answer(query: bytes) -> tuple[bytes, ...]:
    """The packets that answer a query: a table of one number, or OK."""
    if query.rstrip(b"; ").lower() != b"select 1":
        return (_OK,)
    names = b"".join(bytes((len(name),)) + name for name in (b"def", b"", b"", b"", b"1", b""))
    column = names + b"\x0c" + _UTF8MB4.to_bytes(2, "little") + b"\1\0\0\0" + bytes((_LONGLONG,)) + bytes(5)
    return b"\1", column, _EOF, b"\x011", _EOF


async def _packet(stream: Stream) -> tuple[int, bytes]:
    head = await stream.readexactly(4)
    return head[3], await stream.readexactly(int.from_bytes(head[:3], "little"))


async def _send(stream: Stream, number: int, *payloads: bytes) -> None:
    """Packets, numbered from ``number`` on."""
    numbered = enumerate(payloads, number)
    await stream.write(b"".join(len(body).to_bytes(3, "little") + bytes((at,)) + body for at, body in numbered))
