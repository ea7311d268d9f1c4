import pytest

from starttls.lab import directory
from starttls.lab.directory import ldap
from tests.lab.test_backends import dialogue, session

ROOT_DSE = bytes.fromhex("04000a01000a0100020100020100010100870b6f626a656374436c6173733000")
SUCCESS = b"\x0a\x01\x00\x04\x00\x04\x00"


def message(number: int, tag: int, body: bytes) -> bytes:
    operation = bytes((0x02, 1, number, tag, len(body))) + body
    return bytes((0x30, len(operation))) + operation


UNBIND = message(9, 0x42, b"")


async def test_the_root_dse() -> None:
    answer = await dialogue("ldap", ldap, message(1, 0x63, ROOT_DSE) + UNBIND)
    assert answer.startswith(b"\x30\x81")
    assert b"namingContexts" in answer
    assert b"dc=example,dc=org" in answer
    assert answer.endswith(message(1, 0x65, SUCCESS))


@pytest.mark.parametrize(
    ("request_", "answer"),
    [
        (message(2, 0x60, b"\x02\x01\x03\x04\x00\x80\x00"), message(2, 0x61, SUCCESS)),
        (message(3, 0x60, b"\x02\x01\x03\x04\x02cn\x80\x01x"), message(3, 0x61, b"\x0a\x01\x31\x04\x00\x04\x00")),
        (message(4, 0x63, b"\x04\x02dc\x0a\x01\x02"), message(4, 0x65, b"\x0a\x01\x20\x04\x00\x04\x00")),
        (message(5, 0x4A, b"cn=a"), message(5, 0x6B, b"\x0a\x01\x35\x04\x00\x04\x00")),
        (message(6, 0x50, b"\x01"), b""),
    ],
    ids=["anonymous bind", "bind", "search elsewhere", "delete", "abandon"],
)
async def test_what_is_answered(request_: bytes, answer: bytes) -> None:
    assert await dialogue("ldap", ldap, request_ + UNBIND) == answer


@pytest.mark.parametrize(
    "noise",
    [
        b"GET / HTTP/1.0\r\n\r\n",
        b"\x30\x80\x02\x01",
        b"\x30\x85\x01\x01\x01\x01\x01",
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x00",
        b"\x30\x03\x04\x01\x01",
        b"\x30\x03\x02\x01\x01",
        b"\x30\x04\x02\x01\x01\x63",
    ],
)
async def test_what_is_no_message_ends_the_session(noise: bytes) -> None:
    answer = await dialogue("ldap", ldap, noise + UNBIND)
    assert answer == b"" or noise.endswith(b"\x63")


async def test_a_long_length_is_read() -> None:
    request = message(1, 0x63, ROOT_DSE)
    long = b"\x30\x84\x00\x00\x00" + request[1:]
    assert await dialogue("ldap", ldap, long + UNBIND) == await dialogue("ldap", ldap, request + UNBIND)


async def test_a_client_that_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "PATIENCE", 0.05)
    async with session("ldap", ldap) as stream:
        assert await stream.read() == b""
