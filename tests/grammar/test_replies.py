"""Three-digit replies, read without a protocol around them."""

import pytest

from starttls.core.errors import PeerError, Refusal, Refused, TooLong, Unexpected
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side
from starttls.core.wait import Wait
from starttls.grammar import replies

WAIT = Wait("a reply", "a test", 40)


class Reading:
    """Reads one reply with ``read``, cut as ``segments`` are."""

    def __init__(self, read: replies.Read, *segments: bytes) -> None:
        self.reply: replies.Reply | None = None
        self.talk = Talk("test", Side.CLIENT)
        self.talk.begin(self._steps(read))
        for segment in segments:
            self.talk.receive_data(segment)

    def _steps(self, read: replies.Read) -> Steps[None]:
        self.reply = yield from read(self.talk, WAIT)
        self.talk.upgrade()

    @property
    def error(self) -> PeerError:
        assert isinstance(self.talk.outcome, PeerError)
        return self.talk.outcome


@pytest.mark.parametrize(
    ("data", "code", "lines"),
    [
        (b"220\r\n", 220, (b"",)),
        (b"220 \r\n", 220, (b"",)),
        (b"220 ready\r\n", 220, (b"ready",)),
        (b"220-a\r\n220-\r\n220 b\r\n", 220, (b"a", b"", b"b")),
        (b"220-a\r\n220\r\n", 220, (b"a", b"")),
        (b"599 \xff\r\n", 599, (b"\xff",)),
    ],
)
def test_a_reply_of_smtp(data: bytes, code: int, lines: tuple[bytes, ...]) -> None:
    assert Reading(replies.reply, data).reply == (code, lines)
    assert Reading(replies.reply, *(bytes((byte,)) for byte in data)).reply == (code, lines)


@pytest.mark.parametrize(
    "data",
    [
        *(b"\r\n", b"2\r\n", b"22\r\n", b"22 ok\r\n", b"2200 ok\r\n", b"220ok\r\n", b"220\tok\r\n", b"220_ok\r\n"),
        *(b" 220 ok\r\n", b"+20 ok\r\n", b"2\xb20 ok\r\n", b"x20 ok\r\n"),
        *(b"120 ok\r\n", b"020 ok\r\n", b"620 ok\r\n", b"999 ok\r\n"),
        *(b"220-a\r\n221 b\r\n", b"220-a\r\n 220 b\r\n", b"220-a\r\nb\r\n220 c\r\n", b"220-a\r\n220b\r\n"),
    ],
)
def test_what_is_no_reply_of_smtp(data: bytes) -> None:
    assert isinstance(Reading(replies.reply, data).error, Unexpected)


@pytest.mark.parametrize(
    ("data", "code", "lines"),
    [
        (b"120 soon\r\n", 120, (b"soon",)),
        (b"631 AAAA\r\n", 631, (b"AAAA",)),
        (b"220-a\r\n221 not the end\r\n b\r\n220-c\r\n\r\n220 d\r\n", 220, None),
        (b"211-Features:\r\n AUTH TLS\r\n211 End\r\n", 211, (b"Features:", b" AUTH TLS", b"End")),
        (b"211-Features:\r\n211\r\n", 211, (b"Features:", b"")),
        (b"220-a\r\n2200 b\r\n220 c\r\n", 220, (b"a", b"2200 b", b"c")),
    ],
)
def test_a_reply_of_ftp(data: bytes, code: int, lines: tuple[bytes, ...] | None) -> None:
    reply = Reading(replies.reply_of_ftp, data).reply
    assert reply is not None
    assert reply.code == code
    assert lines is None or reply.lines == lines


@pytest.mark.parametrize("data", [b"22\r\n", b"020 x\r\n", b"720 x\r\n", b"220x\r\n", b"\r\n"])
def test_what_is_no_reply_of_ftp(data: bytes) -> None:
    assert isinstance(Reading(replies.reply_of_ftp, data).error, Unexpected)


@pytest.mark.parametrize("read", [replies.reply, replies.reply_of_ftp])
def test_every_line_is_bounded(read: replies.Read) -> None:
    assert isinstance(Reading(read, b"220-" + b"x" * 36 + b"\r\n").error, TooLong)
    assert isinstance(Reading(read, b"220-a\r\n220 " + b"x" * 40).error, TooLong)


@pytest.mark.parametrize("read", [replies.reply, replies.reply_of_ftp])
def test_the_lines_together_are_bounded(read: replies.Read) -> None:
    reading = Reading(read, *[b"220-again\r\n" * 1000] * 12)
    assert isinstance(reading.error, TooLong)
    assert reading.error.limit == reading.talk.whole


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (421, Refusal.THROTTLED),
        (400, Refusal.TEMPORARY),
        (454, Refusal.TEMPORARY),
        (500, Refusal.PERMANENT),
        (599, Refusal.PERMANENT),
    ],
)
def test_how_long_a_refusal_lasts(code: int, kind: Refusal) -> None:
    error = replies.refused(replies.Reply(code, (b"a", b"b\x1b")), "220")
    assert isinstance(error, Refused)
    assert (error.kind, error.reply) == (kind, f"{code} b\\x1b")


@pytest.mark.parametrize("code", [120, 200, 221, 250, 354, 631])
def test_a_success_that_is_another_is_no_refusal(code: int) -> None:
    error = replies.refused(replies.Reply(code, (b"fine",)), "220")
    assert isinstance(error, Unexpected)
    assert (error.got, error.expected) == (b"%d fine" % code, "220")


def test_asking_is_sending_and_reading() -> None:
    def steps(talk: Talk) -> Steps[None]:
        assert (yield from replies.ask(talk, b"NOOP", WAIT)) == (250, (b"OK",))
        talk.upgrade()

    talk = Talk("test", Side.CLIENT)
    talk.begin(steps(talk))
    assert talk.data_to_send() == b"NOOP\r\n"
    talk.receive_data(b"250 OK\r\n")
    assert talk.outcome is not None
