import asyncio

import pytest

from starttls.core.errors import Misuse
from starttls.policy.answer import MX, Address, Answer, Question, Status
from starttls.policy.destination import Host, Kind
from starttls.resolve.destination import HOSTS, destination, host_at
from starttls.resolve.fake import FakeWorld

DIGEST = "3 1 1 " + 32 * "ab"


def asked(world: FakeWorld, rdtype: str) -> list[str]:
    return [question.name for question in world.asked if question.rdtype == rdtype]


def bases(host: Host) -> list[str]:
    return [answer.question.name for answer in host.tlsa]


# --- what a next hop may be ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("next_hop", "domain"),
    [
        ("example.org", "example.org"),
        ("Example.ORG.", "example.org"),
        (" example.org ", "example.org"),
        ("b\u00fccher.example", "xn--bcher-kva.example"),
    ],
)
async def test_a_domain(next_hop: str, domain: str) -> None:
    world = FakeWorld().add(domain, MX(10, "mx.example.net"))
    found = await destination(next_hop, world)
    assert (found.domain, found.kind, [host.host for host in found.hosts]) == (domain, Kind.MX, ["mx.example.net"])


@pytest.mark.parametrize(
    ("next_hop", "port"),
    [
        ("[mail.example.org]", 25),
        ("[Mail.Example.org.]", 25),
        ("[mail.example.org]:587", 587),
        ("mail.example.org:587", 587),
    ],
)
async def test_a_smart_host_is_asked_for_no_mx(next_hop: str, port: int) -> None:
    world = FakeWorld.parse(f"mail.example.org. A 192.0.2.1\n_{port}._tcp.mail.example.org. TLSA {DIGEST}")
    found = await destination(next_hop, world)
    assert (found.domain, found.kind, found.mx, found.status) == ("mail.example.org", Kind.HOST, None, Status.SECURE)
    assert [(host.host, host.port, bases(host)) for host in found.hosts] == [
        ("mail.example.org", port, [f"_{port}._tcp.mail.example.org"])
    ]
    assert asked(world, "MX") == []


@pytest.mark.parametrize(
    ("next_hop", "address", "port"),
    [
        ("[192.0.2.1]", "192.0.2.1", 25),
        ("192.0.2.1", "192.0.2.1", 25),
        ("[192.0.2.1]:2525", "192.0.2.1", 2525),
        ("192.0.2.1:2525", "192.0.2.1", 2525),
        ("[IPv6:2001:DB8::1]", "2001:db8::1", 25),
        ("[ipv6:2001:db8::1]:2525", "2001:db8::1", 2525),
        ("[2001:db8::1]", "2001:db8::1", 25),
        ("2001:db8::1", "2001:db8::1", 25),
    ],
)
async def test_an_address_literal_is_asked_for_nothing(next_hop: str, address: str, port: int) -> None:
    world = FakeWorld()
    found = await destination(next_hop, world)
    assert (found.domain, found.kind, found.mx) == (address, Kind.LITERAL, None)
    assert found.hosts == (Host(host=address, port=port),)
    assert world.asked == []


@pytest.mark.parametrize(
    "next_hop",
    [
        *("", ".", "a b.example", "[]", "[mail.example.org", "mail.example.org]", "[a]b", "[IPv6:192.0.2.1.example]x"),
        *("[mail.example.org]:", "[mail.example.org]:0", "mail.example.org:65536", "mail.example.org:smtp", "a:1:2"),
        *("user@example.org", "smtp://example.org", "[IPv6:mail example]", "mail.example.org:\u0665\u0668\u0667"),
    ],
)
async def test_what_is_no_next_hop(next_hop: str) -> None:
    with pytest.raises(Misuse):
        await destination(next_hop, FakeWorld())


# --- MX --------------------------------------------------------------------------------------------


async def test_hosts_come_in_the_order_of_preference_each_once() -> None:
    world = FakeWorld.parse(
        """
        example.org. MX 20 c.example.org.
        example.org. MX 10 b.example.org.
        example.org. MX 10 a.example.org.
        example.org. MX 30 b.example.org.
        """
    )
    found = await destination("example.org", world)
    assert [(host.preference, host.host) for host in found.hosts] == [
        (10, "b.example.org"),
        (10, "a.example.org"),
        (20, "c.example.org"),
    ]
    assert found.unseen == 0


async def test_no_more_than_twenty_hosts_are_looked_at() -> None:
    world = FakeWorld()
    for number in range(400):
        world.add("example.org", MX(1000 - number, f"mx{number}.example.org"))
    found = await destination("example.org", world)
    assert [host.host for host in found.hosts] == [f"mx{number}.example.org" for number in range(399, 399 - HOSTS, -1)]
    assert found.unseen == 380
    assert len(world.asked) <= 1 + HOSTS * 5


async def test_null_mx_is_not_looked_behind() -> None:
    world = FakeWorld.parse("example.org. MX 0 .\nexample.org. A 192.0.2.1")
    found = await destination("example.org", world)
    assert (found.kind, found.hosts) == (Kind.NULL, ())
    assert world.asked == [Question("example.org", "MX")]


async def test_a_null_mx_among_others_is_no_host() -> None:
    world = FakeWorld.parse("example.org. MX 0 .\nexample.org. MX 5 mx.example.org.")
    found = await destination("example.org", world)
    assert (found.kind, [host.host for host in found.hosts]) == (Kind.MX, ["mx.example.org"])


@pytest.mark.parametrize("status", [Status.SECURE, Status.INSECURE])
async def test_no_mx_is_an_implicit_mx(status: Status) -> None:
    world = FakeWorld.parse(f"example.org. AAAA 2001:db8::1\n_25._tcp.example.org. TLSA {DIGEST}")
    world.nothing("example.org", "MX", status=status)
    found = await destination("example.org", world)
    assert (found.kind, found.status) == (Kind.IMPLICIT, status)
    assert [(host.host, bases(host)) for host in found.hosts] == [("example.org", ["_25._tcp.example.org"])]


async def test_neither_mx_nor_addresses() -> None:
    found = await destination("example.org", FakeWorld.parse('example.org. TXT "hello"'))
    assert (found.kind, found.hosts, found.reason) == (Kind.NOTHING, (), "the domain has neither MX nor addresses")


async def test_no_mx_and_addresses_that_could_not_be_had_are_not_nothing() -> None:
    world = FakeWorld.parse("example.org. A ; indeterminate: no answer in time")
    found = await destination("example.org", world)
    assert (found.kind, [host.host for host in found.hosts]) == (Kind.IMPLICIT, ["example.org"])


async def test_a_domain_that_does_not_exist() -> None:
    found = await destination("example.org", FakeWorld())
    assert (found.kind, found.hosts, found.reason) == (Kind.NOTHING, (), "the domain does not exist")


@pytest.mark.parametrize("status", [Status.BOGUS, Status.INDETERMINATE])
async def test_an_mx_lookup_that_fails_leads_nowhere(status: Status) -> None:
    world = FakeWorld.parse("example.org. A 192.0.2.1").fail("example.org", "MX", "made up", status=status)
    found = await destination("example.org", world)
    assert (found.kind, found.hosts, found.reason) == (Kind.UNKNOWN, (), f"MX is {status}: made up")
    assert found.status is status


@pytest.mark.parametrize("name", ["a b.example.org", "mx.example.org/x", "*.example.org", "-.example", "192.0.2.1"])
async def test_an_mx_that_is_no_host_name_is_asked_for_nothing(name: str) -> None:
    answer = Answer(question=Question("example.org", "MX"), status=Status.SECURE, records=(MX(5, name),))
    found = await destination("example.org", Canned(answer))
    assert found.hosts == (Host(host=name, preference=5),)


class Canned:
    """A resolver that knows one answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    async def query(self, name: str, rdtype: str) -> Answer:
        assert Question(name, rdtype) == self.answer.question
        return self.answer


# --- addresses -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "located"),
    [
        ("mx.example.org. A 192.0.2.1\nmx.example.org. AAAA 2001:db8::1", ["192.0.2.1", "2001:db8::1"]),
        ("mx.example.org. A 192.0.2.1", ["192.0.2.1"]),
        ("mx.example.org. AAAA 2001:db8::1", ["2001:db8::1"]),
        ("mx.example.org. A 192.0.2.1\nmx.example.org. AAAA ; bogus", ["192.0.2.1"]),
        ("mx.example.org. A ; indeterminate\nmx.example.org. AAAA 2001:db8::1", ["2001:db8::1"]),
    ],
)
async def test_each_family_may_fail_by_itself(text: str, located: list[str]) -> None:
    host = await host_at("mx.example.org", FakeWorld.parse(text), port=25)
    assert [address.address for answer in host.located for address in answer.of(Address)] == located
    assert len(host.addresses) == 2
    assert bases(host) == ["_25._tcp.mx.example.org"]


@pytest.mark.parametrize(
    "text",
    [
        "mx.example.org. A 192.0.2.1 ; insecure\nmx.example.org. AAAA ; bogus",
        "mx.example.org. A 192.0.2.1 ; insecure",
        'mx.example.org. TXT "no address"',
        "mx.example.org. A ; bogus\nmx.example.org. AAAA ; bogus",
        "mx.example.org. A ; bogus",
    ],
)
async def test_tlsa_is_not_asked_without_secure_addresses(text: str) -> None:
    world = FakeWorld.parse(text)
    host = await host_at("mx.example.org", world, port=25)
    assert (host.tlsa, asked(world, "TLSA"), asked(world, "CNAME")) == ((), [], [])


async def test_both_families_and_all_hosts_are_asked_at_once() -> None:
    class Slow(FakeWorld):
        under_way = 0
        most = 0

        async def query(self, name: str, rdtype: str) -> Answer:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            await asyncio.sleep(0)
            self.under_way -= 1
            return await super().query(name, rdtype)

    world = Slow.parse("example.org. MX 1 a.example.org.\nexample.org. MX 2 b.example.org.")
    await destination("example.org", world)
    assert world.most == 4


async def test_a_host_s_own_port_is_in_the_name_of_its_tlsa() -> None:
    world = FakeWorld.parse("imap.example.org. A 192.0.2.1")
    assert bases(await host_at("imap.example.org", world, port=993)) == ["_993._tcp.imap.example.org"]
