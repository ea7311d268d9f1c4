import struct

import dns.exception
import pytest

from starttls.policy.answer import TLSA, Question, Status
from starttls.policy.rrsets import records
from starttls.resolve.malformed import from_wire
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
    data = packet(SHORT)
    at = len(packet()) + 2
    stand_in = b"\xc0\x0c" + struct.pack("!HHIH", 65533, 1, 60, len(GOOD)) + GOOD
    assert data[at : at + 2] == b"\0\x34"
    with pytest.raises(dns.exception.DNSException):
        from_wire(data[:6] + b"\0\2" + data[8:] + stand_in)
    [rrset] = from_wire(packet(GOOD, rdtype=65533)).answer
    assert rrset.rdtype == 65533
