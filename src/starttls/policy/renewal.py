"""When an MTA-STS policy is fetched, and how long the one from before holds (RFC 8461 §3.3, §5.1, §10.2).

Pure: the record's lookup and the fetch happen elsewhere (`starttls.resolve.sts`), and come in as values::

    announced = announcement(domain, answer)
    if fetch_due(kept, announced, now):
        kept = fetched(domain, kept, announced, outcome, now)
    else:
        kept = unfetched(domain, kept, announced, now)
"""

from dataclasses import dataclass, replace
from typing import TypeAlias

from starttls.policy.answer import TXT, Answer
from starttls.policy.errors import StsCertificate, StsFetchFailed, StsInvalid
from starttls.policy.sts import VERSION, Learned, Mode, State, StsPolicy, parse_record
from starttls.policy.txt import announcing, unusable

__all__ = ["REFRESH", "RETRY", "Announcement", "Outcome", "announcement", "fetch_due", "fetched", "unfetched"]

REFRESH = 86400.0
"""Seconds after which a policy is fetched again before it expires. RFC 8461 §3.3: "a suggested refresh frequency is
once per day"."""

RETRY = 300.0
"""Seconds in which a fetch that failed is not tried again. RFC 8461 §3.3: "five minutes or longer per version ID"."""

Outcome: TypeAlias = StsPolicy | StsFetchFailed | StsCertificate | StsInvalid
"""What a fetch gives: a policy, or why there is none."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """What the TXT records at ``_mta-sts.<domain>`` say.

    VALID with the policy's ``id``; NONE, INVALID or UNREACHABLE with what is wrong in ``error``, if anything is.
    """

    state: State
    id: str | None = None
    error: str = ""


def announcement(domain: str, answer: Answer) -> Announcement:
    """Read the answer to TXT at ``_mta-sts.<domain>``.

    It needs no DNSSEC. But where it ought to be signed and is not, it says nothing: neither which policy there is, nor
    that there is none.
    """
    if why := unusable(answer):
        return Announcement(State.UNREACHABLE, error=why)
    records = announcing(answer.of(TXT), VERSION)
    if not records:
        return Announcement(State.NONE)
    if len(records) > 1:
        # RFC 8461 §3.1: "If the number of resulting records is not one [...], senders MUST assume the recipient
        # domain does not have an available MTA-STS Policy".
        return Announcement(State.NONE, error=f"{len(records)} records begin with '{VERSION.decode()};': none counts")
    try:
        return Announcement(State.VALID, parse_record(domain, records[0]))
    except StsInvalid as error:
        return Announcement(State.INVALID, error=error.detail)


def fetch_due(kept: Learned | None, announced: Announcement, now: float) -> bool:
    """Is the policy to be fetched now? ``now`` is in seconds since 1970."""
    if kept is not None and _waits(kept, announced, now):
        return False
    policy = _in_force(kept, now)
    if kept is None or policy is None:
        return announced.state is State.VALID
    if announced.state is State.VALID and announced.id != kept.id:
        return True
    # RFC 8461 §10.2: fetched again "regardless of the state of the "_mta_sts" TXT record", or who hides the record
    # only has to wait until the policy expires. One that says "none" is not worth defending (§3.3).
    if announced.state is not State.VALID and policy.mode is Mode.NONE:
        return False
    return not kept.fetched <= now < kept.fetched + min(REFRESH, policy.max_age / 2)


def fetched(domain: str, kept: Learned | None, announced: Announcement, outcome: Outcome, now: float) -> Learned:
    """What is known after a fetch.

    A policy replaces the one from before, also with the mode ``none``, and holds for its max_age from ``now``. An
    error leaves the one from before in force until that expires, and its ``id`` with it: so the fetch is tried again.
    """
    if isinstance(outcome, StsPolicy):
        return Learned(
            domain=domain,
            state=announced.state,
            policy=outcome,
            id=announced.id or (kept.id if kept is not None else None),
            errors=_complaints(announced, kept_on=True),
            fetched=now,
            expires=now + outcome.max_age,
        )
    failure = State.INVALID if isinstance(outcome, StsInvalid) else State.UNREACHABLE
    before = _carried(domain, kept, announced, now)
    valid = announced.state is State.VALID
    return replace(
        before,
        state=failure if valid else announced.state,
        errors=(*_complaints(announced, kept_on=before.policy is not None), outcome.what),
        failed=now,
        failed_id=announced.id,
    )


def unfetched(domain: str, kept: Learned | None, announced: Announcement, now: float) -> Learned:
    """What is known where no fetch is due: the policy from before, if it has not expired."""
    before = _carried(domain, kept, announced, now)
    if announced.state is not State.VALID:
        errors = _complaints(announced, kept_on=before.policy is not None)
        return replace(before, state=announced.state, errors=errors)
    if kept is not None and _waits(kept, announced, now):
        return before  # with the errors of the fetch that failed
    return replace(before, state=State.VALID, errors=())


def _in_force(kept: Learned | None, now: float) -> StsPolicy | None:
    # RFC 8461 §5.1: "a cached policy whose time-since-fetch has not exceeded its "max_age""
    return kept.policy if kept is not None and now < kept.expires else None


def _waits(kept: Learned, announced: Announcement, now: float) -> bool:
    """Is it too early to try again? Not where another id was announced since, nor where the clock was set back."""
    return kept.failed is not None and kept.failed_id == announced.id and kept.failed <= now < kept.failed + RETRY


def _carried(domain: str, kept: Learned | None, announced: Announcement, now: float) -> Learned:
    """What was kept, without a policy that has expired."""
    if kept is None:
        return Learned(domain=domain, state=announced.state, id=announced.id)
    if _in_force(kept, now) is not None:
        return kept
    return replace(kept, policy=None, id=announced.id, fetched=0.0, expires=0.0)


def _complaints(announced: Announcement, *, kept_on: bool) -> tuple[str, ...]:
    """What is wrong with the announcement. That there is none is only wrong where there was one."""
    if announced.error:
        return (announced.error,)
    if announced.state is State.NONE and kept_on:
        return ("no record announces a policy any more",)
    return ()
