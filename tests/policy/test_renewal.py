from dataclasses import replace

import pytest

from starttls.policy.answer import TXT, Answer, Question, Status
from starttls.policy.errors import StsCertificate, StsFetchFailed, StsInvalid
from starttls.policy.renewal import (
    REFRESH,
    RETRY,
    Announcement,
    Outcome,
    announcement,
    fetch_due,
    fetched,
    unfetched,
)
from starttls.policy.sts import Learned, Mode, State, StsPolicy

DOMAIN = "example.org"
NOW = 1_800_000_000.0
DAY = 86400
POLICY = StsPolicy(mode=Mode.ENFORCE, mx=("mx.example.org",), max_age=7 * DAY)
NEWER = StsPolicy(mode=Mode.ENFORCE, mx=("mx2.example.org",), max_age=14 * DAY)
NO_POLICY = StsPolicy(mode=Mode.NONE, mx=(), max_age=7 * DAY)

ONE = Announcement(State.VALID, "1")
TWO = Announcement(State.VALID, "2")
GONE = Announcement(State.NONE)
UNKNOWN = Announcement(State.UNREACHABLE, error="DNS: no answer in time")
BROKEN = Announcement(State.INVALID, error="the record has no id")

URL = "https://mta-sts.example.org/.well-known/mta-sts.txt"
FAILED = StsFetchFailed(URL, "HTTP 404 Not Found")
ANY_ANNOUNCEMENT = pytest.mark.parametrize("announced", [ONE, TWO, GONE, UNKNOWN, BROKEN], ids=str)


def told(*records: bytes, status: Status = Status.INSECURE, reason: str = "") -> Announcement:
    question = Question("_mta-sts.example.org", "TXT")
    texts = tuple(TXT((record,)) for record in records)
    return announcement(DOMAIN, Answer(question=question, status=status, records=texts, reason=reason))


def kept(policy: StsPolicy = POLICY) -> Learned:
    """A policy that was fetched at `NOW`, as ``1``."""
    return fetched(DOMAIN, None, ONE, policy, NOW)


def go(before: Learned | None, announced: Announcement, now: float, outcome: Outcome | None = None) -> Learned:
    """One step; ``outcome`` is what a fetch gives, None where there must be none."""
    assert fetch_due(before, announced, now) is (outcome is not None)
    if outcome is None:
        return unfetched(DOMAIN, before, announced, now)
    return fetched(DOMAIN, before, announced, outcome, now)


# -- the announcement -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.SECURE, Status.INSECURE])
def test_the_record_needs_no_dnssec(status: Status) -> None:
    assert told(b"v=STSv1; id=1", status=status) == ONE


@pytest.mark.parametrize("status", [Status.BOGUS, Status.INDETERMINATE])
def test_a_lookup_that_failed_is_not_a_no(status: Status) -> None:
    announced = told(status=status, reason="signature expired")
    assert announced.state is State.UNREACHABLE
    assert announced.error == f"DNS: _mta-sts.example.org TXT is {status}: signature expired"


def test_exactly_one_record_counts() -> None:
    assert told() == GONE
    assert told(b"v=spf1 -all", b"something else") == GONE
    assert told(b"v=spf1 -all", b"v=STSv1; id=1", b"v=STSv12; id=2") == ONE
    many = told(b"v=STSv1; id=1", b"v=STSv1; id=1")
    assert many.state is State.NONE
    assert many.error == "2 records begin with 'v=STSv1;': none counts"


def test_one_that_is_malformed_counts_as_one() -> None:
    assert told(b"v=STSv1; ID=1") == BROKEN
    assert told(b"v=STSv1; id=1", b"v=STSv1").state is State.NONE


# -- the first time ---------------------------------------------------------------------------------


def test_a_policy_is_fetched_where_one_is_announced() -> None:
    assert go(None, ONE, NOW, POLICY) == Learned(
        domain=DOMAIN, state=State.VALID, policy=POLICY, id="1", fetched=NOW, expires=NOW + 7 * DAY
    )


@pytest.mark.parametrize("announced", [GONE, UNKNOWN, BROKEN], ids=str)
def test_nothing_is_fetched_where_none_is_announced(announced: Announcement) -> None:
    learned = go(None, announced, NOW)
    assert (learned.state, learned.policy, learned.id) == (announced.state, None, None)
    assert learned.errors == ((announced.error,) if announced.error else ())


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (FAILED, State.UNREACHABLE),
        (StsCertificate(URL, "name mismatch"), State.UNREACHABLE),
        (StsInvalid(DOMAIN, "the policy has no mode"), State.INVALID),
    ],
)
def test_a_first_fetch_that_fails_leaves_no_policy(outcome: Outcome, state: State) -> None:
    learned = go(None, ONE, NOW, outcome)
    assert (learned.state, learned.policy, learned.id, learned.failed) == (state, None, "1", NOW)
    assert learned.errors == (outcome.what,)  # type: ignore[union-attr]


# -- while it holds ---------------------------------------------------------------------------------


def test_nothing_is_fetched_while_nothing_changed() -> None:
    assert go(kept(), ONE, NOW + REFRESH - 1) == kept()


def test_another_id_fetches_at_once() -> None:
    learned = go(kept(), TWO, NOW + 1, NEWER)
    assert (learned.policy, learned.id, learned.expires) == (NEWER, "2", NOW + 1 + 14 * DAY)


def test_another_id_whose_policy_cannot_be_had_leaves_the_old_one() -> None:
    learned = go(kept(), TWO, NOW + 1, FAILED)
    assert (learned.policy, learned.id, learned.state) == (POLICY, "1", State.UNREACHABLE)
    assert learned.errors == (FAILED.what,)
    assert (learned.fetched, learned.expires) == (NOW, NOW + 7 * DAY)
    again = go(learned, TWO, NOW + 1 + RETRY, NEWER)  # the new id is still new
    assert (again.policy, again.id, again.state, again.errors, again.failed) == (NEWER, "2", State.VALID, (), None)


def test_max_age_runs_from_the_fetch_and_not_from_a_look_at_the_id() -> None:
    learned = kept()
    for hour in range(24):
        learned = go(learned, ONE, NOW + hour * 3600)
    assert learned.expires == NOW + 7 * DAY


def test_a_policy_is_fetched_again_each_day() -> None:
    learned = go(kept(), ONE, NOW + REFRESH, POLICY)
    assert learned.expires == NOW + REFRESH + 7 * DAY


def test_a_short_one_is_fetched_again_before_it_expires() -> None:
    short = kept(replace(POLICY, max_age=600))
    assert go(short, ONE, NOW + 299) == short
    assert go(short, ONE, NOW + 300, POLICY).fetched == NOW + 300


@pytest.mark.parametrize("announced", [GONE, UNKNOWN, BROKEN], ids=str)
def test_a_record_that_is_gone_or_broken_takes_nothing_away(announced: Announcement) -> None:
    learned = go(kept(), announced, NOW + 60)
    assert (learned.policy, learned.id, learned.state) == (POLICY, "1", announced.state)
    assert learned.errors == ((announced.error or "no record announces a policy any more"),)


@pytest.mark.parametrize("announced", [GONE, UNKNOWN, BROKEN], ids=str)
def test_who_hides_the_record_does_not_keep_the_policy_from_being_renewed(announced: Announcement) -> None:
    """RFC 8461 §10.2."""
    learned = go(kept(), announced, NOW + REFRESH, POLICY)
    assert (learned.policy, learned.id, learned.state) == (POLICY, "1", announced.state)
    assert learned.expires == NOW + REFRESH + 7 * DAY
    failed = go(kept(), announced, NOW + REFRESH, FAILED)
    assert (failed.policy, failed.id, failed.state) == (POLICY, "1", announced.state)
    assert failed.errors[1:] == (FAILED.what,)
    assert failed.expires == NOW + 7 * DAY


def test_the_record_comes_back() -> None:
    hidden = go(kept(), UNKNOWN, NOW + 60)
    assert go(hidden, ONE, NOW + 120) == kept()


# -- when it has expired ----------------------------------------------------------------------------


def test_an_expired_policy_is_fetched_again() -> None:
    learned = go(kept(), ONE, NOW + 7 * DAY, POLICY)
    assert (learned.policy, learned.fetched) == (POLICY, NOW + 7 * DAY)


def test_an_expired_policy_that_cannot_be_fetched_is_none() -> None:
    learned = go(kept(), ONE, NOW + 7 * DAY, FAILED)
    assert (learned.policy, learned.state, learned.expires) == (None, State.UNREACHABLE, 0.0)


@pytest.mark.parametrize("announced", [GONE, UNKNOWN, BROKEN], ids=str)
def test_an_expired_policy_ends_with_its_record(announced: Announcement) -> None:
    learned = go(kept(), announced, NOW + 7 * DAY)
    assert (learned.policy, learned.state, learned.id) == (None, announced.state, None)
    assert learned.errors == ((announced.error,) if announced.error else ())


def test_one_that_holds_for_no_time_holds_once() -> None:
    learned = kept(replace(POLICY, max_age=0))
    assert learned.policy is not None
    assert go(learned, GONE, NOW).policy is None


# -- after a failure --------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [None, kept()], ids=["nothing kept", "a policy kept"])
def test_a_failed_fetch_is_not_tried_again_for_five_minutes(before: Learned | None) -> None:
    failed = go(before, TWO, NOW + 1, FAILED)
    assert go(failed, TWO, NOW + RETRY) == failed
    assert go(failed, TWO, NOW + 1 + RETRY, FAILED).failed == NOW + 1 + RETRY


def test_for_another_id_it_is_tried_at_once() -> None:
    failed = go(None, ONE, NOW, FAILED)
    assert go(failed, TWO, NOW + 1, NEWER).policy == NEWER


def test_a_record_that_vanishes_in_between_does_not_hide_the_failure() -> None:
    failed = go(None, ONE, NOW, FAILED)
    hidden = go(failed, UNKNOWN, NOW + 1)
    assert (hidden.state, hidden.errors) == (State.UNREACHABLE, (UNKNOWN.error,))
    assert not fetch_due(hidden, ONE, NOW + 2)


def test_a_renewal_that_fails_is_tried_again_after_five_minutes() -> None:
    failed = go(kept(), ONE, NOW + REFRESH, FAILED)
    assert failed.policy == POLICY
    waiting = go(failed, ONE, NOW + REFRESH + 60)
    assert (waiting.policy, waiting.state, waiting.errors) == (POLICY, State.UNREACHABLE, (FAILED.what,))
    assert go(waiting, ONE, NOW + REFRESH + RETRY, POLICY).state is State.VALID


# -- the mode none ----------------------------------------------------------------------------------


def test_none_overwrites() -> None:
    learned = go(kept(), TWO, NOW + 1, NO_POLICY)
    assert (learned.policy, learned.id, learned.state) == (NO_POLICY, "2", State.VALID)


def test_none_is_not_defended_when_the_record_is_taken_away() -> None:
    """RFC 8461 §8.3: the record and the web server may then be removed, and nobody need be told of an error."""
    learned = kept(NO_POLICY)
    assert go(learned, GONE, NOW + 2 * DAY).policy == NO_POLICY
    assert go(learned, ONE, NOW + 2 * DAY, POLICY).policy == POLICY


# -- clocks -----------------------------------------------------------------------------------------


@ANY_ANNOUNCEMENT
def test_a_clock_that_was_set_back_makes_us_look_again(announced: Announcement) -> None:
    assert fetch_due(kept(), announced, NOW - 3600)
    failed = fetched(DOMAIN, kept(), announced, FAILED, NOW)
    assert fetch_due(failed, announced, NOW - 3600)
