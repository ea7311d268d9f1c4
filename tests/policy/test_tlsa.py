"""Records and chains. The whole table, which other programs have to agree with, is in tests/interop/dane."""

import pickle
import subprocess
import sys
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starttls.policy.answer import TLSA
from starttls.policy.errors import DaneNoMatch
from starttls.policy.tlsa import Check, Match, agile, judge, match, owner, usable
from tests.interop.dane.case import ALONE, CHAIN, HOST, MIDDLE, OTHER, ROOT, SERVED
from tests.interop.dane.cases import CASES, Case
from tests.policy.paper import NOW, Paper, record

DER = tuple(paper.der for paper in CHAIN)


def found(
    *records: TLSA,
    chain: tuple[Paper, ...] = CHAIN,
    names: tuple[str, ...] = (HOST,),
    smtp: bool = False,
    now: datetime = NOW,
) -> Match | DaneNoMatch:
    ders = [paper.der for paper in chain]
    return match(records, ders, names=names, now=now, smtp=smtp, roots=lambda: [ROOT.der])


def why(*records: TLSA, **more: object) -> str:
    error = found(*records, **more)  # type: ignore[arg-type]
    assert isinstance(error, DaneNoMatch)
    assert error.records == records
    return str(error)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_of_the_table(case: Case) -> None:
    chain = [paper.der for paper in case.chain]
    roots = [paper.der for paper in case.roots]
    outcome = match(case.records, chain, names=[HOST], now=NOW, roots=lambda: roots)
    assert isinstance(outcome, Match) is case.ours, outcome
    assert case.ours or "\n" not in str(outcome)


# --- records ---------------------------------------------------------------------------------------


def test_where_the_records_are() -> None:
    assert owner("mx.example.org", 25) == "_25._tcp.mx.example.org"
    assert owner("example.org", 853, "udp") == "_853._udp.example.org"


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        (TLSA(4, 1, 1, bytes(32)), "usage 4 is not known"),
        (TLSA(255, 1, 1, bytes(32)), "usage 255 is for private use"),
        (TLSA(3, 2, 1, bytes(32)), "selector 2 is not known"),
        (TLSA(3, 1, 3, bytes(32)), "matching type 3 is not known"),
        (TLSA(3, 1, 255, b""), "matching type 255 is for private use"),
        (TLSA(3, 1, 1, bytes(31)), "its digest has 31 octets, not 32"),
        (TLSA(3, 1, 2, bytes(32)), "its digest has 32 octets, not 64"),
        (TLSA(2, 0, 0, b""), "it has no data"),
        (TLSA(2, 0, 0, b"\x30\x00"), "its data is no certificate"),
        (TLSA(2, 1, 0, b"\x30\x00"), "its data is no public key"),
        (TLSA(-1, 1, 1, bytes(32)), "usage -1 is not known"),
    ],
)
def test_what_cannot_be_used_says_why(wrong: TLSA, reason: str) -> None:
    assert usable(wrong, smtp=False) == usable(wrong, smtp=True) == reason


@pytest.mark.parametrize(("usage", "reason"), [(0, "usage 0 is not for SMTP"), (1, "usage 1 is not for SMTP")])
def test_what_public_authorities_say_does_not_count_between_mail_servers(usage: int, reason: str) -> None:
    assert usable(record(usage, 1, 1, SERVED), smtp=True) == reason
    assert usable(record(usage, 1, 1, SERVED), smtp=False) is None


@pytest.mark.parametrize("usage", [2, 3])
@pytest.mark.parametrize("selector", [0, 1])
@pytest.mark.parametrize("mtype", [0, 1, 2])
def test_the_rest_can_be_used(usage: int, selector: int, mtype: int) -> None:
    assert usable(record(usage, selector, mtype, SERVED), smtp=True) is None


def test_the_strongest_digest_of_each_kind_counts_and_what_is_whole() -> None:
    sha256, sha512, whole = (record(3, 1, mtype, SERVED) for mtype in (1, 2, 0))
    other = record(3, 0, 1, SERVED)
    assert agile([sha256, sha512, whole, other]) == (sha512, whole, other)
    assert agile([sha256, sha256]) == (sha256, sha256)
    assert agile([]) == ()


def test_what_is_stronger_can_be_said() -> None:
    sha256, sha512 = record(3, 1, 1, SERVED), record(3, 1, 2, SERVED)
    assert agile([sha256, sha512], order=(1, 2)) == (sha256,)
    assert agile([sha256, sha512], order=(1,)) == (sha256,)
    assert agile([sha512], order=(1,)) == ()


# --- what matched ----------------------------------------------------------------------------------


def test_a_match_says_which_record_and_what_did_not_count() -> None:
    own, middle, root = record(3, 1, 1, SERVED), record(2, 0, 1, MIDDLE), record(2, 1, 1, ROOT)
    skipped = frozenset({Check.PATH, Check.NAMES, Check.DATES, Check.PURPOSE})
    assert found(root, own) == Match(record=own, depth=0, path=DER[:1], skipped=skipped)
    assert found(root) == Match(record=root, depth=2, path=DER)
    assert found(root, middle) == Match(record=middle, depth=1, path=DER[:2])  # the first anchor on the way
    assert found(record(0, 1, 1, MIDDLE)) == Match(record=record(0, 1, 1, MIDDLE), depth=1, path=DER)
    assert found(record(1, 1, 1, SERVED)) == Match(record=record(1, 1, 1, SERVED), depth=0, path=DER)


def test_of_a_bare_key_nothing_else_is_known() -> None:
    bare = record(2, 1, 0, ROOT)
    skipped = frozenset({Check.ANCHOR})
    assert found(bare, chain=CHAIN[:2]) == Match(record=bare, depth=2, path=DER[:2], skipped=skipped)
    assert found(bare) == Match(record=bare, depth=2, path=DER)


def test_one_of_the_names_is_enough() -> None:
    assert isinstance(found(record(2, 1, 1, ROOT), names=("example.com", HOST)), Match)


def test_roots_are_read_where_they_are_needed() -> None:
    def roots() -> list[bytes]:
        raise AssertionError

    for needless in (record(3, 1, 1, SERVED), record(2, 1, 1, ROOT), record(3, 1, 1, OTHER)):
        match([needless], DER, names=[HOST], now=NOW, roots=roots)
    with pytest.raises(AssertionError):
        match([record(1, 1, 1, SERVED)], DER, names=[HOST], now=NOW, roots=roots)


def test_usage_3_loads_no_x509() -> None:
    good, wrong = record(3, 1, 1, SERVED), record(3, 1, 1, OTHER)
    program = f"""
import sys, datetime
from starttls.policy.answer import TLSA
from starttls.policy.tlsa import Match, match
now = datetime.datetime.now(datetime.timezone.utc)
said = [isinstance(match([record], {DER!r}, names=["a.b"], now=now), Match) for record in [{good!r}, {wrong!r}]]
print(said, "cryptography" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[True, False] False\n"


# --- reasons ---------------------------------------------------------------------------------------


def test_why_nothing_matches() -> None:
    key, own = record(3, 1, 1, SERVED).data.hex(), record(3, 0, 1, SERVED).data.hex()
    wrong = record(3, 1, 1, OTHER)
    assert why(wrong) == f"DANE: the certificate matches not the one TLSA record: its key has the SHA-256 {key}"
    assert why(wrong, record(3, 0, 1, OTHER)) == (
        f"DANE: the certificate matches none of 2 TLSA records: it has the SHA-256 {own}"
    )
    assert why(record(2, 1, 1, ROOT), chain=CHAIN[:1]).endswith("; the server presented no authority")
    assert why(record(3, 1, 1, MIDDLE)) == (
        "DANE: record 3 1 1 matches not the certificate but an authority (1 above it)"
    )
    assert (
        why(record(2, 1, 1, SERVED)) == "DANE: record 2 1 1 matches not an authority but the server's own certificate"
    )


def test_why_a_match_is_not_enough() -> None:
    root = record(2, 1, 1, ROOT)
    start = f"DANE: record 2 1 1 {root.data.hex()[:16]}... matches the authority CN=root, but "
    late = (NOW + timedelta(days=60)).replace(microsecond=0)
    assert why(root, now=late).startswith(f"{start}the certificate expired on ")
    assert why(root, names=("a.org", "b.org")) == f"{start}the certificate is for {HOST}, not a.org or b.org"
    assert why(root, chain=(SERVED, ROOT)) == f"{start}no path leads to a trusted authority"
    assert "record 2 1 0 3059301306072a86... gives an authority, but " in why(record(2, 1, 0, OTHER), chain=CHAIN[:1])


def test_why_records_cannot_be_used() -> None:
    assert why() == "DANE: there are no TLSA records"
    assert why(record(1, 1, 1, SERVED), smtp=True) == (
        "DANE: not the one TLSA record can be used: 1 1 1: usage 1 is not for SMTP"
    )
    many = [TLSA(usage, 1, 1, b"") for usage in range(250)]
    assert len(why(*many)) < 250


def test_no_certificate_and_none_that_is_one() -> None:
    assert why(record(3, 1, 1, SERVED), chain=()) == "DANE: the server presented no certificate"
    for usage in range(4):
        error = match([record(usage, 1, 1, SERVED)], [b"\x30\x03abc"], names=[HOST], now=NOW, roots=lambda: DER)
        assert isinstance(error, DaneNoMatch)
    # and no digest of nothing is taken for that of a key which is not there
    assert isinstance(match([record(3, 0, 1, SERVED)], [b""], names=[HOST], now=NOW), DaneNoMatch)
    empty = TLSA(3, 1, 1, bytes.fromhex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"))
    assert isinstance(match([empty], [b"junk"], names=[HOST], now=NOW), DaneNoMatch)


# --- as a handshake asks ---------------------------------------------------------------------------


def test_a_judge_asks_for_the_time_when_it_is_asked() -> None:
    times = [NOW + timedelta(days=60), NOW]
    ask = judge([record(2, 1, 1, ROOT)], [HOST], now=times.pop)
    assert ask(DER) is None
    error = ask(DER)
    assert isinstance(error, DaneNoMatch)
    assert error.chain == DER
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


# --- whatever the bytes are ------------------------------------------------------------------------

some_records = st.lists(
    st.one_of(
        st.builds(TLSA, st.integers(0, 5), st.integers(0, 3), st.integers(0, 3), st.binary(max_size=80)),
        st.builds(
            record, st.integers(0, 3), st.integers(0, 1), st.integers(0, 2), st.sampled_from([*CHAIN, OTHER, ALONE])
        ),
    ),
    max_size=6,
)


@st.composite
def _changed(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(st.sampled_from([*DER, ALONE.der])))
    for _ in range(draw(st.integers(0, 3))):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data)


@given(some_records, st.lists(st.one_of(st.binary(max_size=60), _changed()), max_size=5))
def test_any_bytes_give_a_match_or_one_line(records: list[TLSA], chain: list[bytes]) -> None:
    outcome = match(records, chain, names=[HOST], now=NOW, roots=lambda: [ROOT.der, *chain])
    if isinstance(outcome, Match):
        assert outcome.record in records
    else:
        assert str(outcome).isprintable()


@given(st.integers(0, len(DER[0]) - 1), st.integers(1, 255))
def test_no_changed_certificate_matches_by_an_authority(at: int, bits: int) -> None:
    changed = bytearray(DER[0])
    changed[at] ^= bits
    chain = [bytes(changed), *DER[1:]]
    assert isinstance(match([record(2, 1, 1, ROOT)], chain, names=[HOST], now=NOW), DaneNoMatch)
