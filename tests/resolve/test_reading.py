import dns.message
import dns.rcode
import pytest

from starttls.policy.answer import SRV, TLSA, TXT, Answer, Question, Record, Status
from starttls.policy.budget import ALIASES
from starttls.resolve.reading import read
from starttls.resolve.wire import Query
from tests.resolve.nameservers import answer


def said(
    rdtype: str,
    *texts: str,
    rcode: dns.rcode.Rcode = dns.rcode.NOERROR,
    ad: bool = True,
    ede: int | None = None,
    authority: str = "",
) -> Answer:
    question = Question("a.example", rdtype)
    query = Query.make(question, checking=True)
    packet = answer(query.packet(1), *texts, rcode=rcode, ad=ad, ede=ede, authority=authority)
    return read(question, query.read(packet, 1))


@pytest.mark.parametrize(
    ("rdtype", "data", "record"),
    [
        ("TXT", '"v=STSv1;" " id=1"', TXT((b"v=STSv1;", b" id=1"))),
        ("SRV", "0 1 993 IMAP.Example.org.", SRV(0, 1, 993, "imap.example.org")),
        ("TLSA", f"3 1 1 {'ab' * 32}", TLSA(3, 1, 1, b"\xab" * 32)),
    ],
)
def test_records(rdtype: str, data: str, record: Record) -> None:
    assert said(rdtype, f"a.example. 60 IN {rdtype} {data}").records == (record,)


def test_what_was_not_asked_for_is_not_heard() -> None:
    found = said("A", "b.example. 5 IN A 192.0.2.66", "a.example. 60 IN A 192.0.2.1", "a.example. 5 IN TXT x")
    assert ([record.address for record in found.records if hasattr(record, "address")], found.ttl) == (
        ["192.0.2.1"],
        60,
    )


def test_an_answer_may_have_no_soa_and_is_then_not_kept() -> None:
    assert said("A").ttl == 0


def test_the_ttl_of_an_alias_to_nothing() -> None:
    soa = "example. 300 IN SOA ns.example. root.example. 1 2 3 4 90"
    found = said("A", "a.example. 30 IN CNAME b.example.", authority=soa, rcode=dns.rcode.NXDOMAIN)
    assert (found.exists, found.name, found.ttl) == (False, "b.example", 30)


@pytest.mark.parametrize(
    ("texts", "good"),
    [
        (["a.example. 60 IN CNAME a.example."], False),
        (["a.example. 60 IN CNAME b.example.", "b.example. 60 IN CNAME a.example."], False),
        ([f"{'x' * n or 'a'}.example. 60 IN CNAME {'x' * (n + 1)}.example." for n in range(ALIASES)], True),
        ([f"{'x' * n or 'a'}.example. 60 IN CNAME {'x' * (n + 1)}.example." for n in range(ALIASES + 1)], False),
    ],
)
def test_aliases_end(texts: list[str], good: bool) -> None:
    found = said("A", *texts)
    if good:
        assert len(found.aliases) == ALIASES
    else:
        assert (found.status, found.reason) == (Status.INDETERMINATE, "more than 16 aliases")


def test_records_of_a_name_that_does_not_exist() -> None:
    found = said("A", "a.example. 60 IN A 192.0.2.1", rcode=dns.rcode.NXDOMAIN)
    assert (found.status, found.records) == (Status.INDETERMINATE, ())


@pytest.mark.parametrize(
    ("ede", "status"),
    [(None, "indeterminate"), (1, "indeterminate"), (2, "indeterminate"), (5, "indeterminate"), (22, "indeterminate")]
    + [(code, "bogus") for code in (6, 7, 8, 9, 10, 11, 12, 25)],
)
def test_which_failures_are_bogus(ede: int | None, status: str) -> None:
    found = said("A", rcode=dns.rcode.SERVFAIL, ede=ede)
    assert (found.status, found.records) == (status, ())
    assert found.reason == ("SERVFAIL: told\\nso" if ede else "SERVFAIL")


def test_ad_means_nothing_in_a_failure() -> None:
    assert said("A", rcode=dns.rcode.REFUSED, ede=6).status is Status.INDETERMINATE
