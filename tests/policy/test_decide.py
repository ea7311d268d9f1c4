"""Deciding about one host. The tables of RFC 7672 and RFC 8461 are in `test_decide_dane` and `test_decide_sts`."""

import pytest

from starttls.core.errors import CannotResolve
from starttls.policy.decide import decide_host, downgradable
from starttls.policy.destination import Action, Decision
from starttls.policy.errors import NotAuthentic
from starttls.resolve.destination import host_at
from starttls.resolve.fake import FakeWorld
from tests.policy.mail import DIGEST, trail

HOST = "imap.example.org. A 192.0.2.1\n"
OWNER = "_143._tcp.imap.example.org."


async def about(text: str, *, smtp: bool = False, names: tuple[str, ...] = ()) -> Decision:
    return decide_host(await host_at("imap.example.org", FakeWorld.parse(text), port=143), smtp=smtp, names=names)


async def test_a_host_with_dane() -> None:
    decision = await about(HOST + f"{OWNER} TLSA {DIGEST}")
    assert (decision.action, decision.names, decision.sni) == (
        Action.DANE,
        ("imap.example.org",),
        "imap.example.org",
    )
    assert (decision.authentic, downgradable((decision,))) == (True, False)


async def test_the_target_of_an_srv_record_may_be_the_domain_too() -> None:
    names = ("imap.example.org", "example.org")
    assert (await about(HOST + f"{OWNER} TLSA {DIGEST}", names=names)).names == names


async def test_an_alias_adds_the_tlsa_base_domain() -> None:
    decision = await about(
        f"imap.example.org. CNAME real.example.net.\nreal.example.net. A 192.0.2.1\n"
        f"_143._tcp.real.example.net. TLSA {DIGEST}"
    )
    assert (decision.sni, decision.names) == ("real.example.net", ("real.example.net", "imap.example.org"))


@pytest.mark.parametrize("usage", [0, 1])
async def test_usages_of_public_authorities_count_outside_smtp(usage: int) -> None:
    text = HOST + f"{OWNER} TLSA {usage} 1 1 {32 * 'ab'}"
    assert (await about(text)).action is Action.DANE
    assert (await about(text, smtp=True)).action is Action.ENCRYPT


async def test_records_that_cannot_be_used_demand_a_public_authority_outside_smtp() -> None:
    text = HOST + f"{OWNER} TLSA 3 1 255 abcd"
    decision = await about(text, names=("imap.example.org", "example.org"))
    assert (decision.action, decision.names) == (Action.PKIX, ("imap.example.org", "example.org"))
    assert trail(decision).endswith("with a certificate of a public authority [RFC 7673 §4.1]")
    assert downgradable((decision,)) is False


@pytest.mark.parametrize("text", [HOST, HOST + "imap.example.org. ZONE ; insecure"])
async def test_without_dane_the_caller_knows_what_else_it_demands(text: str) -> None:
    decision = await about(text)
    assert decision.action is Action.OPPORTUNISTIC
    assert "TLS if it is offered" not in trail(decision)
    assert "TLS if it is offered" in trail(await about(text, smtp=True))


@pytest.mark.parametrize("text", [HOST + f"{OWNER} TLSA ; bogus", "imap.example.org. A ; indeterminate"])
async def test_a_lookup_that_failed_leaves_the_host_out(text: str) -> None:
    decision = await about(text)
    assert (decision.action, type(decision.error)) == (Action.DEFER, NotAuthentic)


async def test_a_host_that_is_not_there() -> None:
    decision = await about("example.org. A 192.0.2.1")
    assert (decision.action, type(decision.error)) == (Action.DEFER, CannotResolve)
    assert str(decision.error) == "cannot resolve imap.example.org: no address"


def test_nothing_decided_is_nothing_to_downgrade() -> None:
    assert downgradable(()) is False
