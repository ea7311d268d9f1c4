"""Reads a DNS message from its bytes, at a bounded price, and with all its TLSA records.

dnspython reads each record into an object of its type. Before it does, every record is looked at here:

- What it costs is bounded. By compression a record of twenty bytes names 127 labels, and what dnspython does with a
  name in a record grows with their square: a message of 18 KiB took it two seconds, in which nothing else runs.
- What nobody reads is hidden from it. It remembers each pair of type and class that it ever met, and a message can have
  thousands that there are not.
- TLSA records whose digest has the wrong length are kept. dnspython refuses them together with the whole message. Such
  a record is published, signed, and unusable; beside it others count, and alone it still asks for TLS (RFC 7672 §2.2).
  To lose it, or the message, would be wrong either way.
"""

import struct
from typing import cast

import dns.message
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from starttls.resolve.failures import NotTheAnswer, Unanswered

__all__ = ["from_wire"]

_MOST_RECORDS = 2000
"""An honest answer has dozens. Reading the 5,000 that fit into 64 KiB would cost a busy program a tenth of a second."""

_MOST_LABELS = 100_000
"""Labels of the records' owners, and the squares of the labels in their data. A hundred MX records have 4,000."""

# RFC 6895 §3.1: for private use
_UNREAD, _ODD_TLSA = 65532, 65533

_NAMES: dict[int, tuple[int, ...]] = {
    dns.rdatatype.A: (),
    dns.rdatatype.AAAA: (),
    dns.rdatatype.CNAME: (0,),
    dns.rdatatype.DNAME: (0,),
    dns.rdatatype.DNSKEY: (),
    dns.rdatatype.DS: (),
    dns.rdatatype.MX: (2,),
    dns.rdatatype.NS: (0,),
    dns.rdatatype.NSEC: (0,),
    dns.rdatatype.NSEC3: (),
    dns.rdatatype.RRSIG: (18,),
    dns.rdatatype.SOA: (0, 0),
    dns.rdatatype.SRV: (6,),
    dns.rdatatype.TLSA: (),
    dns.rdatatype.TXT: (),
}
"""The types that somebody reads, and how many bytes stand before each name in their data."""

_DIGESTS = {1: 32, 2: 64}
"""Bytes of a TLSA record's digest, by its matching type."""

_HEADER = struct.Struct("!6H")
_RECORD = struct.Struct("!HHIH")
_TYPE = struct.Struct("!HH")


def from_wire(data: bytes) -> dns.message.Message:
    """Read a message. A TLSA record of a wrong length is a `dns.rdata.GenericRdata` in its set.

    Raises what dnspython raises, `LookupError` and `struct.error` for bytes that are no message, and `Unanswered` for a
    message that costs too much. Records of types and classes that nobody asks for are of a private type.
    """
    message = dns.message.from_wire(_prepared(data))
    for section in (message.answer, message.authority, message.additional):
        _restore(message, section)
    return message


def _prepared(data: bytes) -> bytes:
    """The message, in which what dnspython must not read has a type that it does not know."""
    prepared = bytearray(data)
    _, _, questions, *counts = _HEADER.unpack_from(data)
    if (records := sum(counts)) > _MOST_RECORDS:
        raise Unanswered(f"an answer of {records} records")
    at, price = _HEADER.size, 0
    for _ in range(questions):
        at = _name(data, at)[1] + _TYPE.size
    for _ in range(records):
        labels, at = _name(data, at)
        rdtype, rdclass, _, length = _RECORD.unpack_from(data, at)
        start = at + _RECORD.size
        price += labels
        if rdtype not in _NAMES or rdclass != dns.rdataclass.IN:
            if rdtype != dns.rdatatype.OPT:
                _TYPE.pack_into(prepared, at, _UNREAD, dns.rdataclass.IN)
        elif rdtype == dns.rdatatype.TLSA:
            if _is_odd(data[start : start + length]):
                _TYPE.pack_into(prepared, at, _ODD_TLSA, dns.rdataclass.IN)
        else:
            price += _price(data, start, _NAMES[rdtype])
        if price > _MOST_LABELS:
            raise Unanswered(f"an answer whose names have more than {_MOST_LABELS} labels")
        at = start + length
    return bytes(prepared)


def _price(data: bytes, at: int, gaps: tuple[int, ...]) -> int:
    """What the names in a record's data cost."""
    price = 0
    for gap in gaps:
        labels, at = _name(data, at + gap)
        price += labels * labels
    return price


def _name(data: bytes, at: int) -> tuple[int, int]:
    """How many labels and pointers a name has, and where it ends."""
    count, end = 0, 0
    while length := data[at]:
        count += 1
        if count > 255:  # RFC 1035 §2.3.4: no name has as many octets
            raise NotTheAnswer("an answer that cannot be read")
        if length < 64:
            at += 1 + length
        else:  # RFC 1035 §4.1.4: the name goes on elsewhere. dnspython sees to it that this is further up
            end = end or at + 2
            at = (length & 63) << 8 | data[at + 1]
    return count, end or at + 1


def _is_odd(rdata: bytes) -> bool:
    return len(rdata) >= 3 and len(rdata) - 3 != _DIGESTS.get(rdata[2], len(rdata) - 3)


def _restore(message: dns.message.Message, section: list[dns.rrset.RRset]) -> None:
    for odd in [rrset for rrset in section if int(rrset.rdtype) == _ODD_TLSA]:
        section.remove(odd)
        rrset = message.find_rrset(section, odd.name, odd.rdclass, dns.rdatatype.TLSA, create=True)
        for rdata in cast(list[dns.rdata.GenericRdata], list(odd)):
            rrset.add(dns.rdata.GenericRdata(dns.rdataclass.IN, dns.rdatatype.TLSA, rdata.data), odd.ttl)
