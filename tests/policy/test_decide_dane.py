"""What RFC 7671 and 7672 ask of a sender, one test for each row of the table of corner cases."""

import pytest

from starttls.core.errors import CannotResolve
from starttls.policy.answer import Status
from starttls.policy.decide import downgradable
from starttls.policy.destination import Action
from starttls.policy.errors import NoMail, NotAuthentic
from starttls.resolve.fake import FakeWorld
from tests.policy.mail import DIGEST, PLAIN, SIGNED, decided, learned, one, trail, unsigned

FAILURES = [Status.BOGUS, Status.INDETERMINATE]


def asked(world: FakeWorld, rdtype: str) -> list[str]:
    return [question.name for question in world.asked if question.rdtype == rdtype]


async def test_a_domain_with_dane() -> None:
    decision = await one(SIGNED)
    assert (decision.host, decision.action, decision.sni) == ("mx.example.org", Action.DANE, "mx.example.org")
    assert decision.names == ("mx.example.org", "example.org")
    assert [str(record) for record in decision.tlsa] == [DIGEST]
    assert (decision.authentic, decision.error, downgradable((decision,))) == (True, None, False)
    assert trail(decision) == (
        "the MX records are signed: this host is the domain's [RFC 7672 §2.2.1]\n"
        "_25._tcp.mx.example.org TLSA is signed: 1 of 1 records can be used [RFC 7672 §2.2]\n"
        "TLS is required, with a certificate that matches one of them [RFC 7672 §2.2]"
    )


async def test_no_mx_secure_nodata() -> None:
    decision = await one(f"example.org. A 192.0.2.1\n_25._tcp.example.org. TLSA {DIGEST}")
    assert (decision.host, decision.action, decision.names) == ("example.org", Action.DANE, ("example.org",))
    assert decision.authentic
    assert "it is proven that there is no MX: the domain is its own host [RFC 7672 §2.2.2]" in trail(decision)


async def test_no_mx_insecure_nodata_can_be_forged() -> None:
    world = FakeWorld.parse(
        f"example.org. A 192.0.2.1\nexample.org. MX ; insecure\n_25._tcp.example.org. TLSA {DIGEST}"
    )
    decision = await one(world)
    assert (decision.action, decision.authentic, downgradable((decision,))) == (Action.DANE, False, True)


async def test_null_mx_is_rejected_and_no_tlsa_is_asked() -> None:
    world = FakeWorld.parse("example.org. MX 0 .")
    decision = await one(world, learned("enforce", "mx.example.org"))
    assert (decision.host, decision.action) == ("example.org", Action.REJECT)
    assert isinstance(decision.error, NoMail)
    assert asked(world, "TLSA") == []
    assert downgradable((decision,)) is False


async def test_a_domain_that_does_not_exist_is_rejected() -> None:
    decision = await one(FakeWorld())
    assert (decision.action, type(decision.error)) == (Action.REJECT, NoMail)
    assert trail(decision) == "the domain does not exist: nothing is sent, and the sender is told [RFC 5321 §5.1]"


@pytest.mark.parametrize(
    ("unsigned_zone", "names", "authentic"),
    [
        (None, ("mx.example.com", "example.org", "example.net"), True),
        ("example.org", ("mx.example.com",), False),
        ("example.net", ("mx.example.com",), False),
    ],
)
async def test_domain_is_cname_both_names_must_be_secure(
    unsigned_zone: str | None, names: tuple[str, ...], authentic: bool
) -> None:
    world = FakeWorld.parse(
        f"""
        example.org.               CNAME example.net.
        example.net.               MX    5 mx.example.com.
        mx.example.com.            A     192.0.2.1
        _25._tcp.mx.example.com.   TLSA  {DIGEST}
        """
    )
    if unsigned_zone:
        world.zone(unsigned_zone, Status.INSECURE)
    decision = await one(world)
    assert (decision.action, decision.names, decision.authentic) == (Action.DANE, names, authentic)


ALIAS = """
    example.org.            MX     10 mx.example.org.
    mx.example.org.         CNAME  real.example.net.
    real.example.net.       A      192.0.2.1
"""
EXPANDED = f"_25._tcp.real.example.net. TLSA {DIGEST}\n"
ORIGINAL = f"_25._tcp.mx.example.org. TLSA {DIGEST}\n"


@pytest.mark.parametrize(
    ("records", "sni", "names"),
    [
        (EXPANDED, "real.example.net", ("real.example.net", "mx.example.org", "example.org")),
        (EXPANDED + ORIGINAL, "real.example.net", ("real.example.net", "mx.example.org", "example.org")),
        (ORIGINAL, "mx.example.org", ("mx.example.org", "real.example.net", "example.org")),
        ("example.net. ZONE ; insecure\n" + EXPANDED + ORIGINAL, "mx.example.org", ("mx.example.org", "example.org")),
    ],
    ids=["expanded", "both", "original", "insecure in the middle"],
)
async def test_mx_host_is_cname(records: str, sni: str, names: tuple[str, ...]) -> None:
    decision = await one(ALIAS + records)
    assert (decision.host, decision.action) == ("mx.example.org", Action.DANE)
    assert (decision.sni, decision.names) == (sni, names)


async def test_mx_host_is_cname_in_an_unsigned_zone() -> None:
    world = FakeWorld.parse(ALIAS + ORIGINAL).zone("mx.example.org", Status.INSECURE)
    decision = await one(world)
    assert (decision.action, asked(world, "TLSA")) == (Action.OPPORTUNISTIC, [])


async def test_mx_host_is_cname_and_tlsa_at_its_end_fails() -> None:
    decision = await one(ALIAS + "_25._tcp.real.example.net. TLSA ; bogus\n" + ORIGINAL)
    assert decision.action is Action.DEFER


async def test_mx_host_is_cname_of_which_the_own_zone_cannot_be_told() -> None:
    class Fails(FakeWorld):
        async def query(self, name: str, rdtype: str) -> object:  # type: ignore[override]
            if rdtype == "CNAME":
                self.fail(name, rdtype)
            return await super().query(name, rdtype)

    decision = await one(Fails.parse(ALIAS + "example.net. ZONE ; insecure"))
    assert (decision.action, type(decision.error)) == (Action.DEFER, NotAuthentic)


async def test_mx_rrset_insecure_host_secure_with_tlsa_is_half_dane() -> None:
    decision = await one(SIGNED + "example.org. ZONE ; secure\nexample.org. MX 10 mx.example.org. ; insecure")
    assert (decision.action, decision.names, decision.sni) == (Action.DANE, ("mx.example.org",), "mx.example.org")
    assert not decision.authentic
    assert downgradable((decision,)) is True
    assert "the MX records are not signed: an attacker can put another host in this one's place" in trail(decision)


async def test_half_dane_by_a_cname_has_the_hosts_names_alone() -> None:
    decision = await one(ALIAS.replace("mx.example.org.\n", "mx.example.org. ; insecure\n", 1) + EXPANDED)
    assert (decision.action, decision.names) == (Action.DANE, ("real.example.net", "mx.example.org"))


async def test_addresses_insecure_is_no_dane() -> None:
    world = unsigned(PLAIN + f"_25._tcp.mx.example.org. TLSA {DIGEST} ; secure")
    decision = await one(world)
    assert (decision.action, asked(world, "TLSA")) == (Action.OPPORTUNISTIC, [])
    assert trail(decision).splitlines()[1:] == [
        "the addresses are not signed: no TLSA records could be proven, and none are asked for [RFC 7672 §2.2.2]",
        "TLS if it is offered: an attacker on the path can take it away, or forge the certificate [RFC 3207 §6]",
    ]


@pytest.mark.parametrize("status", FAILURES)
async def test_all_address_lookups_failed_is_never_cleartext(status: Status) -> None:
    world = FakeWorld.parse("example.org. MX 10 mx.example.org.")
    world.fail("mx.example.org", "A", status=status).fail("mx.example.org", "AAAA", status=status)
    decision = await one(world)
    assert (decision.action, type(decision.error)) == (Action.DEFER, NotAuthentic)
    assert downgradable((decision,)) is None


@pytest.mark.parametrize("status", FAILURES)
async def test_one_address_lookup_failed_and_the_other_found_nothing(status: Status) -> None:
    world = FakeWorld.parse("example.org. MX 10 mx.example.org.").fail("mx.example.org", "AAAA", status=status)
    assert (await one(world)).action is Action.DEFER


@pytest.mark.parametrize("status", FAILURES)
@pytest.mark.parametrize(
    ("text", "action"),
    [
        (SIGNED, Action.DANE),
        (PLAIN, Action.OPPORTUNISTIC),
        (PLAIN + "mx.example.org. ZONE ; insecure", Action.OPPORTUNISTIC),
        (SIGNED + "_25._tcp.mx.example.org. TLSA ; bogus", Action.DEFER),
    ],
)
async def test_aaaa_failed_leaves_out_those_addresses_alone(status: Status, text: str, action: Action) -> None:
    world = FakeWorld.parse(text.replace("mx.example.org.             AAAA", "other.example.org. AAAA"))
    decision = await one(world.fail("mx.example.org", "AAAA", "no proof", status=status))
    assert decision.action is action
    assert f"mx.example.org AAAA is {status} (no proof): those addresses are left out [RFC 7672 §2.1.2]" in trail(
        decision
    )


async def test_a_host_without_addresses() -> None:
    decisions = await decided("example.org. MX 1 gone.example.org.\nexample.org. MX 2 192.0.2.1.\n" + SIGNED)
    assert [decision.action for decision in decisions] == [Action.DEFER, Action.DEFER, Action.DANE]
    assert [type(decision.error) for decision in decisions] == [CannotResolve, CannotResolve, type(None)]
    assert downgradable(decisions) is False


async def test_a_host_without_addresses_in_an_unsigned_zone_can_be_given_one_by_an_attacker() -> None:
    text = SIGNED + "example.org. MX 99 gone.example.net.\nexample.net. ZONE ; insecure"
    decisions = await decided(text)
    assert [decision.action for decision in decisions] == [Action.DANE, Action.OPPORTUNISTIC]
    assert "the host has no address; that is not signed, and an attacker can make one up" in trail(decisions[1])
    assert downgradable(decisions) is True
    decisions = await decided(text, learned("enforce", "mx.example.org"))
    assert [decision.action for decision in decisions] == [Action.DANE, Action.DEFER]
    assert downgradable(decisions) is False


@pytest.mark.parametrize(
    "records",
    [
        "",
        "_25._tcp.mx.example.org. NXDOMAIN ; secure",
        '_25._tcp.mx.example.org. TXT "no TLSA"',
        "_25._tcp.mx.example.org. TLSA ; insecure",
        f"_25._tcp.mx.example.org. TLSA {DIGEST} ; insecure",
    ],
)
async def test_tlsa_securely_absent_or_insecure_is_opportunistic(records: str) -> None:
    decision = await one(PLAIN + records)
    assert (decision.action, downgradable((decision,))) == (Action.OPPORTUNISTIC, True)
    assert "no signed _25._tcp.mx.example.org TLSA: DANE asks for nothing [RFC 7672 §2.2]" in trail(decision)
    decision = await one(PLAIN + records, learned("enforce", "mx.example.org"))
    assert decision.action is Action.PKIX


@pytest.mark.parametrize("status", FAILURES)
@pytest.mark.parametrize("sts", [None, learned("enforce", "mx.example.org"), learned("testing", "mx.example.org")])
async def test_tlsa_failed_is_never_rescued(status: Status, sts: object) -> None:
    world = FakeWorld.parse(PLAIN).fail("_25._tcp.mx.example.org", "TLSA", "made up\nby him", status=status)
    decision = await one(world, sts)  # type: ignore[arg-type]
    assert (decision.action, type(decision.error)) == (Action.DEFER, NotAuthentic)
    assert (decision.names, decision.sni, decision.tlsa) == ((), None, ())
    assert f"TLSA is {status} (made up\\nby him): it cannot be told what must be demanded" in trail(decision)
    assert downgradable((decision,)) is None


@pytest.mark.parametrize("status", FAILURES)
async def test_mx_failed_waits(status: Status) -> None:
    world = FakeWorld.parse(SIGNED).fail("example.org", "MX", "made up", status=status)
    decision = await one(world, learned("enforce", "mx.example.org"))
    assert (decision.host, decision.action, type(decision.error)) == ("example.org", Action.DEFER, NotAuthentic)
    assert downgradable((decision,)) is None


async def test_one_broken_mx_does_not_spoil_the_others() -> None:
    decisions = await decided(
        SIGNED
        + """
        example.org. MX 1 broken.example.org.
        broken.example.org. A 192.0.2.2
        _25._tcp.broken.example.org. TLSA ; bogus
        """
    )
    assert [(decision.host, decision.action) for decision in decisions] == [
        ("broken.example.org", Action.DEFER),
        ("mx.example.org", Action.DANE),
    ]
    assert downgradable(decisions) is None


async def test_an_attacker_chooses_the_weakest_mx() -> None:
    decisions = await decided(SIGNED + "example.org. MX 99 backup.example.org.\nbackup.example.org. A 192.0.2.2")
    assert [decision.action for decision in decisions] == [Action.DANE, Action.OPPORTUNISTIC]
    assert downgradable(decisions) is True
