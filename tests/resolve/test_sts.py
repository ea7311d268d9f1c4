import asyncio
import threading
from pathlib import Path

import pytest

from starttls.policy.answer import TXT, Question, Status
from starttls.policy.errors import StsCertificate, StsFetchFailed
from starttls.policy.renewal import REFRESH, RETRY
from starttls.policy.sts import Learned, Mode, State, StsPolicy
from starttls.resolve.fake import FakeWorld
from starttls.resolve.sts import LearnedPolicies, learn
from tests.resolve.webservers import HOST, POLICY, says, web
from tests.resolve.webservers import answer as http_answer

NOW = 1_800_000_000.0
TEXT = "version: STSv1\nmode: enforce\nmx: mx.example.org\nmax_age: 604800\n"
URL = "https://mta-sts.example.org/.well-known/mta-sts.txt"


def world(record: str = '_mta-sts.example.org. TXT "v=STSv1; id=1"', policy: str | None = TEXT) -> FakeWorld:
    made = FakeWorld.parse(record, default=Status.INSECURE)
    return made if policy is None else made.policy("example.org", policy)


async def look(made: FakeWorld, kept: Learned | None = None, now: float = NOW) -> Learned:
    return await learn("example.org", made, made, kept=kept, now=now)


# -- one look ---------------------------------------------------------------------------------------


async def test_a_policy_is_learned() -> None:
    learned = await look(made := world())
    assert made.asked == [Question("_mta-sts.example.org", "TXT")]
    assert made.fetched == ["example.org"]
    assert (learned.domain, learned.state, learned.id, learned.errors) == ("example.org", State.VALID, "1", ())
    assert learned.policy is not None
    assert (learned.policy.mode, learned.policy.mx, learned.expires) == (
        Mode.ENFORCE,
        ("mx.example.org",),
        NOW + 604800,
    )


async def test_nothing_is_fetched_where_nothing_is_announced() -> None:
    learned = await look(made := world(record=""))
    assert (made.fetched, learned) == ([], Learned(domain="example.org", state=State.NONE))


async def test_an_alias_of_the_record_is_followed() -> None:
    """RFC 8461 §8.2."""
    record = '_mta-sts.example.org. CNAME _mta-sts.provider.example.\n_mta-sts.provider.example. TXT "v=STSv1; id=7"'
    assert (await look(world(record))).id == "7"


async def test_strings_of_a_record_are_joined() -> None:
    made = FakeWorld().add("_mta-sts.example.org", TXT((b"v=STSv1; i", b"d=4", b"2"))).policy("example.org", TEXT)
    assert (await look(made)).id == "42"


async def test_a_policy_is_not_inherited() -> None:
    """RFC 8461 §3.4: mail for a subdomain has a policy of that subdomain, or none."""
    made = world()
    assert (await learn("sub.example.org", made, made, now=NOW)).state is State.NONE


async def test_a_policy_that_is_none() -> None:
    learned = await look(world(policy="<html>"))
    assert (learned.state, learned.policy) == (State.INVALID, None)
    assert learned.errors == ("MTA-STS of example.org: line 1 of the policy is not 'key: value': '<html>'",)


@pytest.mark.parametrize("error", [StsFetchFailed(URL, "HTTP 404 Not Found"), StsCertificate(URL, "name mismatch")])
async def test_a_fetch_that_fails(error: StsFetchFailed | StsCertificate) -> None:
    learned = await look(world(policy=None).policy("example.org", error))
    assert (learned.state, learned.policy, learned.errors) == (State.UNREACHABLE, None, (error.what,))


@pytest.mark.parametrize("status", ["bogus", "indeterminate"])
async def test_a_lookup_that_fails_is_not_a_no(status: str) -> None:
    made = world(f"_mta-sts.example.org. TXT ; {status}")
    assert (await look(made)).state is State.UNREACHABLE
    assert made.fetched == []


async def test_what_is_kept_outlives_failures() -> None:
    kept = await look(world())
    broken = world("_mta-sts.example.org. TXT ; indeterminate", policy=None)
    for hours in range(0, 168, 6):
        kept = await look(broken, kept, NOW + 3600 * hours)
        assert kept.policy is not None
    assert (await look(broken, kept, NOW + 604800)).policy is None


async def test_over_a_real_connection(tmp_path: Path) -> None:
    async with web(says(http_answer()), tmp_path) as found:
        made = world(f'_mta-sts.example.org. TXT "v=STSv1; id=1"\n{HOST}. A 127.0.0.1')
        learned = await learn("example.org", made, found.fetcher(made), now=NOW)
    assert learned.policy is not None
    assert "\r\n".join(learned.policy.lines).encode() + b"\r\n" == POLICY


async def test_over_a_connection_with_the_wrong_certificate(tmp_path: Path) -> None:
    async with web(says(http_answer()), tmp_path, names=("example.org",)) as found:
        made = world(f'_mta-sts.example.org. TXT "v=STSv1; id=1"\n{HOST}. A 127.0.0.1')
        learned = await learn("example.org", made, found.fetcher(made), now=NOW)
    assert (learned.state, learned.policy) == (State.UNREACHABLE, None)
    assert learned.errors == (
        f"MTA-STS: {URL}: certificate rejected: name mismatch: certificate is for example.org, not {HOST}",
    )


# -- what is remembered -----------------------------------------------------------------------------


def entry(domain: str, *, policy: bool = True) -> Learned:
    one = StsPolicy(mode=Mode.ENFORCE, mx=("mx.example.org",), max_age=1) if policy else None
    return Learned(domain=domain, state=State.VALID, policy=one)


async def test_a_policy_is_fetched_once() -> None:
    made, policies = world(), LearnedPolicies()
    for minute in range(10):
        await policies.learn("example.org", made, made, now=NOW + 60 * minute)
    assert made.fetched == ["example.org"]
    await policies.learn("example.org", made, made, now=NOW + REFRESH)
    assert made.fetched == ["example.org"] * 2


async def test_a_failure_is_remembered_too() -> None:
    made, policies = world(policy=None), LearnedPolicies()
    for second in range(0, 301, 30):
        await policies.learn("example.org", made, made, now=NOW + second)
    assert len(made.fetched) == 1 + 300 // RETRY


async def test_two_at_once_fetch_once() -> None:
    made, policies = world(), LearnedPolicies()
    both = await asyncio.gather(*(policies.learn("example.org", made, made, now=NOW) for _ in range(2)))
    assert both[0] == both[1]
    assert made.fetched == ["example.org"]


def test_it_holds_what_was_used_last() -> None:
    policies = LearnedPolicies(limit=2)
    policies.put(entry("a.example"))
    policies.put(entry("b.example"))
    assert policies.get("a.example") == entry("a.example")
    policies.put(entry("c.example"))
    assert policies.get("b.example") is None
    assert policies.get("a.example") is not None
    assert len(policies) == 2


def test_many_domains_without_a_policy_do_not_push_one_out() -> None:
    policies = LearnedPolicies(limit=10)
    policies.put(entry("example.org"))
    for number in range(1000):
        policies.put(entry(f"{number}.example", policy=False))
    assert policies.get("example.org") is not None
    assert len(policies) == 11


def test_an_entry_moves_with_what_is_known_of_it() -> None:
    policies = LearnedPolicies()
    policies.put(entry("example.org", policy=False))
    policies.put(entry("example.org"))
    policies.put(entry("example.org", policy=False))
    assert (len(policies), policies.get("example.org")) == (1, entry("example.org", policy=False))
    policies.forget("example.org")
    policies.forget("example.org")
    assert (len(policies), policies.get("example.org")) == (0, None)


def test_it_serves_one_event_loop_after_another() -> None:
    """The blocking client has a loop for each question."""
    made, policies = world(), LearnedPolicies()

    async def both() -> None:
        await asyncio.gather(*(policies.learn("example.org", made, made, now=NOW) for _ in range(2)))

    for _ in range(2):
        asyncio.run(both())
    assert made.fetched == ["example.org"]


class Web:
    """A web server that takes its time, and from the second fetch on is not there."""

    def __init__(self) -> None:
        self.fetched: list[str] = []

    async def fetch(self, domain: str) -> bytes:
        self.fetched.append(domain)
        place = len(self.fetched)
        await asyncio.sleep(0.02 * place)
        if place > 1:
            raise StsFetchFailed(f"https://mta-sts.{domain}/", "no")
        return POLICY


def test_threads_share_it() -> None:
    """Each has an event loop of its own, and none waits for another's; who fails takes no policy away."""
    made, web, policies = world(), Web(), LearnedPolicies()
    found: list[Learned] = []

    def work() -> None:
        found.append(asyncio.run(policies.learn("example.org", made, web, now=NOW)))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert [learned.policy is not None for learned in found] == [True] * 8
    assert policies.get("example.org") in found
