"""What is decided by TLSA records of every kind; rows of the same table as in `test_decide_dane`."""

import pytest

from starttls.policy.decide import downgradable
from starttls.policy.destination import Action
from starttls.resolve.fake import FakeWorld
from tests.policy.mail import DIGEST, PLAIN, SIGNED, decided, learned, one, trail

TA = "2 1 1 " + 32 * "cd"


@pytest.mark.parametrize(
    "record",
    [
        *("0 1 1 " + 32 * "ab", "1 1 1 " + 32 * "ab", "1 0 2 " + 64 * "ab"),  # usages 0 and 1 mean nothing for SMTP
        *("3 1 1 abcd", "3 1 2 " + 32 * "ab", "3 0 0 abcd", "2 1 0 abcd"),  # wrong length, bad DER
        *("3 1 255 abcd", "3 2 1 " + 32 * "ab", "4 1 1 " + 32 * "ab"),  # unknown
    ],
)
async def test_all_tlsa_unusable_is_tls_without_a_proof(record: str) -> None:
    decision = await one(PLAIN + f"_25._tcp.mx.example.org. TLSA {record}")
    assert (decision.action, decision.names, decision.sni) == (Action.ENCRYPT, (), "mx.example.org")
    assert f"\n{record[:70]}" in trail(decision)
    assert " cannot be used: " in trail(decision)
    assert trail(decision).endswith("an attacker on the path can forge it [RFC 7672 §2.2]")
    assert downgradable((decision,)) is True


async def test_one_usable_record_is_enough() -> None:
    decision = await one(SIGNED + "_25._tcp.mx.example.org. TLSA 3 1 255 abcd")
    assert (decision.action, [str(record) for record in decision.tlsa]) == (Action.DANE, [DIGEST])
    assert "1 of 2 records can be used" in trail(decision)


async def test_dane_ee_needs_no_name_and_dane_ta_does() -> None:
    decision = await one(SIGNED)
    assert "must be for" not in trail(decision)
    decision = await one(PLAIN + f"_25._tcp.mx.example.org. TLSA {TA}")
    expected = "but for usage 3, it must be for mx.example.org or example.org [RFC 7672 §3.2.2]"
    assert trail(decision).endswith(expected)


async def test_ee_and_ta_both_published_are_both_kept() -> None:
    decision = await one(SIGNED + f"_25._tcp.mx.example.org. TLSA {TA}")
    assert [str(record) for record in decision.tlsa] == [DIGEST, TA]


async def test_digest_agility_keeps_the_strongest() -> None:
    strong = "3 1 2 " + 64 * "ef"
    decision = await one(SIGNED + f"_25._tcp.mx.example.org. TLSA {strong}\n_25._tcp.mx.example.org. TLSA {TA}")
    assert sorted(str(record) for record in decision.tlsa) == sorted([strong, TA])


async def test_thousands_of_records_do_not_make_thousands_of_reasons() -> None:
    many = "".join(f"_25._tcp.mx.example.org. TLSA 3 1 255 {number:08x}{4000 * 'ab'}\n" for number in range(500))
    decision = await one(SIGNED + many)
    assert "1 of 501 records can be used" in trail(decision)
    assert len(decision.reasons) < 10
    assert max(len(reason.text) for reason in decision.reasons) < 200


@pytest.mark.parametrize(
    ("mx", "address", "downgraded"),
    [
        ("insecure", "indeterminate", True),
        ("insecure", "bogus", True),
        ("secure", "indeterminate", None),
    ],
)
async def test_a_host_that_is_left_out_protects_nobody_whose_mx_can_be_forged(
    mx: str, address: str, downgraded: bool | None
) -> None:
    text = f"example.org. MX 10 mx.example.org. ; {mx}\nmx.example.org. A ; {address}\nmx.example.org. AAAA ; {address}"
    world = FakeWorld.parse(text)
    assert downgradable(await decided(world)) is downgraded
    # With a policy in force, another host would need a certificate for a name that the policy has.
    assert downgradable(await decided(world, learned("enforce", "mx.example.org"))) is None
    assert downgradable(await decided(world, learned("enforce", "mx.example.com"))) is None
    assert downgradable(await decided(world, learned("testing", "mx.example.org"))) is downgraded
