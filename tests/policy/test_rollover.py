"""When a new certificate may be presented, given what is published now."""

from datetime import timedelta

import pytest

from starttls.policy.answer import TLSA, Address, Answer, Question, Status
from starttls.policy.dane import by_dane
from starttls.policy.destination import Host
from starttls.policy.rollover import USUAL, Rollover, State, issuer_of, records_for, rollover
from tests.interop.dane.case import ALONE, CHAIN, HOST, MIDDLE, OTHER, ROOT, SERVED
from tests.policy.paper import NOW, Paper, authority, record, server

OWNER = f"_25._tcp.{HOST}"
OLD, NEW = record(3, 1, 1, OTHER), record(3, 1, 1, SERVED)
HOUR = timedelta(hours=1)


def host(
    *records: TLSA, status: Status = Status.SECURE, addresses: Status = Status.SECURE, exists: bool = True
) -> Host:
    located = Answer(question=Question(HOST, "A"), status=addresses, records=(Address("192.0.2.1"),), ttl=60)
    tlsa = Answer(question=Question(OWNER, "TLSA"), status=status, records=records, exists=exists, ttl=1800)
    return Host(host=HOST, addresses=(located,), tlsa=(tlsa,) if addresses is Status.SECURE else ())


def judged(found: Host, *chain: Paper, smtp: bool = True, **known: object) -> Rollover:
    decision = by_dane(found, smtp=smtp, names=(HOST,))
    ders = [paper.der for paper in chain or CHAIN]
    return rollover(decision, found, ders, now=NOW, smtp=smtp, roots=lambda: [ROOT.der], **known)  # type: ignore[arg-type]


# --- the records of a chain ------------------------------------------------------------------------


def test_the_usual_records_are_of_the_key_and_of_the_issuers() -> None:
    chain = [paper.der for paper in CHAIN]
    assert records_for(chain) == (record(3, 1, 1, SERVED), record(2, 1, 1, MIDDLE))
    assert records_for(chain, [(0, 0, 0), (1, 1, 2), (1, 1, 2)]) == (record(0, 0, 0, MIDDLE), record(1, 1, 2, SERVED))


def test_without_the_authority_there_is_no_record_of_it() -> None:
    assert records_for([SERVED.der]) == records_for([SERVED.der, ROOT.der]) == (record(3, 1, 1, SERVED),)
    assert records_for([ALONE.der, ALONE.der]) == (record(3, 1, 1, ALONE),)
    assert records_for([b"junk"], [(3, 1, 1)]) == ()


def test_the_authority_is_the_one_that_signed() -> None:
    impostor = authority("middle")
    assert issuer_of([SERVED.der, impostor.der, b"junk", MIDDLE.der]) == MIDDLE.der
    assert issuer_of([SERVED.der, impostor.der]) is None


# --- what is published matches ---------------------------------------------------------------------


def test_what_matches_may_be_presented_if_it_was_there_for_long_enough() -> None:
    found = judged(host(NEW))
    assert (found.state, found.owner, found.ttl, found.ready) == (State.READY, OWNER, 1800, None)
    assert found.publish == found.remove == ()
    assert found.detail.endswith(f"provided that it has been so since {NOW - HOUR:%Y-%m-%d %H:%M} UTC")


@pytest.mark.parametrize(("age", "state"), [(HOUR, State.READY), (HOUR - timedelta(seconds=1), State.WAIT)])
def test_who_knows_since_when_is_told_exactly(age: timedelta, state: State) -> None:
    found = judged(host(NEW), since=NOW - age)
    assert found.state is state
    assert found.ready == NOW - age + HOUR


def test_what_is_left_in_a_cache_is_not_the_time_to_live() -> None:
    assert judged(host(NEW), since=NOW - HOUR, ttl=3600).state is State.WAIT
    assert judged(host(NEW), since=NOW - HOUR, ttl=0).state is State.READY


def test_old_records_go_when_the_new_certificate_is_in_use() -> None:
    assert judged(host(OLD, NEW)).remove == (OLD,)


def test_the_authority_stays_and_the_key_changes() -> None:
    """The usual pair: the new key is by the same authority, whose record still matches."""
    found = judged(host(OLD, record(2, 1, 1, MIDDLE)))
    assert found.state is State.READY
    assert (found.publish, found.remove) == ((NEW,), (OLD,))


@pytest.mark.parametrize("kind", [(2, 0, 0), (2, 1, 0)])
def test_an_authority_that_the_record_holds_whole_need_not_be_sent(kind: tuple[int, int, int]) -> None:
    found = judged(host(record(*kind, ROOT)), SERVED, MIDDLE)
    assert (found.state, found.publish, found.remove) == (State.READY, (), ())


def test_public_authorities_outside_mail() -> None:
    found = judged(host(record(0, 1, 1, ROOT), record(1, 1, 1, SERVED)), SERVED, MIDDLE, smtp=False)
    assert (found.state, found.publish, found.remove) == (State.READY, (), ())


# --- what is published does not --------------------------------------------------------------------


def test_what_does_not_match_is_published_first() -> None:
    found = judged(host(OLD))
    assert (found.state, found.publish, found.remove) == (State.PUBLISH, (NEW,), (OLD,))
    assert found.ready == NOW + HOUR
    assert found.detail.startswith("the certificate matches not the one TLSA record: ")


def test_each_kind_that_is_there_gets_its_own() -> None:
    found = judged(host(OLD, record(3, 0, 2, OTHER), record(2, 1, 1, OTHER)))
    assert found.publish == (NEW, record(3, 0, 2, SERVED), record(2, 1, 1, MIDDLE))


@pytest.mark.parametrize(
    ("published", "lacks"),
    [
        ((record(3, 1, 1, SERVED), record(3, 1, 2, OTHER)), record(3, 1, 2, SERVED)),
        ((record(3, 1, 2, SERVED), record(3, 1, 1, OTHER)), record(3, 1, 1, SERVED)),
    ],
)
def test_one_digest_is_not_enough_for_all_clients(published: tuple[TLSA, ...], lacks: TLSA) -> None:
    """RFC 7671 §9: who knows SHA-512 goes by it, and who does not by SHA-256."""
    found = judged(host(*published))
    assert (found.state, found.publish) == (State.PUBLISH, (lacks,))


def test_who_does_not_know_the_digest_compares_nothing() -> None:
    assert judged(host(record(3, 1, 2, SERVED))).state is State.READY


def test_no_record_makes_a_wrong_name_right() -> None:
    wrong = server(MIDDLE, names=("other.example.org",))
    found = judged(host(record(2, 1, 1, MIDDLE)), wrong, MIDDLE)
    assert (found.state, found.publish, found.remove, found.ready) == (State.PUBLISH, (), (), None)
    assert "is for other.example.org, not" in found.detail


def test_nor_an_authority_that_is_not_there() -> None:
    found = judged(host(record(2, 1, 1, ROOT)), SERVED)
    assert (found.state, found.publish, found.ready) == (State.PUBLISH, (), None)


# --- nothing to match ------------------------------------------------------------------------------


@pytest.mark.parametrize("exists", [True, False])
def test_where_nothing_is_published_nothing_is_compared(exists: bool) -> None:
    found = judged(host(exists=exists))
    assert (found.state, found.owner) == (State.FREE, OWNER)


def test_where_nothing_can_be_used_nothing_is_compared() -> None:
    found = judged(host(record(1, 1, 1, OTHER), TLSA(3, 1, 1, b"short")))
    assert (found.state, found.detail) == (State.FREE, "none of the published TLSA records can be used")


@pytest.mark.parametrize(
    ("found", "detail"),
    [
        (host(OLD, status=Status.INSECURE), "TLSA is not signed, and nobody believes it"),
        (host(OLD, addresses=Status.INSECURE), "the addresses are not signed: no TLSA records could be believed"),
        (host(status=Status.BOGUS), f"DNS: {OWNER} TLSA is bogus"),
        (host(status=Status.INDETERMINATE), f"DNS: {OWNER} TLSA is indeterminate"),
    ],
)
def test_what_is_not_proven_cannot_be_told(found: Host, detail: str) -> None:
    told = judged(found)
    assert (told.state, told.detail) == (State.UNKNOWN, detail)
    assert told.publish == told.remove == ()


def test_the_usual_records_are_those_of_rfc_7671() -> None:
    assert USUAL == ((3, 1, 1), (2, 1, 1))
