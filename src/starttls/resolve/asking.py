"""One question to several servers, in turn, until one answers."""

from collections.abc import Sequence
from dataclasses import dataclass

import dns.message
import dns.rcode

from starttls.policy.answer import Question, Status
from starttls.resolve.failures import Unanswered
from starttls.resolve.reading import read
from starttls.resolve.servers import Server
from starttls.resolve.transport import Ways
from starttls.resolve.wire import Query, is_referral

__all__ = ["Asker", "Response"]


@dataclass(frozen=True, slots=True)
class Response:
    """A message, and who sent it."""

    message: dns.message.Message
    server: Server

    @property
    def answers(self) -> bool:
        """Does it say what there is, or that there is nothing?"""
        return self.message.rcode() in {dns.rcode.NOERROR, dns.rcode.NXDOMAIN} and not is_referral(self.message)


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks ``servers`` in their order, each ``seconds`` long, and all of them ``attempts`` times (resolv.conf(5))."""

    servers: Sequence[Server]
    seconds: float
    attempts: int

    async def ask(self, ways: Ways, question: Question, *, checking: bool) -> Response:
        """The first response that answers, else the last that tells why not. Raises `Unanswered` where nobody does.

        A server that says no is not asked again.
        """
        query = Query.make(question, checking=checking)
        silent: dict[Server, str] = {}
        refused: list[Response] = []
        waiting = list(dict.fromkeys(self.servers))
        for _ in range(self.attempts):
            for server in tuple(waiting):
                try:
                    response = Response(await ways.ask(server, query, self.seconds), server)
                except Unanswered as error:
                    silent[server] = str(error)
                    continue
                if response.answers or read(question, response.message).status is Status.BOGUS:
                    return response
                refused.append(response)
                waiting.remove(server)
        if refused:
            # A failure to resolve says more than a server that does not serve us.
            return next((last for last in refused if last.message.rcode() == dns.rcode.SERVFAIL), refused[-1])
        raise Unanswered("; ".join(f"{server}: {why}" for server, why in silent.items()))
