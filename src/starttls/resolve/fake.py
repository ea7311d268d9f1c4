r'''A made-up world: DNS answers with a DNSSEC status each, and MTA-STS policies. For tests, without any network.

It is a `Resolver` and a `PolicyFetcher`, and answers as `starttls.resolve.dns` does::

    world = FakeWorld.parse("""
        example.org.               MX     10 mx.example.org.
        mx.example.org.            A      192.0.2.1
        _25._tcp.mx.example.org.   TLSA   3 1 1 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
        _mta-sts.example.org.      TXT    "v=STSv1; id=1"
        www.example.org.           CNAME  www.example.net.
        example.net.               ZONE                      ; insecure
        www.example.net. 300 IN    AAAA   2001:db8::1
        mx2.example.org.           A                         ; bogus EDE 7: the signature expired
        mx3.example.org.           NXDOMAIN                  ; insecure
    """)
    world.policy("example.org", "version: STSv1\nmode: enforce\nmx: mx.example.org\nmax_age: 86400\n")
    answer = await world.query("example.org", "MX")
    assert world.asked == [Question("example.org", "MX")]

The text is that of a zone file, with the owner on every line. Behind ``;`` on the line of a record stands its
*status*, and then, if it is wanted, an extended DNS error and a reason; a line that begins with ``;`` is a comment. A
type without data is a name that has no such records (NODATA), or with the status ``bogus`` or ``indeterminate`` a
lookup that fails. ``NXDOMAIN`` is for a name that is not there: others are not there, either, but this one has a
status of its own. ``ZONE`` gives the status of all at or below a name that say nothing themselves; the rest has the
world's ``default``.
'''

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from starttls.policy.answer import Alias, Answer, ExtendedError, Question, Record, Status
from starttls.policy.budget import ALIASES
from starttls.policy.errors import PolicyError, StsFetchFailed
from starttls.resolve.special import answered_here, as_asked
from starttls.resolve.zonetext import Entry, entries, owner_name, type_of

__all__ = ["FakeWorld"]


@dataclass(frozen=True, slots=True)
class _Word:
    """What is said of a set of records, or of a zone."""

    status: Status
    reason: str = ""
    extended: tuple[ExtendedError, ...] = ()


@dataclass(frozen=True, slots=True)
class _Set:
    """The records of one name and type. ``word`` is None where the zone's is to hold."""

    records: tuple[Record, ...]
    ttl: int
    target: str = ""
    """Of a CNAME or DNAME."""
    word: _Word | None = None


class FakeWorld:
    """What the DNS and the web servers of a made-up world say.

    ``default`` is the status of whatever says nothing else, ``ttl`` its time to live in seconds. ``asked`` and
    ``fetched`` are the questions, and the domains whose policies were fetched, in order.
    """

    def __init__(self, *, default: Status = Status.SECURE, ttl: int = 3600) -> None:
        self.asked: list[Question] = []
        self.fetched: list[str] = []
        self._default = _Word(default, _reason(default))
        self._ttl = ttl
        self._sets: dict[tuple[str, str], _Set] = {}
        self._zones: dict[str, _Word] = {}
        self._absent: dict[str, _Word] = {}
        self._present: set[str] = set()
        self._policies: dict[str, bytes | PolicyError] = {}

    @classmethod
    def parse(cls, text: str, *, default: Status = Status.SECURE, ttl: int = 3600) -> Self:
        """A world from its text (see above). Raises `Misuse`, with the line, for what cannot be read."""
        return cls(default=default, ttl=ttl).read(text)

    def read(self, text: str) -> Self:
        """Add what a text says."""
        for entry in entries(text):
            self._enter(entry)
        return self

    def add(self, name: str, *records: Record, status: Status | None = None, ttl: int | None = None) -> Self:
        """Add records: ``add("example.org", MX(10, "mx.example.org"), status=Status.INSECURE)``."""
        for record in records:
            self._put(name, type_of(record), records=(record,), word=_word(status), ttl=ttl)
        return self

    def alias(self, name: str, target: str, *, status: Status | None = None, ttl: int | None = None) -> Self:
        """Add a CNAME."""
        self._put(name, "CNAME", target=as_asked(target), word=_word(status), ttl=ttl)
        return self

    def nothing(self, name: str, rdtype: str, *, status: Status | None = None, reason: str = "") -> Self:
        """Let a name exist without records of this type (NODATA); with a status that is not usable, a failure."""
        self._put(name, rdtype, word=_word(status, reason))
        return self

    def absent(self, name: str, *, status: Status, reason: str = "") -> Self:
        """Give the proof that a name does not exist (NXDOMAIN) a status of its own."""
        self._absent[as_asked(name)] = _Word(status, reason or _reason(status))
        return self

    def fail(
        self,
        name: str,
        rdtype: str,
        reason: str = "no answer in time",
        *,
        status: Status = Status.INDETERMINATE,
        extended: tuple[ExtendedError, ...] = (),
    ) -> Self:
        """Let a lookup fail."""
        self._put(name, rdtype, word=_Word(status, reason, extended))
        return self

    def zone(self, name: str, status: Status, *, reason: str = "") -> Self:
        """Give everything at or below ``name`` a status, where it says nothing itself."""
        self._zones[as_asked(name)] = _Word(status, reason or _reason(status))
        return self

    def policy(self, domain: str, policy: str | bytes | PolicyError) -> Self:
        """Give a domain an MTA-STS policy, or an error that fetching it raises."""
        self._policies[as_asked(domain)] = policy.encode() if isinstance(policy, str) else policy
        return self

    async def query(self, name: str, rdtype: str) -> Answer:
        """Answer one question (see `Resolver`)."""
        if local := answered_here(name, rdtype):
            self.asked.append(local.question)
            return local
        question = Question(as_asked(name), rdtype)
        self.asked.append(question)
        answer = Answer(question=question, status=Status.SECURE, ttl=_LONG, server="fake")
        while found := self._alias(answer.name, rdtype):
            owner, target, ttl = found
            word = self._word_at(owner, "CNAME" if owner == answer.name else "DNAME")
            step = Alias(answer.name, target, word.status)
            answer = replace(answer, aliases=(*answer.aliases, step), ttl=min(ttl, answer.ttl))
            answer = _worth(answer, word)
            if rdtype == "CNAME" or not answer.status.usable:
                return answer
            if len(answer.aliases) > ALIASES:
                return _worth(answer, _Word(Status.INDETERMINATE, f"more than {ALIASES} aliases"))
        return self._records(answer, rdtype)

    async def fetch(self, domain: str) -> bytes:
        """Fetch an MTA-STS policy (see `PolicyFetcher`)."""
        domain = as_asked(domain)
        self.fetched.append(domain)
        found = self._policies.get(domain)
        if found is None:
            url = f"https://mta-sts.{domain}/.well-known/mta-sts.txt"
            found = StsFetchFailed(url, f"cannot connect to mta-sts.{domain}")
        if isinstance(found, PolicyError):
            raise found
        return found

    def _enter(self, entry: Entry) -> None:
        word = None
        if entry.status is not None:
            word = _Word(entry.status, entry.reason or _reason(entry.status), entry.extended)
        if entry.rdtype == "ZONE" and word:
            self._zones[entry.name] = word
        elif entry.rdtype == "NXDOMAIN" and word:
            self._absent[entry.name] = word
        else:
            records = () if entry.record is None else (entry.record,)
            self._put(entry.name, entry.rdtype, records=records, target=entry.target, word=word, ttl=entry.ttl)

    def _put(
        self,
        name: str,
        rdtype: str,
        *,
        records: tuple[Record, ...] = (),
        target: str = "",
        word: _Word | None = None,
        ttl: int | None = None,
    ) -> None:
        name = owner_name(name)
        before = self._sets.get((name, rdtype), _NOTHING)
        lives = min(before.ttl, self._ttl if ttl is None else ttl)
        self._sets[name, rdtype] = _Set((*before.records, *records), lives, target, word or before.word)
        # A name above one that exists does exist (RFC 4592 §2.2.2).
        self._present.update(_upward(name))

    def _alias(self, name: str, rdtype: str) -> tuple[str, str, int] | None:
        """Whose alias ``name`` is: the CNAME's or the DNAME's owner, what it leads to, and for how long."""
        for above in itertools.islice(_upward(name), 1, None):
            if found := self._sets.get((above, "DNAME")):
                return above, name.removesuffix(above) + found.target, found.ttl
        owner = self._owner(name)
        found = self._sets.get((owner, "CNAME"))
        if found is None or not found.target or (rdtype != "CNAME" and (owner, rdtype) in self._sets):
            return None
        return name, found.target, found.ttl

    def _records(self, answer: Answer, rdtype: str) -> Answer:
        """The end of the way: the records, or that there are none."""
        owner = self._owner(answer.name)
        if owner in self._present:
            found = self._sets.get((owner, rdtype), _Set((), self._ttl))
            answer = replace(answer, records=found.records, ttl=min(answer.ttl, found.ttl))
        else:
            answer = replace(answer, exists=False, ttl=min(answer.ttl, self._ttl))
        return _worth(answer, self._word_at(answer.name, rdtype))

    def _owner(self, name: str) -> str:
        """The name itself, or the wildcard that stands for it where it does not exist (RFC 4592 §3.3.1)."""
        if name in self._present or name in self._absent:
            return name
        closest = next((parent for parent in _upward(name) if parent in self._present), name)
        return f"*.{closest}" if f"*.{closest}" in self._present else name

    def _word_at(self, name: str, rdtype: str) -> _Word:
        """What is said of this set, or of this name, or of the zone."""
        found = self._sets.get((self._owner(name), rdtype))
        if found and found.word:
            return found.word
        if name in self._absent and name not in self._present:
            return self._absent[name]
        return next((self._zones[parent] for parent in _upward(name) if parent in self._zones), self._default)


_LONG = 2**31 - 1
_NOTHING = _Set((), _LONG)


def _upward(name: str) -> Iterator[str]:
    """The name and all above it, without the root."""
    labels = name.split(".")
    return (".".join(labels[start:]) for start in range(len(labels)))


def _worth(answer: Answer, word: _Word) -> Answer:
    """The answer, now that it rests on one more word."""
    status = answer.status.weaker(word.status)
    if status.usable:
        return replace(answer, status=status)
    return replace(answer, status=status, records=(), exists=True, ttl=0, reason=word.reason, extended=word.extended)


def _word(status: Status | None, reason: str = "") -> _Word | None:
    return None if status is None else _Word(status, reason or _reason(status))


def _reason(status: Status) -> str:
    return "" if status.usable else f"made to be {status}"
