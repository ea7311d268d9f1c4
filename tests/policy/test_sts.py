import time
import tracemalloc

import pytest

from starttls.policy.errors import StsInvalid
from starttls.policy.sts import LINES, MAX_AGE, SIZE, Mode, StsPolicy, matches, parse_policy, parse_record

GOOD = b"version: STSv1\nmode: enforce\nmx: mail.example.org\nmx: *.example.net\nmax_age: 604800\n"


def refused(text: bytes) -> str:
    with pytest.raises(StsInvalid) as caught:
        parse_policy("example.org", text)
    assert caught.value.domain == "example.org"
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400
    return caught.value.detail


def with_mx(*patterns: str) -> StsPolicy:
    return StsPolicy(mode=Mode.ENFORCE, mx=patterns, max_age=86400)


# -- the record -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        (b"v=STSv1; id=20160831085700Z;", "20160831085700Z"),
        (b"v=STSv1;id=a", "a"),
        (b"v=STSv1; id=" + b"z" * 32, "z" * 32),
        (b"v=STSv1; new=field; id=1", "1"),  # the order of the others is not significant
        (b"v=STSv1; id=1; new=field", "1"),
        (b"v=STSv1; id=1; id=2", "1"),  # the first counts
        (b"v=STSv1; id=1; id=not-an-id", "1"),
        (b"v=STSv1; id=1; v=STSv2", "1"),
        (b"v=STSv1; ID=2; id=1", "1"),  # names are case-sensitive
    ],
)
def test_the_id_of_a_record(text: bytes, identifier: str) -> None:
    assert parse_record("example.org", text) == identifier


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (b"v=STSv1; a=b", "the record has no id"),
        (b"v=STSv1; ID=1", "the record has no id"),
        (b"v=STSv1; id=" + b"z" * 33, f"the record's id is not 1 to 32 letters and digits: '{'z' * 33}'"),
        (b"v=STSv1; id=a-b", "the record's id is not 1 to 32 letters and digits: 'a-b'"),
        (b"v=STSv1; id=a_b; id=1", "the record's id is not 1 to 32 letters and digits: 'a_b'"),
        (b"v=STSv1; id=1=2", "field 1 of the record is not 'name=value': 'id=1=2'"),
        (b"v=STSv1", "the record has nothing behind 'v=STSv1'"),
    ],
)
def test_what_is_no_record(text: bytes, detail: str) -> None:
    with pytest.raises(StsInvalid) as caught:
        parse_record("example.org", text)
    assert (caught.value.domain, caught.value.detail) == ("example.org", detail)


# -- the policy -------------------------------------------------------------------------------------


def test_a_policy_as_rfc_8461_shows_one() -> None:
    assert parse_policy("example.org", GOOD) == StsPolicy(
        mode=Mode.ENFORCE,
        mx=("mail.example.org", "*.example.net"),
        max_age=604800,
        lines=("version: STSv1", "mode: enforce", "mx: mail.example.org", "mx: *.example.net", "max_age: 604800"),
    )


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.replace(b"enforce\n", b"enforce\r\n"),
        GOOD.removesuffix(b"\n"),
        GOOD.replace(b": ", b":"),
        GOOD.replace(b": ", b":\t  "),
        GOOD.replace(b"\n", b" \t\n"),
        b"max_age: 604800\nmx: mail.example.org\nmode: enforce\nmx: *.example.net\nversion: STSv1",
        GOOD.replace(b"mail.example.org", b"MAIL.Example.ORG"),
        GOOD + b"mode: none\nmax_age: 1\nversion: STSv2\n",  # the first counts
        GOOD + b"mode: whatever\nmax_age: many\n",
        GOOD + "new.key-1_2: any = ünïcode; \U0001f4e7  text\n".encode(),
        GOOD + b"Mode: none\nMX: other.example.org\n",  # other keys: they are case-sensitive
    ],
)
def test_the_same_policy_in_other_words(text: bytes) -> None:
    policy = parse_policy("example.org", text)
    assert policy.mode is Mode.ENFORCE
    assert policy.mx == ("mail.example.org", "*.example.net")
    assert policy.max_age == 604800


def test_lines_are_kept_as_they_were_published() -> None:
    assert parse_policy("example.org", b"version: STSv1\r\nmode: none \r\nmax_age:\t1\r\n").lines == (
        *("version: STSv1", "mode: none ", "max_age:\t1"),
    )


@pytest.mark.parametrize("mode", list(Mode))
def test_modes(mode: Mode) -> None:
    assert parse_policy("example.org", GOOD.replace(b"enforce", mode.encode())).mode is mode


def test_a_policy_of_none_needs_no_mx() -> None:
    assert parse_policy("example.org", b"version: STSv1\nmode: none\nmax_age: 86400\n").mx == ()


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("0", 0), ("00000086400"[1:], 86400), ("31557600", MAX_AGE), ("31557601", MAX_AGE), ("9999999999", MAX_AGE)],
)
def test_max_age_is_a_year_at_most(written: str, seconds: int) -> None:
    assert parse_policy("example.org", GOOD.replace(b"604800", written.encode())).max_age == seconds


@pytest.mark.parametrize("pattern", ["a", "mx1.example.org", "*.example.org", "*.org", "1.2.3", "a-b.xn--mller-kva.de"])
def test_patterns(pattern: str) -> None:
    assert parse_policy("example.org", GOOD.replace(b"*.example.net", pattern.encode())).mx[1] == pattern


@pytest.mark.parametrize(
    "pattern",
    [
        *("*", "*.", "**.example.org", "*example.org", "mx.*.example.org", "a*.example.org", ".example.org"),
        *("example.org.", "a..b", "-a.example.org", "a-.example.org", "a_b.example.org", "a b", "a,b", "[192.0.2.1]"),
        *("2001:db8::1", f"{'a' * 64}.example.org", ".".join(["a" * 60] * 5), "mx.example.org; mx2.example.org"),
    ],
)
def test_what_is_no_pattern(pattern: str) -> None:
    detail = refused(GOOD.replace(b"*.example.net", pattern.encode()))
    assert detail.startswith("line 4 of the policy: the mx '")
    assert detail.endswith("' is neither a host name nor '*.' and one")


def test_a_name_has_to_be_written_in_a_labels() -> None:
    assert refused(GOOD.replace(b"*.example.net", "mx.müller.de".encode())) == (
        "line 4 of the policy: the mx 'mx.m\\xc3\\xbcller.de' is not written in A-labels (xn--...)"
    )


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        (b"", "the policy has no version"),
        (b"mode: none\nmax_age: 1\n", "the policy has no version"),
        (b"version: STSv1\nmax_age: 1\n", "the policy has no mode"),
        (b"version: STSv1\nmode: none\n", "the policy has no max_age"),
        (GOOD.replace(b"version", b"Version"), "the policy has no version"),
        (GOOD.replace(b"STSv1", b"STSv2"), "the version is 'STSv2', not 'STSv1'"),
        (GOOD.replace(b"STSv1", b"stsv1"), "the version is 'stsv1', not 'STSv1'"),
        (GOOD.replace(b"enforce", b"Enforce"), "the mode is 'Enforce', not enforce, testing or none"),
        (GOOD.replace(b"enforce", b"report"), "the mode is 'report', not enforce, testing or none"),
        (GOOD.replace(b"604800", b"604800s"), "the max_age is not 1 to 10 digits: '604800s'"),
        (GOOD.replace(b"604800", b"-1"), "the max_age is not 1 to 10 digits: '-1'"),
        (GOOD.replace(b"604800", b"1e9"), "the max_age is not 1 to 10 digits: '1e9'"),
        (GOOD.replace(b"604800", b"12345678901"), "the max_age is not 1 to 10 digits: '12345678901'"),
        (GOOD.replace(b"604800", "٣".encode()), "the max_age is not 1 to 10 digits: '\\xd9\\xa3'"),
        (b"version: STSv1\nmode: enforce\nmax_age: 1\n", "the mode is enforce, and no mx is named"),
        (b"version: STSv1\nmode: testing\nmax_age: 1\n", "the mode is testing, and no mx is named"),
        (GOOD + b"\n", "line 6 of the policy is not 'key: value': ''"),
        (b"\n" + GOOD, "line 1 of the policy is not 'key: value': ''"),
        (b" " + GOOD, "line 1 of the policy is not 'key: value': ' version: STSv1'"),
        (GOOD.replace(b"mode:", b"mode :"), "line 2 of the policy is not 'key: value': 'mode : enforce'"),
        (GOOD.replace(b"mode:", b"mode"), "line 2 of the policy is not 'key: value': 'mode enforce'"),
        (GOOD + b"mx:\n", "line 6 of the policy is not 'key: value': 'mx:'"),
        (GOOD + b"new: \n", "line 6 of the policy is not 'key: value': 'new: '"),
        (GOOD + b"new: a\tb\n", "line 6 of the policy is not 'key: value': 'new: a\\tb'"),
        (GOOD + b"new: a\x00\n", "line 6 of the policy is not 'key: value': 'new: a\\x00'"),
        (GOOD + b"new: a\x7f\n", "line 6 of the policy is not 'key: value': 'new: a\\x7f'"),
        (GOOD + b"new: a\r\r\n", "line 6 of the policy is not 'key: value': 'new: a\\r'"),
        (GOOD + b"new: a\r", "line 6 of the policy is not 'key: value': 'new: a\\r'"),
        (GOOD + b"_new: a\n", "line 6 of the policy is not 'key: value': '_new: a'"),
        (GOOD + b"k" * 33 + b": a\n", f"line 6 of the policy is not 'key: value': '{'k' * 33}: a'"),
        (GOOD.replace(b"\n", b"\r"), None),
        (b"\xef\xbb\xbf" + GOOD, "line 1 of the policy is not 'key: value': '\\xef\\xbb\\xbfversion: STSv1'"),
        (GOOD + b"new: \xff\n", f"the policy is not UTF-8 at byte {len(GOOD) + 5}"),
        (GOOD + b"new: \xed\xa0\x80\n", f"the policy is not UTF-8 at byte {len(GOOD) + 5}"),  # a surrogate
        (GOOD.decode().encode("utf-16"), "the policy is not UTF-8 at byte 0"),
        (b"<!DOCTYPE html>\n<html>", "line 1 of the policy is not 'key: value': '<!DOCTYPE html>'"),
    ],
)
def test_what_is_no_policy(text: bytes, detail: str | None) -> None:
    said = refused(text)
    assert said == detail or (detail is None and said.startswith("line 1 of the policy is not 'key: value': "))


# -- bounds -----------------------------------------------------------------------------------------


def test_64_kib_is_the_limit() -> None:
    longest = GOOD + b"new: " + b"x" * (SIZE - len(GOOD) - 5)
    assert parse_policy("example.org", longest).mode is Mode.ENFORCE
    assert refused(longest + b"x") == "the policy has more than 65536 bytes"


def test_1024_lines_are_the_limit() -> None:
    lines = GOOD + b"mx:a\n" * (LINES - 5)
    assert len(parse_policy("example.org", lines).mx) == LINES - 3
    assert refused(lines + b"mx:a\n") == "the policy has more than 1024 lines"
    assert refused(lines + b"mx:a") == "the policy has more than 1024 lines"
    assert refused(GOOD + b"mx:a\n" * 10000) == "the policy has more than 1024 lines"


@pytest.mark.parametrize(
    "text",
    [
        b"\n" * SIZE,
        b" " * SIZE,
        b"a" * SIZE,
        b":" * SIZE,
        b"mx: " + b"a." * 32000,
        b"mx: " + b"a-" * 32000,
        b"new:" + b" " * (SIZE - 5) + b"a",
        b"new: a" + b" " * (SIZE - 7) + b"\x00",
        b"max_age: " + b"9" * 60000,
    ],
    ids=lambda text: f"{text[:8]!r}",
)
def test_a_hostile_text_costs_no_more_than_an_honest_one(text: bytes) -> None:
    began = time.process_time()
    refused(text)
    assert time.process_time() - began < 0.5


def test_what_is_kept_of_a_hostile_policy_is_bounded() -> None:
    """One character beyond Latin-1 makes Python store a whole line in four bytes each."""
    lines = b"".join(b"k%d: \xf0\x9f\x93\xa7%b\n" % (number, b"x" * 50) for number in range(LINES - 5))
    tracemalloc.start()
    try:
        policy = parse_policy("example.org", GOOD + lines)
        assert tracemalloc.get_traced_memory()[0] < 350_000
    finally:
        tracemalloc.stop()
    assert len(policy.lines) == LINES


# -- which MX -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "host", "matched"),
    [
        ("mx.example.org", "mx.example.org", True),
        ("mx.example.org", "MX.Example.ORG", True),
        ("mx.example.org", "mx.example.org.", True),
        ("mx.example.org", "a.mx.example.org", False),
        ("mx.example.org", "example.org", False),
        ("mx.example.org", "mx.example.org.evil.example", False),
        ("*.example.org", "mx.example.org", True),
        ("*.example.org", "example.org", False),
        ("*.example.org", "a.mx.example.org", False),  # exactly one label
        ("*.example.org", "mxexample.org", False),
        ("*.example.org", ".example.org", False),
        ("*.org", "example.org", True),
        ("*.org", "org", False),
        ("org", "org", True),
        ("*.example.org", ".", False),
        ("*.example.org", "", False),
    ],
)
def test_a_wildcard_stands_for_one_label(pattern: str, host: str, matched: bool) -> None:
    assert matches(with_mx(pattern), host) is matched


def test_any_pattern_will_do() -> None:
    policy = with_mx("a.example.org", "*.example.net")
    assert matches(policy, "b.example.net")
    assert not matches(policy, "b.example.org")
    assert not matches(with_mx(), "b.example.org")
