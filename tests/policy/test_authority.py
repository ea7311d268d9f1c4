"""Which of several records, anchors and roots proves the server."""

from starttls.policy.answer import TLSA
from starttls.policy.authority import by_authority
from starttls.policy.presented import Match, Presented
from starttls.tls.names import ServerIdentity
from tests.interop.dane.case import CHAIN, HOST, MIDDLE, OTHER, ROOT, SERVED
from tests.policy.paper import NOW, Paper, authority, record, server

NAMES = (ServerIdentity(HOST),)


def found(
    records: list[TLSA], chain: tuple[Paper, ...] = CHAIN, roots: tuple[Paper, ...] = (ROOT,)
) -> Match | list[str]:
    presented = Presented([paper.der for paper in chain])
    return by_authority(records, presented, NAMES, NOW, lambda: [root.der for root in roots])


def test_records_that_are_about_nothing_here_have_no_reasons() -> None:
    assert found([record(usage, 1, 1, OTHER) for usage in range(4)]) == []
    assert found([record(3, 1, 1, SERVED)]) == []


def test_an_anchor_that_fails_hinders_no_other() -> None:
    lost, good = record(2, 1, 1, authority("lost")), record(2, 1, 1, ROOT)
    matched = found([lost, record(2, 1, 0, OTHER), record(2, 0, 0, OTHER), good])
    assert isinstance(matched, Match)
    assert matched.record == good


def test_usage_2_and_usage_0_do_not_depend_on_each_other() -> None:
    other, own = record(0, 1, 1, MIDDLE), record(2, 1, 1, MIDDLE)
    by_root, by_anchor = found([other]), found([other, own], roots=())
    assert isinstance(by_root, Match)
    assert isinstance(by_anchor, Match)
    assert (by_root.record, by_anchor.record) == (other, own)
    failures = found([other], roots=())
    assert failures == ["record 0 1 1 " + other.data.hex()[:16] + "... matches the authority CN=middle, "
                        "but no path leads to a trusted authority"]  # fmt: skip


def test_usage_0_finds_the_way_by_its_own_authority() -> None:
    """Of two cross-signed certificates of one authority the record has one; the primitive might take the other."""
    elsewhere = authority("another root")
    twin = authority("middle", elsewhere, key=MIDDLE.key)
    for wanted in (MIDDLE, twin):
        for chain in ((SERVED, MIDDLE, twin), (SERVED, twin, MIDDLE)):
            wish = record(0, 0, 1, wanted)
            matched = found([wish], chain, roots=(ROOT, elsewhere))
            assert isinstance(matched, Match)
            assert matched.path[1] == wanted.der
            assert matched.depth == 1


def test_usage_0_of_an_authority_beside_the_path() -> None:
    beside = authority("beside", ROOT)
    failures = found([record(0, 1, 1, beside)], (*CHAIN, beside))
    assert isinstance(failures, list)
    assert failures[0].endswith("matches the authority CN=beside, but it is not on the path to a public authority")


def test_usage_0_of_a_root_that_is_not_sent() -> None:
    matched = found([record(0, 1, 1, ROOT)], CHAIN[:2])
    assert isinstance(matched, Match)
    assert matched.path == tuple(paper.der for paper in CHAIN)
    assert matched.depth == 2


def test_a_hundred_records_are_a_few_paths() -> None:
    wrong_name = server(MIDDLE, names=("other.example.org",))
    many = [record(1, 1, 1, wrong_name)] * 100
    failures = found(many, (wrong_name, MIDDLE, ROOT))
    assert isinstance(failures, list)
    assert len(failures) == 8
