"""Trust anchors: the root's, and files of every kind."""

import dns.dnssec
import dns.name
import dns.rdata
import pytest
from dns.rdtypes.ANY.DNSKEY import DNSKEY

from starttls.core.errors import BadConfig
from starttls.policy.anchors import Anchors

# IANA, root-anchors.xml: the keys themselves, from which the built-in digests must follow.
KSK_2017 = (
    "AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN7SWXgnLh4+B5xQlNVz8Og8kv"
    "ArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+e"
    "oZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwN"
    "R1AkUTV74bU="
)
KSK_2024 = (
    "AwEAAa96jeuknZlaeSrvyAJj6ZHv28hhOKkx3rLGXVaC6rXTsDc449/cidltpkyGwCJNnOAlFNKF2jBosZBU5eeHspaQWOmOElZsjICMQMC3aeHb"
    "GiShvZsx4wMYSjH8e7Vrhbu6irwCzVBApESjbUdpWWmEnhathWu1jo+siFUiRAAxm9qyJNg/wOZqqzL/dL/q8PkcRU5oUKEpUge71M3ej2/7CPqp"
    "dVwuMoTvoB+ZOT4YeGyxMvHmbrxlFzGOHOijtzN+u1TQNatX2XBuzZNQ1K+s2CXkPIZo7s6JgZyvaBevYtxPvYLw4z9mR7K2vaF18UYH9Z9GNUUe"
    "ayffKC73PYc="
)
DIGEST = "AB" * 32


def tags(anchors: Anchors, zone: tuple[bytes, ...] = ()) -> list[int]:
    return [ds.key_tag for ds in anchors.zones[zone]]


def test_the_built_in_digests_are_those_of_the_keys() -> None:
    expected = []
    for text in (KSK_2017, KSK_2024):
        key = dns.rdata.from_text("IN", "DNSKEY", f"257 3 8 {text}")
        assert isinstance(key, DNSKEY)
        expected.append(dns.dnssec.make_ds(dns.name.root, key, "SHA256"))
    assert list(Anchors.root().zones[()]) == expected
    assert tags(Anchors.root()) == [20326, 38696]


@pytest.mark.parametrize(
    "text",
    [
        f". IN DS 20326 8 2 {DIGEST}",
        f".\t3600\tIN\tDS\t20326 8 2 {DIGEST} ; a comment",
        f". IN 3600 DS 20326 8 2 {DIGEST}",
        f". DS 20326 8 2 {DIGEST}",
        f"; first\n\n. IN DS ( 20326 8 2\n  {DIGEST[:32]} ; half\n {DIGEST[32:]} )\n",
        f". IN DNSKEY 257 3 8 {KSK_2017}",
        f". IN DNSKEY 257 3 8 (\n {KSK_2017[:60]}\n {KSK_2017[60:]} )",
        f'server:\n  # anchors\n  trust-anchor: ". IN DS 20326 8 2 {DIGEST}"',
        f'trust-anchor: ". DNSKEY 257 3 8 {KSK_2017}"',
        f'trust-anchors {{\n  . static-ds 20326 8 2 "{DIGEST}";\n}};',
        f'trust-anchors {{ "." initial-key 257 3 8 "{KSK_2017[:60]}\n {KSK_2017[60:]}"; }}; // comment',
        f'/* old */ trusted-keys {{ . 257 3 8 "{KSK_2017}"; # the root\n}};',
        f'managed-keys {{ . initial-key 257 3 8 "{KSK_2017}"; }};',
        f". 86400 IN DNSKEY 257 3 8 {KSK_2017} ;{{id = 20326 (ksk)}} ;;state=2 [  VALID  ] ;;count=0",
    ],
)
def test_every_form_of_a_file(text: str) -> None:
    assert tags(Anchors.parse(text)) == [20326]


def test_two_slashes_in_a_key_begin_no_comment() -> None:
    texts = [f'trust-anchors {{ . initial-key 257 3 8 "{before}//{KSK_2017[6:]}"; }};' for before in ("AwEA", "AwEB")]
    first, second = (tags(Anchors.parse(text)) for text in texts)
    key = dns.rdata.from_text("IN", "DNSKEY", f"257 3 8 AwEA//{KSK_2017[6:]}")
    assert isinstance(key, DNSKEY)
    assert first == [dns.dnssec.key_id(key)]
    assert first != second


def test_a_key_that_is_not_trusted_yet_or_any_more_is_left_out() -> None:
    waiting = f". 86400 IN DNSKEY 257 3 8 {KSK_2024} ;;state=1 [ ADDPEND ]"
    revoked = f". IN DNSKEY 385 3 8 {KSK_2024}"
    assert tags(Anchors.parse(f"{waiting}\n{revoked}\n. IN DS 20326 8 2 {DIGEST}")) == [20326]


def test_several_zones() -> None:
    anchors = Anchors.parse(f"Example.ORG. DS 1 13 2 {DIGEST}\n. DS 2 8 2 {DIGEST}\nexample.org DS 3 13 2 {DIGEST}")
    assert tags(anchors, (b"org", b"example")) == [1, 3]
    assert anchors.above((b"org", b"example", b"mail")) == (b"org", b"example")
    assert anchors.above((b"org", b"example")) == (b"org", b"example")
    assert anchors.above((b"org",)) == ()
    assert Anchors.parse(f"example.org. DS 1 13 2 {DIGEST}").above((b"org",)) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", None),
        ("; nothing", None),
        ("trust-anchors { };", None),
        ("nonsense", 1),
        (f"\n. IN DS 20326 8 2 {DIGEST}\n. IN MX 10 mail.", 3),
        (". IN DS 20326 8 2 zz", 1),
        (". IN DS 20326", 1),
        (". IN DNSKEY 257 3 8 !!", 1),
        (". IN", 1),
        (". IN DS (", 1),
        ("a..b DS 1 8 2 " + DIGEST, 1),
        ("trust-anchors { . static-ds 1; };", None),
    ],
)
def test_what_is_none_is_refused(text: str, line: int | None) -> None:
    with pytest.raises(BadConfig) as caught:
        Anchors.parse(text, "anchors.key")
    assert caught.value.line == line
    assert str(caught.value).startswith("anchors.key")
    assert str(caught.value).isprintable()
