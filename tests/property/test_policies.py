"""Any text is a policy, a record or an answer with its bounds kept, or the declared error. As fuzz/policies.py says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz import policies
from fuzz.target import Target
from starttls.policy.errors import StsFetchFailed
from starttls.policy.renewal import Announcement, fetch_due, fetched, unfetched
from starttls.policy.sts import Learned, Mode, State, StsPolicy

TARGETS = pytest.mark.parametrize("target", policies.TARGETS, ids=lambda target: target.words[0])
PIECES = [
    *(
        b"\r\n",
        b"\n",
        b":",
        b" ",
        b"\t",
        b";",
        b"=",
        b",",
        b"\x00",
        b"\xff",
        b"\xc3\xbc",
        b"*.",
        b"mx: a.b\n",
        b"mode: ",
    ),
    *(
        b"version: STSv1\n",
        b"max_age: 9999999999\n",
        b"v=STSv1;",
        b"v=TLSRPTv1;",
        b"id=1",
        b"rua=",
        b"mailto:a@b",
        b"0",
    ),
    *(
        b"HTTP/1.1 200 OK\r\n",
        b"Content-Type: text/plain\r\n",
        b"Content-Length: 1\r\n",
        policies.CUT,
        b"%2C",
        b"https://",
    ),
    *(b"{", b"}", b"[", b"]", b'"', b"null", b"-1", b"1e9", b'"c":204', b"\\ud800", b"[" * 5000, b"!", b".json"),
]


@TARGETS
@given(data=st.binary(max_size=2000))
def test_noise(target: Target, data: bytes) -> None:
    target.one_input(data)


@TARGETS
@given(pieces=st.lists(st.sampled_from(PIECES) | st.binary(max_size=5), max_size=40))
def test_words_in_any_order(target: Target, pieces: list[bytes]) -> None:
    target.one_input(b"".join(pieces))


@TARGETS
@given(data=st.data())
def test_damage(target: Target, data: st.DataObject) -> None:
    """A good text with bytes changed, dropped or put in: it gets further in than noise does."""
    text = bytearray(data.draw(st.sampled_from(target.seeds())))
    place = data.draw(st.integers(0, len(text)))
    text[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4) | st.sampled_from(PIECES))
    target.one_input(bytes(text))


# -- what is known of a policy, whatever happens ----------------------------------------------------------

ANNOUNCED = st.one_of(
    st.builds(Announcement, st.just(State.VALID), st.sampled_from(["1", "2"])),
    st.builds(Announcement, st.sampled_from([State.NONE, State.INVALID, State.UNREACHABLE])),
)
OUTCOME = st.one_of(
    st.builds(StsPolicy, mode=st.sampled_from(Mode), mx=st.just(("mx.example.org",)), max_age=st.integers(0, 31557600)),
    st.just(StsFetchFailed("https://mta-sts.example.org/", "HTTP 404")),
)
STEPS = st.lists(st.tuples(st.floats(0, 1e7), ANNOUNCED, OUTCOME), max_size=20)


@given(steps=STEPS)
def test_a_policy_holds_from_its_fetch_for_its_max_age_and_no_longer(
    steps: list[tuple[float, Announcement, object]],
) -> None:
    """Nothing but another policy ends it sooner, and nothing but a fetch makes it last longer."""
    now, kept = 1.8e9, None
    for elapsed, announced, outcome in steps:
        now += elapsed
        before: Learned | None = kept
        if fetch_due(kept, announced, now):
            kept = fetched("example.org", kept, announced, outcome, now)  # type: ignore[arg-type]
            won = isinstance(outcome, StsPolicy)
        else:
            kept = unfetched("example.org", kept, announced, now)
            won = False
        if won:
            assert (kept.policy, kept.fetched, kept.failed) == (outcome, now, None)
            assert kept.expires == now + outcome.max_age  # type: ignore[attr-defined]
        elif before is not None and before.policy is not None and now < before.expires:
            assert (kept.policy, kept.id) == (before.policy, before.id)
            assert (kept.fetched, kept.expires) == (before.fetched, before.expires)
        else:
            assert kept.policy is None
