from textwrap import dedent, indent
from typing import Any

import pytest

from starttls.policy.answer import MX, SRV, TLSA, TXT, Address, Alias, ExtendedError, Question, Status
from starttls.policy.errors import StsFetchFailed
from starttls.resolve import fake
from starttls.resolve.fake import FakeWorld
from starttls.resolve.resolver import PolicyFetcher, Resolver

WORLD = """
    ; a small world
    example.org.               MX     10 mx.example.org.
    example.org.               MX     20 mx.example.net.
    mx.example.org.            A      192.0.2.1
    mx.example.org.            AAAA   2001:db8::1
    _25._tcp.mx.example.org.   TLSA   3 1 1 aabb ccdd
    _mta-sts.example.org.      TXT    "v=STSv1; id=1;" "x"
    _imaps._tcp.example.org.   SRV    0 1 993 imap.example.org.
    null.example.org. 60 IN    MX     0 .
    www.example.org.           CNAME  www.example.net.
    example.net.               ZONE                      ; insecure
    www.example.net. 300 IN    AAAA   2001:db8::2
    signed.example.net.        A      192.0.2.9          ; secure
    mx2.example.org.           A                         ; bogus EDE 7: the signature expired
    slow.example.org.          A                         ; indeterminate: no answer in time
    gone.example.org.          NXDOMAIN                  ; insecure
    *.wild.example.org.        MX     5 mx.example.org.
    *.cloud.example.org.       CNAME  mx.example.org.
    old.example.org.           DNAME  example.org.
    a.loop.example.org.        CNAME  b.loop.example.org.
    b.loop.example.org.        CNAME  a.loop.example.org.
    forged.example.org.        CNAME  mx.example.org.    ; bogus
"""


async def test_the_example_of_its_documentation_runs() -> None:
    assert fake.__doc__ is not None
    code = fake.__doc__.split("::\n", 1)[1].split("\nThe text is", 1)[0]
    names: dict[str, Any] = {"FakeWorld": FakeWorld, "Question": Question}
    exec(f"async def example():\n{indent(dedent(code), '    ')}\n    return world, answer", names)
    world, answer = await names["example"]()
    assert answer.of(MX) == (MX(10, "mx.example.org"),)
    assert (await world.query("www.example.org", "AAAA")).status is Status.INSECURE
    assert (await world.query("mx2.example.org", "A")).status is Status.BOGUS
    assert (await world.query("mx3.example.org", "A")).status is Status.INSECURE
    assert (await world.fetch("example.org")).startswith(b"version: STSv1\n")


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld.parse(WORLD)


def test_it_is_a_resolver_and_a_fetcher(world: FakeWorld) -> None:
    resolver: Resolver = world
    fetcher: PolicyFetcher = world
    assert (resolver.query, fetcher.fetch) == (world.query, world.fetch)


@pytest.mark.parametrize(
    ("name", "rdtype", "records", "ttl"),
    [
        ("Example.ORG.", "MX", (MX(10, "mx.example.org"), MX(20, "mx.example.net")), 3600),
        ("mx.example.org", "A", (Address("192.0.2.1"),), 3600),
        ("mx.example.org", "AAAA", (Address("2001:db8::1"),), 3600),
        ("_25._tcp.mx.example.org", "TLSA", (TLSA(3, 1, 1, b"\xaa\xbb\xcc\xdd"),), 3600),
        ("_mta-sts.example.org", "TXT", (TXT((b"v=STSv1; id=1;", b"x")),), 3600),
        ("_imaps._tcp.example.org", "SRV", (SRV(0, 1, 993, "imap.example.org"),), 3600),
        ("null.example.org", "MX", (MX(0, "."),), 60),
        ("a.b.wild.example.org", "MX", (MX(5, "mx.example.org"),), 3600),
    ],
)
async def test_records(world: FakeWorld, name: str, rdtype: str, records: tuple[object, ...], ttl: int) -> None:
    answer = await world.query(name, rdtype)
    assert (answer.status, answer.records, answer.ttl, answer.exists) == (Status.SECURE, records, ttl, True)


async def test_what_is_not_there(world: FakeWorld) -> None:
    nodata = await world.query("mx.example.org", "MX")
    assert (nodata.status, nodata.exists, nodata.records) == (Status.SECURE, True, ())
    between = await world.query("_tcp.mx.example.org", "A")  # a name above one that exists
    assert between.exists
    nxdomain = await world.query("nobody.example.org", "MX")
    assert (nxdomain.status, nxdomain.exists, nxdomain.records) == (Status.SECURE, False, ())
    own = await world.query("gone.example.org", "A")
    assert (own.status, own.exists) == (Status.INSECURE, False)
    zone = await world.query("nobody.example.net", "A")
    assert (zone.status, zone.exists) == (Status.INSECURE, False)


async def test_an_alias_is_followed_and_the_weakest_status_counts(world: FakeWorld) -> None:
    answer = await world.query("www.example.org", "AAAA")
    assert answer.status is Status.INSECURE
    assert answer.aliases == (Alias("www.example.org", "www.example.net", Status.SECURE),)
    assert (answer.name, answer.ttl, answer.of(Address)) == ("www.example.net", 300, (Address("2001:db8::2"),))
    step = await world.query("www.example.org", "CNAME")
    assert (step.status, step.records, step.aliases) == (Status.SECURE, (), answer.aliases)
    assert (await world.query("mx.example.org", "CNAME")).aliases == ()


async def test_a_record_says_more_than_its_zone(world: FakeWorld) -> None:
    assert (await world.query("signed.example.net", "A")).status is Status.SECURE
    assert (await world.query("signed.example.net", "AAAA")).status is Status.INSECURE


async def test_failures(world: FakeWorld) -> None:
    bogus = await world.query("mx2.example.org", "A")
    assert (bogus.status, bogus.reason) == (Status.BOGUS, "the signature expired")
    assert bogus.extended == (ExtendedError(7, "the signature expired"),)
    slow = await world.query("slow.example.org", "A")
    assert (slow.status, slow.reason) == (Status.INDETERMINATE, "no answer in time")
    forged = await world.query("forged.example.org", "A")
    assert (forged.status, forged.records, forged.reason) == (Status.BOGUS, (), "made to be bogus")


async def test_wildcard_aliases_and_dname(world: FakeWorld) -> None:
    cloud = await world.query("x.cloud.example.org", "A")
    assert cloud.aliases == (Alias("x.cloud.example.org", "mx.example.org", Status.SECURE),)
    moved = await world.query("mx.old.example.org", "A")
    assert moved.aliases == (Alias("mx.old.example.org", "mx.example.org", Status.SECURE),)
    assert moved.of(Address) == (Address("192.0.2.1"),)


async def test_a_loop_ends(world: FakeWorld) -> None:
    answer = await world.query("a.loop.example.org", "A")
    assert (answer.status, answer.reason) == (Status.INDETERMINATE, "more than 16 aliases")


async def test_what_is_never_asked(world: FakeWorld) -> None:
    assert (await world.query("localhost", "A")).of(Address) == (Address("127.0.0.1"),)
    assert (await world.query("no..name", "A")).status is Status.INDETERMINATE


async def test_a_world_by_calls() -> None:
    world = FakeWorld(default=Status.INSECURE, ttl=60)
    world.zone("example.org", Status.SECURE)
    world.add("example.org", MX(10, "mx.example.org")).add("mx.example.org", Address("192.0.2.1"), ttl=5)
    world.alias("example.com", "example.org").nothing("mx.example.org", "AAAA", status=Status.INSECURE)
    world.fail("_25._tcp.mx.example.org", "TLSA").absent("no.example.org", status=Status.BOGUS)
    assert (await world.query("example.com", "MX")).status is Status.INSECURE
    assert (await world.query("mx.example.org", "A")).ttl == 5
    assert (await world.query("mx.example.org", "AAAA")).status is Status.INSECURE
    assert (await world.query("_25._tcp.mx.example.org", "TLSA")).reason == "no answer in time"
    assert (await world.query("no.example.org", "A")).status is Status.BOGUS
    assert world.asked[0] == Question("example.com", "MX")
    assert len(world.asked) == 5


async def test_policies() -> None:
    world = FakeWorld().policy("example.org", "version: STSv1\n")
    world.policy("broken.example", StsFetchFailed("https://mta-sts.broken.example/", "status 301"))
    assert await world.fetch("Example.org") == b"version: STSv1\n"
    with pytest.raises(StsFetchFailed, match="status 301"):
        await world.fetch("broken.example")
    with pytest.raises(StsFetchFailed, match="cannot connect to mta-sts.none.example"):
        await world.fetch("none.example")
    assert world.fetched == ["example.org", "broken.example", "none.example"]
