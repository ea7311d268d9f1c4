import dns.rcode
import pytest

from starttls.policy.answer import Question
from starttls.resolve.asking import Asker, Response
from starttls.resolve.failures import Unanswered
from starttls.resolve.servers import server
from starttls.resolve.transport import Credentials, Ways
from starttls.resolve.wire import code_of
from tests.resolve.nameservers import Respond, answer, nameserver

QUESTION = Question("example.org", "A")


class Script:
    """A server that answers by a list of response codes; None is silence."""

    def __init__(self, *codes: str | None) -> None:
        self.codes = codes
        self.asked = 0

    def __call__(self, query: bytes, via: str) -> list[bytes]:
        code = self.codes[min(self.asked, len(self.codes) - 1)]
        self.asked += 1
        if code is None:
            return []
        return [answer(query, rcode=dns.rcode.from_text(code.rstrip("!")), ede=6 if code.endswith("!") else None)]


async def ask(*servers: Respond, attempts: int = 2) -> Response:
    async def nested(texts: tuple[str, ...], rest: tuple[Respond, ...]) -> Response:
        if rest:
            async with nameserver(rest[0]) as text:
                return await nested((*texts, text), rest[1:])
        return await Asker([server(text) for text in texts], 0.1, attempts).ask(ways, QUESTION, checking=True)

    ways = Ways(Credentials())
    return await nested((), servers)


@pytest.mark.parametrize(
    ("one", "two", "code", "asked"),
    [
        (Script("NOERROR"), Script("NOERROR"), "NOERROR", (1, 0)),
        (Script("NXDOMAIN"), Script("NOERROR"), "NXDOMAIN", (1, 0)),
        (Script(None), Script("NOERROR"), "NOERROR", (1, 1)),
        (Script(None, "NOERROR"), Script(None), "NOERROR", (2, 1)),
        (Script("REFUSED"), Script("NOERROR"), "NOERROR", (1, 1)),
        (Script("REFUSED"), Script(None, "NOERROR"), "NOERROR", (1, 2)),
        (Script("SERVFAIL"), Script("REFUSED"), "SERVFAIL", (1, 1)),
        (Script("REFUSED"), Script("SERVFAIL"), "SERVFAIL", (1, 1)),
        (Script("REFUSED"), Script("NOTIMP"), "NOTIMP", (1, 1)),
        (Script("SERVFAIL!"), Script("NOERROR"), "SERVFAIL", (1, 0)),
        (Script("SERVFAIL"), Script(None), "SERVFAIL", (1, 2)),
    ],
)
async def test_servers_in_turn(one: Script, two: Script, code: str, asked: tuple[int, int]) -> None:
    response = await ask(one, two)
    assert code_of(response.message) == code
    assert (one.asked, two.asked) == asked


async def test_nobody_answers() -> None:
    one = Script(None)
    with pytest.raises(
        Unanswered, match=r"^127\.0\.0\.1:\d+: no answer in 0\.1 s; 127\.0\.0\.1:\d+: no answer in 0\.1 s$"
    ):
        await ask(one, Script(None), attempts=3)
    assert one.asked == 3


async def test_a_server_that_is_named_twice_is_asked_once() -> None:
    script = Script(None)
    async with nameserver(script) as text:
        with pytest.raises(Unanswered):
            await Asker([server(text)] * 2, 0.1, 1).ask(Ways(Credentials()), QUESTION, checking=True)
    assert script.asked == 1
