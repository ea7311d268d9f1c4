import asyncio

import pytest

from starttls.policy.answer import Answer, Question, Status
from starttls.resolve.cache import DAY, FAILURE, Cache, Flights


def answer(name: str = "example.org", ttl: int = 60, status: Status = Status.SECURE) -> Answer:
    return Answer(question=Question(name, "A"), status=status, ttl=ttl)


def test_an_answer_is_kept_until_its_ttl() -> None:
    cache = Cache()
    cache.put(answer(), 1000)
    assert cache.get(Question("example.org", "A"), 1000) == answer()
    assert cache.get(Question("example.org", "A"), 1030.5) == answer(ttl=29)
    assert cache.get(Question("example.org", "AAAA"), 1000) is None
    assert cache.get(Question("example.org", "A"), 1060) is None


def test_a_day_is_the_longest_and_nothing_the_shortest() -> None:
    cache = Cache()
    cache.put(answer(ttl=10**9), 0)
    cache.put(answer("zero.example", ttl=0), 0)
    assert cache.get(Question("example.org", "A"), DAY - 1) == answer(ttl=1)
    assert cache.get(Question("example.org", "A"), DAY) is None
    assert cache.get(Question("zero.example", "A"), 0) is None


@pytest.mark.parametrize("status", [Status.BOGUS, Status.INDETERMINATE])
def test_a_failure_is_kept_for_a_moment(status: Status) -> None:
    cache = Cache()
    cache.put(answer(ttl=0, status=status), 0)
    assert cache.get(Question("example.org", "A"), FAILURE - 0.1) == answer(ttl=0, status=status)
    assert cache.get(Question("example.org", "A"), FAILURE) is None


def test_a_clock_that_is_set_back_makes_it_of_no_use() -> None:
    cache = Cache()
    cache.put(answer(), 1000)
    assert cache.get(Question("example.org", "A"), 999) is None


def test_the_one_that_was_not_asked_for_longest_goes_first() -> None:
    cache = Cache(size=2)
    cache.put(answer("a.example"), 0)
    cache.put(answer("b.example"), 0)
    cache.get(Question("a.example", "A"), 1)
    cache.put(answer("c.example"), 1)
    assert cache.get(Question("b.example", "A"), 1) is None
    assert cache.get(Question("a.example", "A"), 1) is not None
    cache.clear()
    assert cache.get(Question("a.example", "A"), 1) is None


def test_no_room_keeps_nothing() -> None:
    cache = Cache(size=0)
    cache.put(answer(), 0)
    assert cache.get(Question("example.org", "A"), 0) is None


class Start:
    """What flights start: counts, and waits for a word."""

    def __init__(self) -> None:
        self.count = 0
        self.ended: list[str] = []
        self.go = asyncio.Event()

    async def __call__(self) -> int:
        self.count += 1
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        if self.count > 1:
            raise ValueError
        return self.count


async def test_who_asks_at_once_flies_together() -> None:
    flights, start = Flights[int](), Start()
    tasks = [asyncio.create_task(flights.join("a", start)) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[0].cancel()
    await asyncio.sleep(0)
    start.go.set()
    assert await asyncio.gather(*tasks[1:]) == [1, 1]
    assert start.ended == []
    again = [asyncio.create_task(flights.join("a", start)) for _ in range(2)]
    assert [type(one) for one in await asyncio.gather(*again, return_exceptions=True)] == [ValueError, ValueError]
    assert flights._flights == {}


async def test_the_last_who_leaves_ends_the_flight() -> None:
    flights, start = Flights[int](), Start()
    tasks = [asyncio.create_task(flights.join("a", start)) for _ in range(2)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert flights._flights == {}
    await asyncio.sleep(0)
    assert start.ended == ["cancelled"]
