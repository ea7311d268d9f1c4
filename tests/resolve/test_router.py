"""The router's own part; what comes of its routes is in the tests of both clients."""

import pytest

from starttls.core.errors import CannotResolve, Misuse
from starttls.policy.answer import MX as MX_RECORD
from starttls.policy.answer import Answer, Question, Status
from starttls.policy.destination import Action
from starttls.policy.errors import NoService, NotAuthentic
from starttls.resolve.dns import DNSResolver
from starttls.resolve.fake import FakeWorld
from starttls.resolve.https import HTTPSFetcher
from starttls.resolve.planned import Planned
from starttls.resolve.route import ClientOptions, Route
from starttls.resolve.router import Router
from starttls.tls.level import Level
from starttls.tls.plan import Plan
from starttls.tls.target import Target

DIGEST = "3 1 1 " + 32 * "ab"
MX = "example.org. MX 10 mx.example.org.\nmx.example.org. A 192.0.2.1\nmx.example.org. AAAA 2001:db8::1\n"
SIGNED = MX + f"_25._tcp.mx.example.org. TLSA {DIGEST}\n"


def router(world: FakeWorld | str, **more: object) -> Router:
    made = FakeWorld.parse(world) if isinstance(world, str) else world
    options = ClientOptions(resolver=made, fetcher=made)
    options.update(more)  # type: ignore[typeddict-item]
    found = Planned(**options).router
    assert isinstance(found, Router)
    return found


async def to(world: str, url: str, **more: object) -> Route:
    return await router(world, **more).to(Target.parse(url))


async def test_addresses_of_both_families_and_no_second_lookup() -> None:
    route = await to(SIGNED, "smtp://mx.example.org", policy="dane")
    assert route.addresses == ("2001:db8::1", "192.0.2.1")
    assert route.place == ("mx.example.org", 25)
    assert route.demand is not None
    assert route.demand.level is Level.DANE


async def test_nothing_is_asked_twice_and_no_policy_fetched_for_nothing() -> None:
    """Where DANE holds, and the MX is signed, MTA-STS can add nothing."""
    world = FakeWorld.parse(SIGNED)
    await router(world).mail("example.org", 25)
    assert len(world.asked) == len(set(world.asked)) == 4
    assert world.fetched == []


async def test_what_the_policy_does_not_ask_is_not_asked() -> None:
    world = FakeWorld.parse(MX + '_mta-sts.example.org. TXT "v=STSv1; id=1"')
    for policy in ("dane", "verify", "encrypt"):
        await router(world, policy=policy).mail("example.org", 25)
    assert world.fetched == []
    assert "TXT" not in {question.rdtype for question in world.asked}


async def test_usages_of_public_authorities_are_for_others_than_mail_servers() -> None:
    """RFC 7672 §3.1.3; submission is RFC 7673's."""
    pkix = "mx.example.org. A 192.0.2.1\n" + "".join(
        f"_{port}._tcp.mx.example.org. TLSA 1 1 1 {32 * 'ab'}\n" for port in (24, 25, 143, 587)
    )
    actions: list[Action] = []
    for url in (
        "smtp://mx.example.org",
        "lmtp://mx.example.org",
        "submission://mx.example.org",
        "imap://mx.example.org",
    ):
        decision = (await to(pkix, url, policy="opportunistic")).decision
        assert decision is not None
        actions.append(decision.action)
    assert actions == [Action.ENCRYPT, Action.ENCRYPT, Action.DANE, Action.DANE]


async def test_authorities_that_cannot_be_read_are_told_before_anything_is_sent() -> None:
    """Within a handshake nobody could be told, and the server would be blamed. Only records of usage 0 and 1 ask."""
    pkix = f"mx.example.org. A 192.0.2.1\n_143._tcp.mx.example.org. TLSA 1 1 1 {32 * 'ab'}\n"
    with pytest.raises(Misuse, match="CA file missing.pem: no such file"):
        await to(pkix, "imap://mx.example.org", policy="dane", ca_file="missing.pem")
    route = await to(SIGNED, "smtp://mx.example.org", policy="dane", ca_file="missing.pem")
    assert route.error is None


async def test_tlsa_that_cannot_be_used_elsewhere_asks_for_a_public_authority() -> None:
    """RFC 7673 §4.1: as if there were none; but not less than TLS that is proven."""
    world = f"imap.example.org. A 192.0.2.1\n_143._tcp.imap.example.org. TLSA 9 1 1 {32 * 'ab'}"
    route = await to(world, "imap://imap.example.org", policy="opportunistic", fallback="plaintext")
    assert route.demand is not None
    assert (route.demand.level, route.demand.fallback) == (Level.VERIFIED, False)


async def test_an_mx_that_is_an_alias_is_asked_for_by_the_name_that_publishes() -> None:
    """RFC 7672 §2.2.2 and §8.1: TLSA base domain, and SNI."""
    world = f"""
        example.org.                    MX    10 mx.example.org.
        mx.example.org.                 CNAME host.example.net.
        host.example.net.               A     192.0.2.1
        _25._tcp.host.example.net.      TLSA  {DIGEST}
    """
    (route,) = (await router(world).mail("example.org", 25)).routes
    assert route.demand is not None
    assert (route.host, route.demand.name) == ("mx.example.org", "host.example.net")


def asked_for(plan: Plan, route: Route) -> set[str]:
    """Which of the names that matter are in the hello that a server sees."""
    connection = plan.connection(route.target, "192.0.2.9", route.demand)
    hello = connection.data_to_send()
    for reply in (
        (b"220 ready\r\n", b"250-ready\r\n250 STARTTLS\r\n", b"220 go\r\n") if not route.target.implicit else ()
    ):
        connection.receive_data(reply)
        hello = connection.data_to_send()
    return {
        name
        for name in ("mx.example.org", "real.example.net", "example.org")
        if b"\0" + bytes([len(name)]) + name.encode() in hello
    }


ALIAS = "mx.example.org. CNAME real.example.net.\nreal.example.net. A 192.0.2.1\n"


@pytest.mark.parametrize(
    ("dns", "url", "name"),
    [
        (SIGNED, "smtp://mx.example.org", "mx.example.org"),
        (ALIAS + f"_25._tcp.real.example.net. TLSA {DIGEST}", "smtp://mx.example.org", "real.example.net"),
        (ALIAS + f"_25._tcp.mx.example.org. TLSA {DIGEST}", "smtp://mx.example.org", "mx.example.org"),
        (ALIAS + f"_993._tcp.real.example.net. TLSA {DIGEST}", "imaps://mx.example.org", "real.example.net"),
        (ALIAS, "imaps://mx.example.org", "mx.example.org"),
    ],
)
async def test_on_the_wire_the_tlsa_base_domain_is_asked_for(dns: str, url: str, name: str) -> None:
    """RFC 7672 §8.1: SNI is the TLSA base domain; without one it is the name that was asked."""
    found = router(dns, policy="opportunistic")
    assert asked_for(found.plan, await found.to(Target.parse(url))) == {name}


async def test_each_host_has_its_own_way_or_none() -> None:
    world = (
        SIGNED + "example.org. MX 20 mx2.example.org.\nmx2.example.org. A ; bogus\nexample.org. MX 30 mx3.example.org."
    )
    routes = (await router(world).mail("example.org", 25)).routes
    errors = {route.host: type(route.error) for route in routes}
    assert errors == {"mx.example.org": type(None), "mx2.example.org": NotAuthentic, "mx3.example.org": CannotResolve}


async def test_a_domain_whose_mx_name_nothing_that_can_be_asked() -> None:
    world = FakeWorld().add("example.org", MX_RECORD(10, "not a name"))
    (route,) = (await router(world).mail("example.org", 25)).routes
    assert isinstance(route.error, CannotResolve)


async def test_targets_of_a_service_are_asked_for_by_the_right_name() -> None:
    """By the server's own, where it is proven to be the domain's; an XMPP server always by the domain."""
    for default, imap in ((Status.SECURE, "a.example.net"), (Status.INSECURE, "example.org")):
        text = "".join(
            f"_{label}._tcp.example.org. SRV 0 1 {port} a.example.net.\n"
            for label, port in (("imap", 143), ("xmpp-client", 5222))
        )
        world = FakeWorld.parse(text + "a.example.net. A 192.0.2.1", default=default)
        names = [(await router(world).service(service, "example.org")).routes[0].demand for service in ("imap", "xmpp")]
        assert [demand.name for demand in names if demand is not None] == [imap, "example.org"]


async def test_all_targets_that_fail_are_told_together() -> None:
    world = "".join(f"_imap._tcp.example.org. SRV {n} 1 143 {host}.example.org.\n" for n, host in enumerate("ab"))
    attempts = await router(world).service("imap", "example.org")
    assert list(attempts) == []
    assert isinstance(attempts.error, NoService)
    assert "a.example.org: cannot resolve" in str(attempts.error)


@pytest.mark.parametrize(
    ("bogus", "status"), [((), Status.INDETERMINATE), (("_imap._tcp.example.org", "SRV"), Status.BOGUS)]
)
async def test_a_domain_of_which_nothing_can_be_told_is_told_once(bogus: tuple[str, ...], status: Status) -> None:
    """It is one failure, and not one for each of a dozen services. What is forged counts more than what is withheld."""

    class Broken:
        async def query(self, name: str, rdtype: str) -> Answer:
            found = Status.BOGUS if (name, rdtype) == bogus else Status.INDETERMINATE
            return Answer(question=Question(name, rdtype), status=found, reason="why")

    (route,) = await Router(Planned().plan, ClientOptions(resolver=Broken(), fetcher=FakeWorld())).everything(
        "example.org"
    )
    assert (route.target.url, route.domain) == ("smtp://example.org", "example.org")
    assert isinstance(route.error, NotAuthentic)
    assert (route.error.status, route.error.detail) == (status, "why")


async def test_what_can_be_told_of_a_domain_is_told() -> None:
    """Beside what cannot."""
    world = FakeWorld.parse(MX + "_pop3._tcp.example.org. SRV ; bogus")
    routes = await Router(Planned().plan, ClientOptions(resolver=world, fetcher=world)).everything("example.org")
    assert [(route.target.url, route.error is None) for route in routes] == [
        ("smtp://mx.example.org:25", True),
        ("pop3://example.org", False),
    ]


def test_who_is_asked_where_nobody_was_brought_along() -> None:
    own = Planned(resolver="192.0.2.53", policy="dane").router
    assert isinstance(own, Router)
    assert isinstance(own.resolver, DNSResolver)
    assert [str(server) for server in own.resolver.servers] == ["192.0.2.53:53"]
    assert isinstance(own.fetcher, HTTPSFetcher)
    assert own.resolver is own.resolver
    with pytest.raises(Misuse, match="names no DNS server"):
        _ = router(FakeWorld(), resolver="somewhere").resolver
