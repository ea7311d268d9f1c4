import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from starttls.asyncio.client import Client
from starttls.check.examine import Recorder, examine, live
from starttls.check.prospect import LiveSeen, Prospect
from starttls.core.errors import Misuse, StartTLSError
from starttls.policy.answer import Status
from starttls.policy.errors import NoMail
from starttls.policy.profiles import SENDERS
from starttls.policy.senders import Sender
from starttls.resolve.fake import FakeWorld
from starttls.tls.level import Level
from tests.asyncio.policies import Server, make, serving
from tests.policy.mail import DIGEST, PLAIN, SIGNED, unsigned

STS = """
    _mta-sts.example.org.    TXT  "v=STSv1; id=7"
    _smtp._tls.example.org.  TXT  "v=TLSRPTv1; rua=mailto:tls@example.org"
"""
ENFORCED = "version: STSv1\nmode: enforce\nmx: mx.example.org\nmax_age: 86400\n"


def seen(
    world: FakeWorld,
    domain: str = "example.org",
    *,
    only: Sequence[str] = (),
    senders: Sequence[Sender] = SENDERS,
    reached: Mapping[str, LiveSeen] | None = None,
) -> Prospect:
    return asyncio.run(examine(domain, world, world, only=only, senders=senders, reached=reached))


def test_a_domain_with_dane() -> None:
    prospect = seen(FakeWorld.parse(SIGNED))
    (host,) = prospect.mx
    assert (prospect.domain, prospect.dnssec, prospect.downgradable) == ("example.org", "secure", False)
    assert (host.host, host.preference, host.dnssec, host.decision.action) == ("mx.example.org", 10, "secure", "dane")
    assert host.addresses == ("192.0.2.1", "2001:db8::1")
    (record,) = host.tlsa
    assert f"{record.usage} {record.selector} {record.mtype} {record.data}" == DIGEST
    assert (record.usable, record.reason, record.owner) == (True, None, "_25._tcp.mx.example.org")
    assert (prospect.mta_sts.state, prospect.mta_sts.mode, prospect.tls_rpt.state) == ("none", None, "none")
    assert [lookup.question for lookup in prospect.lookups if lookup.records] == [
        "example.org MX",
        "mx.example.org A",
        "mx.example.org AAAA",
        "_25._tcp.mx.example.org TLSA",
    ]


def test_a_domain_with_mta_sts() -> None:
    world = unsigned(PLAIN + STS)
    world.policy("example.org", ENFORCED)
    prospect = seen(world)
    sts = prospect.mta_sts
    assert (sts.state, sts.mode, sts.mx, sts.max_age, sts.id) == ("valid", "enforce", ("mx.example.org",), 86400, "7")
    assert (prospect.tls_rpt.state, prospect.tls_rpt.rua) == ("valid", ("mailto:tls@example.org",))
    assert [host.decision.action for host in prospect.mx] == ["pkix"]
    assert prospect.downgradable is False


def test_a_domain_with_nothing_can_be_downgraded() -> None:
    prospect = seen(unsigned(PLAIN))
    assert (prospect.downgradable, prospect.dnssec) == (True, "insecure")
    outcomes = {one.name: (one.normal, one.stripped) for one in prospect.senders}
    assert outcomes["Gmail"] == ("delivers encrypted", "delivers in clear")
    assert outcomes["Postfix dane-only"] == ("defers", "defers")
    assert len(prospect.senders) == len(SENDERS)


def test_the_weakest_host_counts_and_a_host_can_be_looked_at_alone() -> None:
    world = FakeWorld.parse(SIGNED + "example.org. MX 20 mx2.example.org.\nmx2.example.org. A 192.0.2.2\n")
    assert seen(world).downgradable is True
    alone = seen(world, only=["MX.example.org."])
    assert [host.host for host in alone.mx] == ["mx.example.org"]
    assert alone.downgradable is False
    with pytest.raises(Misuse, match=r"mx9\.example\.org is no mail host of example\.org, which has: mx\.example"):
        seen(world, only=["mx9.example.org"])


@pytest.mark.parametrize(
    ("text", "kind", "downgradable", "word"),
    [
        ("example.org. MX 0 .", "null", False, "null MX"),
        ("example.org. MX ; bogus EDE 6", "unknown", None, "bogus"),
        ("example.org. MX ; indeterminate", "unknown", None, "indeterminate"),
        ("example.net. A 192.0.2.1", "nothing", False, "does not exist"),
    ],
)
def test_where_there_is_no_host(text: str, kind: str, downgradable: bool | None, word: str) -> None:
    prospect = seen(FakeWorld.parse(text))
    assert (prospect.kind, prospect.downgradable, prospect.mx) == (kind, downgradable, ())
    assert word in " ".join(reason.text for reason in prospect.because)


def test_hosts_that_are_not_looked_at_may_be_the_weak_ones() -> None:
    """An attacker blocks the first twenty, and a sender who knows them goes on to the next."""
    world = FakeWorld.parse(
        "".join(
            f"""
        example.org.                        MX   {number} mx{number}.example.org.
        mx{number}.example.org.             A    192.0.2.1
        _25._tcp.mx{number}.example.org.    TLSA {DIGEST}
        """
            for number in range(10, 31)
        )
    )
    prospect = seen(world)
    assert (len(prospect.mx), prospect.downgradable) == (20, None)
    assert [reason.text for reason in prospect.because] == ["1 more mail host was not looked at, the least preferred"]
    assert {one.stripped for one in prospect.senders if one.name == "Postfix dane"} == {"unknown"}
    assert seen(world, only=["mx10.example.org"]).downgradable is False


def test_records_that_cannot_be_used_say_why() -> None:
    world = FakeWorld.parse(PLAIN + "_25._tcp.mx.example.org. TLSA 1 1 1 " + 32 * "ab")
    (record,) = seen(world).mx[0].tlsa
    assert (record.usable, record.reason) == (False, "usage 1 is not for SMTP")


def test_an_address_and_a_smart_host() -> None:
    world = FakeWorld.parse(SIGNED)
    literal = seen(world, "[192.0.2.9]")
    assert (literal.kind, literal.mx[0].host, literal.mx[0].preference) == ("literal", "192.0.2.9", None)
    assert (literal.mta_sts.state, literal.downgradable) == ("none", True)
    smart = seen(world, "[mx.example.org]")
    assert (smart.kind, smart.mx[0].decision.action) == ("host", "dane")


def test_what_was_asked_is_remembered_in_order() -> None:
    recorder = Recorder(FakeWorld.parse(SIGNED))
    answer = asyncio.run(recorder.query("example.org", "MX"))
    assert list(recorder.answers.values()) == [answer]
    assert answer.status is Status.SECURE


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    return make(tmp_path_factory.mktemp("examine"))


@pytest.mark.parametrize(
    ("tlsa", "kind", "met", "level", "error"),
    [
        ("own", "honest", True, "dane", ""),
        ("other", "honest", False, "none", "the certificate matches not the one"),
        ("own", "stripped", False, "none", "STARTTLS is not offered"),
    ],
)
def test_live_tells_whether_the_promise_is_kept(
    server: Server, tlsa: str, kind: str, met: bool, level: str, error: str
) -> None:
    failures: list[StartTLSError] = []

    async def look() -> Prospect:
        async with serving(server, kind, failures, "smtp") as port:
            world = FakeWorld.parse(
                "example.org. MX 10 mx.example.org.\nmx.example.org. A 127.0.0.1\n"
                f"_{port}._tcp.mx.example.org. TLSA {server.records[tlsa]}\n"
            )
            client = Client(policy="opportunistic", resolver=world, fetcher=world)
            reached = await live(client, "example.org", port=port)
            return await examine("example.org", world, world, port=port, reached=reached)

    seen = asyncio.run(look()).mx[0].live
    assert seen is not None
    assert (seen.met, seen.level) == (met, level)
    assert error in (seen.error or "")


def test_live_cannot_tell_of_who_is_not_there(tmp_path: Path) -> None:
    world = FakeWorld.parse("example.org. MX 10 mx.example.org.\nmx.example.org. A 127.0.0.9\n")
    client = Client(policy="opportunistic", resolver=world, fetcher=world)
    reached = asyncio.run(live(client, "example.org", port=1))
    assert reached["mx.example.org"].met is None
    with pytest.raises(NoMail):
        asyncio.run(live(client, "example.net"))
    assert asyncio.run(live(client, "example.org", port=1, only=["mx2.example.org"])) == {}
    (host,) = seen(world, reached={}).mx
    assert host.live == LiveSeen(met=None, level=Level.NONE, address=None, error="no connection was tried")
