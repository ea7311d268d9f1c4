from pathlib import Path

import dns.flags
import dns.message
import dns.rcode
import pytest

from starttls.core.errors import Misuse
from starttls.policy.answer import MX, Address, Alias, Answer, Question, Status
from starttls.resolve.dns import DNSResolver, Trust
from starttls.resolve.resolver import Resolver
from starttls.resolve.servers import Server
from tests.resolve.nameservers import Counting, Respond, answer, nameserver, one_address

SOA = "example.org. 300 IN SOA ns.example.org. root.example.org. 1 2 3 4 60"


# --- what an answer says ---------------------------------------------------------------------------


async def ask(respond: Respond, name: str = "example.org", rdtype: str = "A") -> Answer:
    async with nameserver(respond) as server:
        return await DNSResolver(server, timeout=0.5, attempts=1).query(name, rdtype)


async def test_the_ad_bit_makes_it_secure() -> None:
    async with nameserver(one_address) as server:
        resolver: Resolver = DNSResolver(server)
        found = await resolver.query("Example.ORG.", "A")
    assert found == Answer(
        question=Question("example.org", "A"),
        status=Status.SECURE,
        records=(Address("192.0.2.1"),),
        ttl=60,
        server=server,
    )


async def test_without_it_is_insecure() -> None:
    found = await ask(lambda query, via: [answer(query, "example.org. 60 IN MX 10 mx.example.org.")], rdtype="MX")
    assert (found.status, found.records) == (Status.INSECURE, (MX(10, "mx.example.org"),))


async def test_the_query_asks_for_signatures_and_for_the_ad_bit() -> None:
    seen: list[dns.message.Message] = []

    def respond(query: bytes, via: str) -> list[bytes]:
        seen.append(dns.message.from_wire(query))
        return one_address(query, via)

    async with nameserver(respond) as server:
        await DNSResolver(server).query("example.org", "A")
        await DNSResolver(server).query("example.org", "A")
    assert seen[0].flags == dns.flags.RD | dns.flags.AD
    assert (seen[0].ednsflags & dns.flags.DO, seen[0].payload) == (dns.flags.DO, 1232)
    assert seen[0].id != seen[1].id


async def test_aliases_are_followed_and_the_least_ttl_counts() -> None:
    texts = ("a.example. 60 IN CNAME b.example.", "b.example. 30 IN CNAME c.example.", "c.example. 90 IN A 192.0.2.1")
    found = await ask(lambda query, via: [answer(query, *texts, ad=True)], "a.example")
    assert found.aliases == (
        Alias("a.example", "b.example", Status.SECURE),
        Alias("b.example", "c.example", Status.SECURE),
    )
    assert (found.name, found.ttl, found.records) == ("c.example", 30, (Address("192.0.2.1"),))


async def test_a_question_for_cname_gets_the_first_alias() -> None:
    found = await ask(
        lambda query, via: [answer(query, "a.example. 60 IN CNAME b.example.", ad=True)], "a.example", "CNAME"
    )
    assert (found.aliases, found.records) == ((Alias("a.example", "b.example", Status.SECURE),), ())
    assert found.ttl == 60


@pytest.mark.parametrize(("rcode", "exists"), [(dns.rcode.NOERROR, True), (dns.rcode.NXDOMAIN, False)])
async def test_nothing_is_an_answer_too(rcode: dns.rcode.Rcode, exists: bool) -> None:
    found = await ask(lambda query, via: [answer(query, rcode=rcode, ad=True, authority=SOA)])
    assert (found.status, found.records, found.exists, found.ttl) == (Status.SECURE, (), exists, 60)


# --- failures --------------------------------------------------------------------------------------


async def test_a_server_failure_that_says_bogus_is_bogus() -> None:
    found = await ask(lambda query, via: [answer(query, rcode=dns.rcode.SERVFAIL, ede=7)])
    assert (found.status, found.reason) == (Status.BOGUS, "SERVFAIL: told\\nso")
    assert found.extended[0].code == 7


@pytest.mark.parametrize("ede", [None, 1, 5, 22])
async def test_a_server_failure_is_asked_about_again_without_validation(ede: int | None) -> None:
    def respond(query: bytes, via: str) -> list[bytes]:
        if dns.message.from_wire(query).flags & dns.flags.CD:
            return [answer(query, "example.org. 60 IN A 192.0.2.66")]
        return [answer(query, rcode=dns.rcode.SERVFAIL, ede=ede)]

    found = await ask(respond)
    assert (found.status, found.records) == (Status.BOGUS, ())
    assert found.reason.endswith("but an answer where nothing is validated")


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED", "NOTIMP", "FORMERR", "YXDOMAIN", "NOTAUTH"])
async def test_other_failures_are_indeterminate(rcode: str) -> None:
    found = await ask(lambda query, via: [answer(query, rcode=dns.rcode.from_text(rcode), ad=True)])
    assert (found.status, found.reason, found.records) == (Status.INDETERMINATE, rcode, ())


async def test_a_referral_is_no_proof_that_there_is_nothing() -> None:
    found = await ask(lambda query, via: [answer(query, authority="example.org. 60 IN NS ns.example.org.")])
    assert (found.status, found.reason) == (
        Status.INDETERMINATE,
        "a referral: the server does not look any further",
    )


async def test_nobody_listens() -> None:
    async with nameserver(one_address) as server:
        pass
    found = await DNSResolver(server, timeout=5, attempts=1).query("example.org", "A")
    assert (found.status, found.reason) == (Status.INDETERMINATE, f"{server}: connection refused")


async def test_a_query_has_a_lifetime() -> None:
    async with nameserver(lambda query, via: []) as server:
        found = await DNSResolver(server, timeout=5, lifetime=0.1).query("example.org", "A")
    assert (found.status, found.reason) == (Status.INDETERMINATE, "no answer in 0.1 s")


async def test_the_next_server_is_asked() -> None:
    async with (
        nameserver(lambda query, via: [answer(query, rcode=dns.rcode.REFUSED)]) as bad,
        nameserver(one_address) as good,
    ):
        found = await DNSResolver([bad, good]).query("example.org", "A")
    assert (found.status, found.server) == (Status.SECURE, good)


async def test_every_failure_is_named() -> None:
    async with nameserver(lambda query, via: []) as one, nameserver(lambda query, via: [b"x"]) as two:
        found = await DNSResolver([one, two], timeout=0.1, attempts=1).query("example.org", "A")
    garbage = "no answer in 0.1 s, but an answer that cannot be read"
    assert found.reason == f"{one}: no answer in 0.1 s; {two}: {garbage}"


# --- who is believed -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("servers", "mode"),
    [
        ("127.0.0.53", Trust.AD),
        ("[::1]:53", Trust.AD),
        ("192.0.2.53", Trust.VALIDATE),
        ("tls://192.0.2.53", Trust.VALIDATE),
        (["127.0.0.1", "192.0.2.53"], Trust.VALIDATE),
        (Server(host="192.0.2.53", named=False, trust_ad=True), Trust.AD),
    ],
)
def test_the_servers_choose_the_mode(servers: str | Server | list[str | Server], mode: Trust) -> None:
    assert DNSResolver(servers).mode is mode


def test_a_remote_server_is_believed_only_by_name(tmp_path: Path) -> None:
    assert DNSResolver("192.0.2.53", mode="ad").mode is Trust.AD
    file = tmp_path / "resolv.conf"
    file.write_text("nameserver 192.0.2.53\n")
    assert DNSResolver(resolv_conf=file).mode is Trust.VALIDATE
    with pytest.raises(Misuse, match=r"the AD bit of 192\.0\.2\.53:53 can be set by anybody"):
        DNSResolver(resolv_conf=file, mode="ad")
    file.write_text("nameserver 192.0.2.53\nnameserver 127.0.0.1\n")
    assert [str(one) for one in DNSResolver(resolv_conf=file, mode="ad").servers] == ["127.0.0.1:53"]
    file.write_text("nameserver 192.0.2.53\noptions trust-ad timeout:3\n")
    assert DNSResolver(resolv_conf=file).mode is Trust.AD


def test_misuse() -> None:
    with pytest.raises(Misuse, match="no such file"):
        DNSResolver("tls://127.0.0.1", ca_file="/does/not/exist")
    with pytest.raises(Misuse, match="no DNS server is named"):
        DNSResolver([])
    with pytest.raises(Misuse, match="DNSSEC is told by ad, validate, both, not by 'maybe'"):
        DNSResolver("127.0.0.1", mode="maybe")


@pytest.mark.parametrize("rdtype", ["FOO", "NS", "ANY", "RRSIG", "mx", "TYPE15"])
async def test_a_type_whose_records_nobody_reads(rdtype: str) -> None:
    """That there are none of it would be a lie, and for ANY a signed one: no NSEC record lists it."""
    for mode in Trust:
        with pytest.raises(Misuse, match=f"no resolver is asked for '{rdtype}', only for A, AAAA, CNAME, MX"):
            await DNSResolver("127.0.0.1", mode=mode).query("example.org", rdtype)


async def test_some_names_are_never_asked() -> None:
    counting = Counting(one_address)
    async with nameserver(counting) as server:
        resolver = DNSResolver(server)
        assert (await resolver.query("localhost", "A")).of(Address) == (Address("127.0.0.1"),)
        assert (await resolver.query("a..b", "A")).status is Status.INDETERMINATE
        assert not (await resolver.query("192.0.2.1", "A")).exists
    assert counting.asked == []
