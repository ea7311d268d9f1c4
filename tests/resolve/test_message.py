import struct
import time

import dns.exception
import dns.rdata
import pytest

from starttls.policy.answer import TLSA, Question, Status
from starttls.policy.rrsets import records
from starttls.resolve.failures import NotTheAnswer, Unanswered
from starttls.resolve.message import from_wire
from starttls.resolve.reading import read
from starttls.resolve.wire import Query

QUESTION = Question("_25._tcp.example.org", "TLSA")
QUERY = Query.make(QUESTION, checking=True)

GOOD = b"\3\1\1" + b"\xab" * 32
SHORT = b"\3\1\1" + b"\xab" * 20
LONG = b"\2\0\2" + b"\xcd" * 65
EMPTY = b"\3\1\1"


def packet(*datas: bytes, rdtype: int = 52) -> bytes:
    head = struct.pack("!HHHHHH", 7, 0x81A0, 1, len(datas), 0, 0) + QUERY.section
    return head + b"".join(b"\xc0\x0c" + struct.pack("!HHIH", rdtype, 1, 60, len(data)) + data for data in datas)


def record(data: bytes) -> TLSA:
    return TLSA(data[0], data[1], data[2], data[3:])


@pytest.mark.parametrize(
    "datas",
    [(GOOD,), (SHORT,), (LONG, GOOD), (GOOD, SHORT), (EMPTY,), (SHORT, LONG, GOOD), (b"\3\1\xff" + b"x" * 5, SHORT)],
)
def test_a_record_of_a_wrong_length_is_there(datas: tuple[bytes, ...]) -> None:
    found = read(QUESTION, QUERY.read(packet(*datas), 7))
    assert (found.status, found.ttl) == (Status.SECURE, 60)
    assert set(found.records) == {record(data) for data in datas}


def test_its_bytes_are_those_that_were_signed() -> None:
    [rrset] = from_wire(packet(SHORT, GOOD)).answer
    assert {rdata.to_digestable() for rdata in rrset} == {SHORT, GOOD}
    assert len(records(rrset)) == 2


@pytest.mark.parametrize("data", [packet(b"\3\1"), packet(SHORT)[:-1], packet(SHORT) + b"x", packet(SHORT, b"")])
def test_the_rest_is_as_strict_as_ever(data: bytes) -> None:
    with pytest.raises(dns.exception.DNSException):
        from_wire(data)


def test_nobody_gets_in_by_the_back_door() -> None:
    stand_in = b"\xc0\x0c" + struct.pack("!HHIH", 65533, 1, 60, len(GOOD)) + GOOD
    unread, rrset = from_wire(packet(SHORT)[:6] + b"\0\2" + packet(SHORT)[8:] + stand_in).answer
    assert [rdata.to_digestable() for rdata in rrset] == [SHORT]
    assert unread.rdtype == 65532


def test_what_nobody_reads_is_hidden_from_dnspython() -> None:
    """It remembers each type and class for ever: a server could fill the memory of everybody who asks it."""
    names = len(QUERY.section) + 12
    records = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", 1000 + n % 40, 1 + n // 40, 60, 0) for n in range(2000))
    before = len(dns.rdata._rdata_classes)
    message = from_wire(packet()[:6] + struct.pack("!H", 2000) + packet()[8:names] + records)
    assert {int(rrset.rdtype) for rrset in message.answer} == {65532}
    assert len(dns.rdata._rdata_classes) - before <= 1


def deep(records: int, rdtype: int, before: bytes, behind: bytes = b"") -> bytes:
    """A message whose records name 120 labels each, in a few bytes."""
    question = b"\1a" * 120 + b"\0" + struct.pack("!HH", rdtype, 1)
    data = before + b"\xc0\x0c" + behind
    record = b"\xc0\x0c" + struct.pack("!HHIH", rdtype, 1, 60, len(data)) + data
    return struct.pack("!HHHHHH", 7, 0x8180, 1, records, 0, 0) + question + record * records


@pytest.mark.parametrize(
    ("rdtype", "before", "behind"),
    [(2, b"", b""), (5, b"", b""), (6, b"\xc0\x0c", bytes(20)), (15, b"\0\1", b""), (33, bytes(6), b"")],
)
def test_names_that_cost_too_much_are_not_read(rdtype: int, before: bytes, behind: bytes) -> None:
    started = time.process_time()
    with pytest.raises(Unanswered, match="an answer whose names have more than 100000 labels"):
        from_wire(deep(1000, rdtype, before, behind))
    assert time.process_time() - started < 0.2  # it took two seconds
    assert len(from_wire(deep(3, rdtype, before, behind)).answer) == 1


def test_owners_that_cost_too_much_are_not_read() -> None:
    assert len(from_wire(deep(800, 16, b"\2")).answer) == 1
    with pytest.raises(Unanswered, match="labels"):
        from_wire(deep(1000, 16, b"\2"))


@pytest.mark.parametrize("name", [b"\xc0\x0c", b"\1a\xc0\x0c", b"\1a" * 256 + b"\0"])
def test_a_name_without_an_end_is_none(name: bytes) -> None:
    with pytest.raises(NotTheAnswer):
        from_wire(struct.pack("!HHHHHH", 7, 0x8180, 1, 0, 0, 0) + name + b"\0\1\0\1")
