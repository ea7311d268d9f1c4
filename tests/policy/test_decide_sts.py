"""What RFC 8461 asks of a sender that knows a policy, one test for each row of the table that is about deciding."""

import pytest

from starttls.core.errors import Misuse
from starttls.policy.decide import downgradable
from starttls.policy.destination import Action
from starttls.policy.errors import StsMxMismatch
from starttls.policy.sts import Learned, State
from starttls.resolve.fake import FakeWorld
from tests.policy.mail import DIGEST, PLAIN, SIGNED, decided, learned, one, trail, unsigned


async def test_a_policy_in_force() -> None:
    decision = await one(unsigned(PLAIN), learned("enforce", "mx.example.org"))
    assert (decision.action, decision.names, decision.sni) == (Action.PKIX, ("mx.example.org",), "mx.example.org")
    assert (decision.tlsa, decision.authentic, downgradable((decision,))) == ((), True, False)
    assert trail(decision) == (
        "the MX records are not signed: an attacker can put another host in this one's place [RFC 7672 §2.2.1]\n"
        "the addresses are not signed: no TLSA records could be proven, and none are asked for [RFC 7672 §2.2.2]\n"
        "an MTA-STS policy is in force, and names this host [RFC 8461 §4.1]\n"
        "TLS is required, with a certificate of a public authority for mx.example.org [RFC 8461 §4.2]"
    )


async def test_mx_check_filters_the_hosts_by_the_patterns() -> None:
    world = unsigned(PLAIN + "example.org. MX 5 mx.attacker.example.\nmx.attacker.example. A 192.0.2.66")
    decisions = await decided(world, learned("enforce", "*.example.org"))
    assert [(decision.host, decision.action) for decision in decisions] == [
        ("mx.attacker.example", Action.DEFER),
        ("mx.example.org", Action.PKIX),
    ]
    error = decisions[0].error
    assert isinstance(error, StsMxMismatch)
    assert (error.host, error.patterns) == ("mx.attacker.example", ("*.example.org",))
    assert trail(decisions[0]).endswith("does not name this host: it is left out [RFC 8461 §4.1]")
    assert downgradable(decisions) is False


async def test_mx_check_none_matches_and_all_is_deferred() -> None:
    decision = await one(unsigned(PLAIN), learned("enforce", "mx.example.net"))
    assert (decision.action, decision.names, decision.sni) == (Action.DEFER, (), None)
    assert downgradable((decision,)) is False


@pytest.mark.parametrize(
    ("host", "action"),
    [("mx.example.org", Action.PKIX), ("a.mx.example.org", Action.DEFER), ("example.org", Action.DEFER)],
)
async def test_wildcard_is_exactly_one_label(host: str, action: Action) -> None:
    world = unsigned(f"example.org. MX 5 {host}.\n{host}. A 192.0.2.1")
    assert (await one(world, learned("enforce", "*.example.org"))).action is action


@pytest.mark.parametrize(
    ("mx", "said"), [("mx.example.org", "names this host"), ("mx.example.net", "does not name this host")]
)
async def test_testing_is_told_and_not_enforced(mx: str, said: str) -> None:
    decision = await one(unsigned(PLAIN), learned("testing", mx))
    assert (decision.action, downgradable((decision,))) == (Action.OPPORTUNISTIC, True)
    assert f"the MTA-STS policy {said}; it is tested only" in trail(decision)
    assert trail(decision).endswith("[RFC 3207 §6]")
    assert (await one(SIGNED, learned("testing", mx))).action is Action.DANE


async def test_none_asks_for_nothing() -> None:
    decision = await one(unsigned(PLAIN), learned("none"))
    assert (decision.action, downgradable((decision,))) == (Action.OPPORTUNISTIC, True)
    assert "(mode none) [RFC 8461 §5]" in trail(decision)


@pytest.mark.parametrize("state", State)
async def test_a_policy_that_is_kept_applies_whatever_came_of_renewing_it(state: State) -> None:
    decision = await one(unsigned(PLAIN), learned("enforce", "mx.example.org", state=state))
    assert decision.action is Action.PKIX


@pytest.mark.parametrize(
    ("state", "errors", "said"),
    [
        (State.NONE, (), "no MTA-STS policy is announced [RFC 8461 §3.1]"),
        (State.INVALID, ("no mode",), "the MTA-STS policy is malformed: no mode: there is none [RFC 8461 §5.1]"),
        (
            State.UNREACHABLE,
            ("404 of mta-sts.example.org",),
            "could not be had: 404 of mta-sts.example.org, and none was known before: there is none [RFC 8461 §5.1]",
        ),
    ],
)
async def test_https_fails_and_none_was_known(state: State, errors: tuple[str, ...], said: str) -> None:
    decision = await one(unsigned(PLAIN), Learned(domain="example.org", state=state, errors=errors))
    assert decision.action is Action.OPPORTUNISTIC
    assert said in trail(decision)


@pytest.mark.parametrize(
    ("mx", "said"),
    [("mx.example.org", "names this host, too; DANE goes first"), ("mx.example.net", "does not name this host; DANE")],
)
async def test_with_dane_dane_goes_first(mx: str, said: str) -> None:
    decision = await one(SIGNED, learned("enforce", mx))
    assert (decision.action, [str(record) for record in decision.tlsa]) == (Action.DANE, [DIGEST])
    assert f"{said}" in trail(decision)
    assert trail(decision).endswith("[RFC 8461 §2]")
    assert downgradable((decision,)) is False


HALF = f"""
    example.org.                MX    10 mx.example.org. ; insecure
    mx.example.org.             A     192.0.2.1
    _25._tcp.mx.example.org.    TLSA  {DIGEST}
"""


async def test_with_half_dane_the_policy_proves_the_host() -> None:
    decision = await one(HALF, learned("enforce", "mx.example.org"))
    assert (decision.action, decision.authentic, downgradable((decision,))) == (Action.DANE, True, False)


async def test_with_half_dane_a_host_that_an_attacker_put_there_is_left_out() -> None:
    decision = await one(HALF, learned("enforce", "*.example.net"))
    assert (decision.action, type(decision.error), decision.tlsa) == (Action.DEFER, StsMxMismatch, ())


@pytest.mark.parametrize(("mx", "action"), [("mx.example.org", Action.PKIX), ("mx.example.net", Action.DEFER)])
async def test_with_tlsa_that_cannot_be_used_the_policy_asks_for_more(mx: str, action: Action) -> None:
    decision = await one(PLAIN + "_25._tcp.mx.example.org. TLSA 3 1 255 abcd", learned("enforce", mx))
    assert decision.action is action
    assert "0 of 1 records can be used" in trail(decision)
    assert "with any certificate" not in trail(decision)


async def test_no_host_is_left_out_twice() -> None:
    decision = await one(PLAIN + "_25._tcp.mx.example.org. TLSA ; bogus", learned("enforce", "mx.example.net"))
    assert decision.action is Action.DEFER
    assert trail(decision).endswith("MTA-STS does not rescue a host that DNSSEC and DANE leave out [RFC 8461 §2]")
    assert not isinstance(decision.error, StsMxMismatch)


async def test_a_sub_domain_inherits_nothing() -> None:
    with pytest.raises(Misuse, match="an MTA-STS policy of example.org says nothing of sub.example.org"):
        await one(unsigned("sub.example.org. MX 1 mx.example.org."), learned("none"), next_hop="sub.example.org")


async def test_a_domain_that_is_an_alias_has_its_own_policy() -> None:
    world = unsigned("example.org. CNAME example.net.\nexample.net. MX 1 mx.example.net.\nmx.example.net. A 192.0.2.1")
    assert (await one(world, learned("enforce", "mx.example.net"))).action is Action.PKIX


async def test_an_implicit_mx_is_named_by_the_policy_as_any_other() -> None:
    world = unsigned("example.org. A 192.0.2.1")
    assert (await one(world, learned("enforce", "example.org"))).action is Action.PKIX
    assert (await one(world, learned("enforce", "*.example.org"))).action is Action.DEFER


@pytest.mark.parametrize("next_hop", ["[mail.example.net]", "mail.example.net:587", "[mail.example.net]:587"])
async def test_smart_host_is_its_own_policy_domain(next_hop: str) -> None:
    sts = learned("enforce", "mail.example.net", domain="mail.example.net")
    decision = await one(unsigned("mail.example.net. A 192.0.2.1"), sts, next_hop=next_hop)
    assert (decision.host, decision.action) == ("mail.example.net", Action.PKIX)
    assert trail(decision).startswith("the host was named by hand: no MX is asked, and MTA-STS is its own")


async def test_smart_host_with_dane() -> None:
    world = FakeWorld.parse(f"mail.example.net. A 192.0.2.1\n_587._tcp.mail.example.net. TLSA {DIGEST}")
    decision = await one(world, next_hop="[mail.example.net]:587")
    assert (decision.action, decision.names, decision.authentic) == (Action.DANE, ("mail.example.net",), True)


@pytest.mark.parametrize("next_hop", ["[192.0.2.1]", "[IPv6:2001:db8::1]:587"])
async def test_address_literals_have_no_policy(next_hop: str) -> None:
    decision = await one(FakeWorld(), next_hop=next_hop)
    assert (decision.action, decision.sni, downgradable((decision,))) == (Action.OPPORTUNISTIC, None, True)
    assert "nothing can be published about an address" in trail(decision)
