"""How a conversation ends, and what only a mistake of ours can do."""

import gc
import weakref
from collections.abc import Callable

import pytest

from starttls.core.errors import ClosedEarly, Misuse, PeerError, PlaintextAfterGoAhead, Unexpected
from starttls.core.outcome import Finished, Upgrade
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side
from starttls.core.wait import Wait

LINE = Wait("a line", "RFC 0 §1", 16)
BYTES = Wait("some bytes", "RFC 0 §2", 8)


def begin(
    steps: Callable[[Talk], Steps[None]],
    *segments: bytes,
    side: Side = Side.CLIENT,
    whole: int = 1000,
    inside: bool = False,
) -> Talk:
    talk = Talk("toy", side, headers=dict, whole=whole, inside=inside)
    talk.begin(steps(talk))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def one_line(talk: Talk) -> Steps[None]:
    talk.note("line", (yield from talk.line(LINE)))
    talk.upgrade()


# -- ends ----------------------------------------------------------------------------------------------------


def test_the_end_of_the_stream_names_the_wait() -> None:
    talk = begin(one_line, b"no end", b"")
    assert str(talk.outcome) == "toy: connection closed by the peer while waiting for a line (RFC 0 §1)"
    reset = begin(one_line)
    reset.connection_reset()
    assert str(reset.outcome) == "toy: connection reset by the peer while waiting for a line (RFC 0 §1)"
    reset.connection_reset()
    assert isinstance(reset.outcome, ClosedEarly)


def test_an_error_knows_where_it_happened() -> None:
    talk = begin(one_line, b"a\n")
    assert isinstance(talk.outcome, PeerError)
    assert (talk.outcome.protocol, talk.outcome.side, talk.outcome.waiting_for) == ("toy", Side.CLIENT, LINE)
    assert talk.outcome.transcript == talk.transcript
    assert talk.transcript.headers["expect"] == "Unexpected"


def test_what_comes_after_an_error_is_dropped() -> None:
    talk = begin(one_line, b"a\n")
    first = talk.outcome
    talk.receive_data(b"go\r\n")
    talk.receive_data(b"")
    talk.connection_reset()
    assert talk.outcome is first
    assert talk.transcript.turns[0].data == b"a\n"


def test_a_dialogue_may_say_goodbye_but_not_go_on() -> None:
    def polite(talk: Talk) -> Steps[None]:
        try:
            yield from talk.line(LINE)
        except ClosedEarly:
            talk.send(b"QUIT\r\n")
            yield from talk.line(LINE)

    talk = begin(polite, b"")
    assert isinstance(talk.outcome, ClosedEarly)
    assert talk.data_to_send() == b"QUIT\r\n"


def test_an_error_does_not_keep_the_dialogue_alive() -> None:
    class Held:
        pass

    def steps(talk: Talk) -> Steps[None]:
        held = Held()
        seen.append(weakref.ref(held))
        try:
            int((yield from talk.line(LINE)))
        except ValueError:
            raise Unexpected(b"x", "a number") from None

    seen: list[weakref.ref[Held]] = []
    gc.disable()
    try:
        error = begin(steps, b"x\r\n").outcome
        assert isinstance(error, Unexpected)
        assert seen[0]() is None
    finally:
        gc.enable()


# -- the upgrade ---------------------------------------------------------------------------------------------


def test_not_one_byte_may_stand_behind_the_go_ahead() -> None:
    for behind in (b"\n", b"250 x\r\n", b"\x16\x03\x01"):
        talk = begin(one_line, b"go\r\n" + behind)
        assert isinstance(talk.outcome, PlaintextAfterGoAhead)
        assert talk.outcome.leftover == behind
        assert talk.untaken == len(behind)


def server(talk: Talk) -> Steps[None]:
    yield from talk.line(LINE)
    talk.upgrade(b"220 go\r\n", refusal=b"554 no\r\n")


def test_a_server_says_go_or_no() -> None:
    assert begin(server, b"TLS\r\n", side=Side.SERVER).data_to_send() == b"220 go\r\n"
    refused = begin(server, b"TLS\r\nNOOP\r\n", side=Side.SERVER)
    assert refused.data_to_send() == b"554 no\r\n"
    assert str(refused.outcome).startswith("toy: 6 bytes of plaintext behind the upgrade request")


def test_early_bytes_belong_to_tls_alone() -> None:
    def steps(talk: Talk) -> Steps[None]:
        yield from talk.exact(1, BYTES)
        talk.upgrade(early=True)

    talk = begin(steps, b"S\x16\x03", side=Side.SERVER)
    assert isinstance(talk.outcome, Upgrade)
    assert talk.outcome.early == b"\x16\x03"
    assert talk.untaken == 0


def test_the_pen_and_the_buffer_close_with_the_upgrade() -> None:
    def chatty(talk: Talk) -> Steps[None]:
        yield from talk.line(LINE)
        talk.upgrade()
        talk.send(b"in plaintext\r\n")

    talk = begin(chatty)
    with pytest.raises(Misuse, match="the conversation has ended"):
        talk.receive_data(b"go\r\n")
    assert talk.data_to_send() == b""
    with pytest.raises(Misuse, match="these bytes belong to TLS"):
        talk.receive_data(b"\x16")


@pytest.mark.parametrize("inside", [True, False])
def test_nobody_upgrades_from_outside(inside: bool) -> None:
    """The buffer of a talk that has not begun is empty too, and proves nothing."""
    for talk in (Talk("toy", Side.CLIENT, headers=dict, inside=inside), begin(one_line, inside=inside)):
        with pytest.raises(Misuse):
            talk.upgrade()
        assert talk.outcome is None


def test_inside_tls_a_dialogue_finishes_and_outside_it_does_not() -> None:
    def finishes(talk: Talk) -> Steps[None]:
        yield from talk.line(LINE)
        talk.finish()

    talk = begin(finishes, b"a\r\nrest", inside=True)
    assert isinstance(talk.outcome, Finished)
    assert talk.outcome.leftover == b"rest"
    with pytest.raises(Misuse, match="before TLS"):
        begin(finishes, b"a\r\n")
    with pytest.raises(Misuse, match="cannot upgrade"):
        begin(one_line, b"a\r\n", inside=True)


# -- mistakes of ours ----------------------------------------------------------------------------------------


def test_a_talk_begins_once_and_before_it_hears() -> None:
    talk = Talk("toy", Side.CLIENT, headers=dict)
    for data in (b"x", b""):
        with pytest.raises(Misuse, match="has not begun"):
            talk.receive_data(data)
    with pytest.raises(Misuse, match="has not begun"):
        talk.connection_reset()
    talk.begin(one_line(talk))
    with pytest.raises(Misuse, match="has begun already"):
        talk.begin(one_line(talk))


def test_a_dialogue_without_an_outcome_is_a_mistake() -> None:
    def forgetful(talk: Talk) -> Steps[None]:
        yield from talk.line(LINE)

    with pytest.raises(Misuse, match="the toy dialogue ended without an outcome"):
        begin(forgetful, b"a\r\n")


def test_a_mistake_in_a_dialogue_is_not_taken_for_the_peers() -> None:
    def broken(talk: Talk) -> Steps[None]:
        yield from talk.line(LINE)
        raise KeyError("x")

    with pytest.raises(KeyError):
        begin(broken, b"a\r\n")
