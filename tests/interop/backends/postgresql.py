"""PostgreSQL inside TLS, protocol 3.0: a login with a password in clear, and ``select 1``."""

from starttls.asyncio.stream import Stream
from tests.interop.backends.visit import Visit

__all__ = ["postgresql"]

_INT4 = 23
_READY = b"ZI"


async def postgresql(stream: Stream, visit: Visit) -> None:
    """A data base that can count to one."""
    length = int.from_bytes(await stream.readexactly(4), "big")
    startup = await stream.readexactly(length - 4)
    settings = startup[4:].rstrip(b"\0").split(b"\0")
    names = dict(zip(settings[::2], settings[1::2], strict=True))
    visit.hear(f"startup {int.from_bytes(startup[:2], 'big')}")
    await stream.write(_message(b"R", _number(3)))  # AuthenticationCleartextPassword
    _, password = await _read(stream)
    visit.hear("password")
    if not visit.login(names.get(b"user", b""), password.rstrip(b"\0")):
        await stream.write(_error(b"FATAL", b"28P01", b"not you"))
        return
    said = b"".join(
        _message(b"S", name + b"\0" + value + b"\0")
        for name, value in ((b"server_version", b"15.0"), (b"client_encoding", b"UTF8"), (b"DateStyle", b"ISO"))
    )
    await stream.write(_message(b"R", _number(0)) + said + _message(b"Z", b"I"))
    await _queries(stream, visit)


async def _queries(stream: Stream, visit: Visit) -> None:
    while True:
        kind, body = await _read(stream)
        if kind == b"X":
            visit.hear("terminate")
            return
        text = body.rstrip(b"\0")
        visit.hear(text if kind == b"Q" else kind)
        if text.rstrip(b"; ").lower() == b"select 1":
            column = b"?column?\0" + bytes(6) + _number(_INT4) + b"\0\4" + b"\xff\xff\xff\xff" + b"\0\0"
            row = b"\0\1" + _number(1) + b"1"
            answer = _message(b"T", b"\0\1" + column) + _message(b"D", row) + _message(b"C", b"SELECT 1\0")
        else:
            answer = _error(b"ERROR", b"0A000", b"select 1 is all we know")
        await stream.write(answer + _message(b"Z", b"I"))


async def _read(stream: Stream) -> tuple[bytes, bytes]:
    """The type of one message, and its body."""
    head = await stream.readexactly(5)
    return head[:1], await stream.readexactly(int.from_bytes(head[1:], "big") - 4)


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + _number(len(body) + 4) + body


def _number(value: int) -> bytes:
    return value.to_bytes(4, "big")


def _error(severity: bytes, state: bytes, text: bytes) -> bytes:
    return _message(b"E", b"S%b\0V%b\0C%b\0M%b\0\0" % (severity, severity, state, text))
