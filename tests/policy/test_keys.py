"""Keys: which may sign, which can be used, and what DS records say of them."""

import dns.dnssec
import dns.name
import dns.rdata
import pytest
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS

from starttls.policy.keys import ALGORITHMS, SHA1_ALGORITHMS, PublicKey, digest_of, keys_of, tag_of, usable_ds
from tests.policy.signed_zone import Key

ALL = ALGORITHMS | SHA1_ALGORITHMS


def dnskey(key: bytes, algorithm: int = 8, flags: int = 256, protocol: int = 3) -> DNSKEY:
    return DNSKEY("IN", "DNSKEY", flags, protocol, algorithm, key)  # type: ignore[no-untyped-call]


def ds(text: str) -> DS:
    found = dns.rdata.from_text("IN", "DS", text)
    assert isinstance(found, DS)
    return found


@pytest.mark.parametrize("algorithm", sorted(ALL))
def test_a_key_knows_its_signatures(algorithm: int) -> None:
    pair = Key("it", algorithm)
    key = PublicKey(pair.dnskey)
    signature = pair.private.sign(b"data")
    assert key.tag == tag_of(key.wire) == dns.dnssec.key_id(pair.dnskey)
    assert key.verifies(signature, b"data")
    assert key.verifies(signature, b"data")
    assert not key.verifies(signature, b"date")
    assert not key.verifies(signature[:-1], b"data")
    assert not key.verifies(b"", b"data")
    assert not key.verifies(bytes(len(signature)), b"data")


RSA = Key("it", 8).dnskey.key


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        (8, b""),
        (8, b"\0"),
        (8, b"\3\1\0"),
        (8, b"\3\1\0\1"),
        (8, b"\0\1\0" + RSA[1:]),  # the long form of the exponent's length
        (8, b"\x09" + b"\1" * 9 + RSA[4:]),  # an exponent that makes every check dear
        (8, b"\3\1\0\1" + b"\xff" * 513),  # more than 4096 bits
        (8, b"\1\2" + RSA[4:]),  # an even exponent
        (13, b""),
        (13, b"\1" * 63),
        (13, b"\1" * 64),  # not on the curve
        (14, b"\1" * 96),
        (15, b"\1" * 31),
        (16, b"\1" * 58),
    ],
)
def test_a_key_that_cannot_be_used_has_signed_nothing(algorithm: int, key: bytes) -> None:
    assert not PublicKey(dnskey(key, algorithm)).verifies(b"\1" * 64, b"data")


def test_a_key_that_would_make_checks_dear_is_not_even_read() -> None:
    for key in (b"\x09" + b"\1" * 9 + RSA[4:], b"\3\1\0\1" + b"\xff" * 513):
        dear = PublicKey(dnskey(key))
        assert not dear.verifies(b"\1" * 256, b"data")
        assert dear._reader is None


@pytest.mark.parametrize(
    ("change", "used"),
    [({}, True), ({"flags": 257}, True), ({"flags": 0}, False), ({"flags": 0x180}, False), ({"protocol": 2}, False)],
)
def test_which_may_sign(change: dict[str, int], used: bool) -> None:
    assert bool(keys_of([dnskey(RSA, **change)], ALL, 4)) is used


def test_algorithms_that_are_not_wanted_are_left_out() -> None:
    keys = [dnskey(RSA, algorithm) for algorithm in (5, 7, 8, 12, 200)]
    assert sorted(algorithm for _, algorithm in keys_of(keys, ALL, 4)) == [5, 7, 8]
    assert sorted(algorithm for _, algorithm in keys_of(keys, ALGORITHMS, 4)) == [8]


def test_keys_of_one_tag_are_bounded() -> None:
    swapped = [dnskey(bytes((0, 0, i, 0)) + bytes((0, 0, 9 - i, 0))) for i in range(9)]  # the tag is a sum
    assert len({tag_of(key.to_digestable()) for key in swapped}) == 1
    (found,) = keys_of(swapped, ALL, 4).values()
    assert len(found) == 4


@pytest.mark.parametrize("digest", ["SHA1", "SHA256", "SHA384"])
def test_digests(digest: str) -> None:
    name = dns.name.from_text("Example.org")
    key = Key("it")
    made = key.ds(name, digest)
    assert isinstance(made, DS)
    assert digest_of((b"org", b"example"), key.dnskey.to_digestable(), made.digest_type) == made.digest


def test_which_ds_records_count() -> None:
    sha1, sha256, sha384 = "1 13 1 " + "ab" * 20, "1 13 2 " + "ab" * 32, "1 13 4 " + "ab" * 48
    gost, unknown, rsasha1 = "1 13 3 " + "ab" * 32, "1 200 2 " + "ab" * 32, "1 5 2 " + "ab" * 32

    def kept(*texts: str) -> list[str]:
        return [str(record) for record in usable_ds([ds(text) for text in texts], ALGORITHMS)]

    assert kept(sha1) == [sha1]
    assert kept(sha1, sha256) == [sha256]
    assert kept(sha1, sha384, gost) == [sha384]
    assert kept(gost, unknown, rsasha1) == []
    assert len(usable_ds([ds(rsasha1)], ALL)) == 1
