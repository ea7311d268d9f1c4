"""Asks the DNS, and says of each answer how far it can be believed.

::

    resolver = DNSResolver()                                       # who stands in /etc/resolv.conf
    resolver = DNSResolver("tls://192.0.2.53#dns.example.net")     # or whoever is named
    answer = await resolver.query("example.org", "MX")

There are three ways to tell. ``ad`` believes the AD bit of a server that validates, where nobody else can have set it:
on the loopback interface, where ``resolv.conf`` says ``trust-ad``, and of a server that was named by hand. ``validate``
believes no server: it fetches the signatures, and walks the chain of trust from the root (`starttls.policy.dnssec`).
``both`` does the one and the other, and tells where they disagree. Without a word, a server on the loopback interface
is believed, and every other one validated.
"""

import asyncio
import enum
import time
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import dns.message
import dns.rcode

from starttls.core.errors import Misuse
from starttls.policy.anchors import Anchors
from starttls.policy.answer import Answer, Question, Status
from starttls.policy.dnssec import Validator
from starttls.resolve import doh
from starttls.resolve.asking import Asker, Response
from starttls.resolve.cache import Cache, Flights
from starttls.resolve.failures import Unanswered
from starttls.resolve.reading import failure, read
from starttls.resolve.servers import RESOLV_CONF, PathLike, Server, Transport, read_resolv_conf, server
from starttls.resolve.special import answered_here, as_asked
from starttls.resolve.transport import Credentials, Ways

__all__ = ["DNSResolver", "Trust"]

_Walk: TypeAlias = Generator[Question, dns.message.Message | None, Answer]


class Trust(enum.StrEnum):
    """How it is told whether an answer is authentic."""

    AD = "ad"
    """By the AD bit of a server that validates."""
    VALIDATE = "validate"
    """By the signatures, here."""
    BOTH = "both"
    """By both, compared."""


@dataclass(slots=True)
class _Here:
    """What belongs to one event loop: it is there while questions are open in it, and no longer."""

    ways: Ways
    answers: Flights[Answer] = field(default_factory=Flights[Answer])
    responses: Flights[Response] = field(default_factory=Flights[Response])
    open: int = 0


class DNSResolver:
    """A `Resolver` that asks the DNS. Event loops and threads may share it, and with it what it remembers.

    Args:
        servers: whom to ask, one or several, in the forms of `starttls.resolve.servers`; None for ``resolv.conf``.
        mode: see above; None chooses by the servers.
        anchors: where trust begins; None for the keys of the root.
        ca_file: authorities for the certificates of ``tls://`` and ``https://`` servers, instead of the system's.
        timeout: seconds that one server has for one answer; None for what ``resolv.conf`` says, or 2.
        attempts: how often all servers are tried; None for what ``resolv.conf`` says, or 2.
        lifetime: seconds for one query with all that it needs.
        cache_size: how many answers are remembered.
        resolv_conf: the file that is read where no servers are named.
        now: the time, in seconds since 1970.

    Raises `Misuse` for servers that cannot be used, and in mode ``ad`` where the AD bit of none may be believed.
    """

    def __init__(  # noqa: PLR0913 - options, all but one of them by name
        self,
        servers: str | Server | Sequence[str | Server] | None = None,
        *,
        mode: Trust | str | None = None,
        anchors: Anchors | None = None,
        ca_file: PathLike | None = None,
        timeout: float | None = None,
        attempts: int | None = None,
        lifetime: float = 20.0,
        cache_size: int = 4096,
        resolv_conf: PathLike = RESOLV_CONF,
        now: Callable[[], float] = time.time,
    ) -> None:
        if servers is None:
            configured = read_resolv_conf(resolv_conf)
            self.servers = configured.servers
            timeout, attempts = timeout or configured.timeout, attempts or configured.attempts
        else:
            listed = [servers] if isinstance(servers, str | Server) else servers
            self.servers = tuple(server(one) if isinstance(one, str) else one for one in listed)
        self.mode = _mode(mode, self.servers)
        if self.mode is Trust.AD:
            self.servers = _believed(self.servers)
        self._credentials = Credentials(ca_file)
        for transport in {one.transport for one in self.servers} & {Transport.TLS, Transport.HTTPS}:
            self._credentials.context(transport)  # what is wrong with it is said now
            if transport is Transport.HTTPS:
                doh.require()
        self._asker = Asker(self.servers, timeout or 2.0, attempts or 2)
        self._validator = None if self.mode is Trust.AD else Validator(anchors)
        self._lifetime = lifetime
        self._now = now
        self._cache = Cache(cache_size)
        self._here: dict[asyncio.AbstractEventLoop, _Here] = {}

    async def query(self, name: str, rdtype: str) -> Answer:
        """Ask one question (see `Resolver`). Raises `Misuse` for a type that is none of `TYPES`."""
        if local := answered_here(name, rdtype):
            return local
        question = Question(as_asked(name), rdtype)
        if kept := self._cache.get(question, self._now()):
            return kept
        async with self._open() as here:
            return await here.answers.join(question, lambda: self._answer(here, question))

    def forget(self) -> None:
        """Forget all answers. Keys of zones, which are proven, are kept until their time."""
        self._cache.clear()

    @asynccontextmanager
    async def _open(self) -> AsyncGenerator[_Here]:
        loop = asyncio.get_running_loop()
        here = self._here.setdefault(loop, _Here(Ways(self._credentials)))
        here.open += 1
        try:
            yield here
        finally:
            here.open -= 1
            if not here.open:
                del self._here[loop]
                await here.ways.close()

    async def _answer(self, here: _Here, question: Question) -> Answer:
        try:
            async with asyncio.timeout(self._lifetime):
                answer = await self._by_mode(here, question)
        except TimeoutError:
            answer = failure(question, Status.INDETERMINATE, f"no answer in {self._lifetime:g} s")
        self._cache.put(answer, self._now())
        return answer

    async def _by_mode(self, here: _Here, question: Question) -> Answer:
        if self._validator is None:
            return await self._believing(here, question)
        if self.mode is Trust.VALIDATE:
            return await self._validating(here, question, self._validator)
        ours, theirs = await asyncio.gather(
            self._validating(here, question, self._validator), self._believing(here, question)
        )
        return _compared(ours, theirs)

    async def _believing(self, here: _Here, question: Question) -> Answer:
        """What a server says that validates."""
        try:
            response = await self._ask(here, question, checking=True)
        except Unanswered as error:
            return failure(question, Status.INDETERMINATE, str(error))
        answer = replace(read(question, response.message), server=str(response.server))
        if answer.status is Status.INDETERMINATE and response.message.rcode() == dns.rcode.SERVFAIL:
            return await self._explained(here, answer)
        return answer

    async def _explained(self, here: _Here, answer: Answer) -> Answer:
        """SERVFAIL: is it forged, or out of reach? Who then answers when told not to check did not like the check."""
        try:
            unchecked = await self._ask(here, answer.question, checking=False)
        except Unanswered:
            return answer
        if not unchecked.answers:
            return answer
        return replace(answer, status=Status.BOGUS, reason=f"{answer.reason}, but an answer where nothing is validated")

    async def _validating(self, here: _Here, question: Question, validator: Validator) -> Answer:
        """What the signatures say."""
        try:
            response = await self._ask(here, question, checking=False)
        except Unanswered as error:
            return failure(question, Status.INDETERMINATE, str(error))
        if response.answers:
            answer = await self._drive(here, validator.validate(question, response.message, self._now()))
        else:
            # It was not to look at signatures, and still it failed: whatever it says of them, nothing is known.
            answer = replace(read(question, response.message), status=Status.INDETERMINATE)
        return replace(answer, server=str(response.server))

    async def _drive(self, here: _Here, walk: _Walk) -> Answer:
        """Fetch what the validator asks for, until it knows."""
        reply: dns.message.Message | None = None
        while True:
            try:
                wanted = walk.send(reply)
            except StopIteration as done:
                answer: Answer = done.value
                return answer
            try:
                response = await self._ask(here, wanted, checking=False)
            except Unanswered:
                reply = None
            else:
                reply = response.message if response.answers else None

    async def _ask(self, here: _Here, question: Question, *, checking: bool) -> Response:
        return await here.responses.join(
            (question, checking), lambda: self._asker.ask(here.ways, question, checking=checking)
        )


def _mode(mode: Trust | str | None, servers: Sequence[Server]) -> Trust:
    if not servers:
        raise Misuse("no DNS server is named")
    if mode is None:
        return Trust.AD if all(one.near for one in servers) else Trust.VALIDATE
    try:
        return Trust(mode)
    except ValueError:
        raise Misuse(f"DNSSEC is told by {', '.join(Trust)}, not by {mode!a}") from None


def _believed(servers: Sequence[Server]) -> tuple[Server, ...]:
    """Those of which the AD bit may be believed."""
    believed = tuple(one for one in servers if one.believed)
    if not believed:
        far = ", ".join(map(str, servers))
        raise Misuse(
            f"the AD bit of {far} can be set by anybody on the way: validate here, or name the server yourself"
        )
    return believed


def _compared(ours: Answer, theirs: Answer) -> Answer:
    """What was found here, and by a server, in one.

    The weaker of the two counts. But a missing AD bit takes nothing from what was proven here: whoever is on the way
    to the server can take it off.
    """
    if ours.status is theirs.status:
        return ours
    said = [f"{one.status} ({one.reason})" if one.reason else f"{one.status}" for one in (ours, theirs)]
    told = f"validated here {said[0]}, by the AD bit of {theirs.server or 'the server'} {said[1]}"
    both = replace(ours, disagreement=told, extended=tuple(dict.fromkeys((*ours.extended, *theirs.extended))))
    status = ours.status.weaker(theirs.status)
    if status.usable:
        return both
    weaker = theirs if status is theirs.status else ours
    return replace(both, status=status, records=(), exists=True, ttl=0, reason=weaker.reason)
