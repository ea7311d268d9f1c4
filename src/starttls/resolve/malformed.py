"""TLSA records whose digest has the wrong length, which dnspython refuses together with the whole message.

Such a record is published, signed, and unusable; beside it others count, and alone it still asks for TLS (RFC 7672
§2.2). To lose it, or the message, would be wrong either way.
"""

import struct
from typing import cast

import dns.exception
import dns.message
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.wire

__all__ = ["from_wire"]

_STAND_IN = 65533  # RFC 6895 §3.1: for private use
_LENGTHS = {1: 32, 2: 64}


def from_wire(data: bytes) -> dns.message.Message:
    """Read a message. A TLSA record of a wrong length is a `GenericRdata` in its set. Raises what dnspython raises."""
    try:
        return dns.message.from_wire(data)
    except dns.exception.DNSException:
        renamed = _renamed(data)
        if renamed == data:
            raise
    message = dns.message.from_wire(renamed)
    for section in (message.answer, message.authority, message.additional):
        _restore(message, section)
    return message


def _renamed(data: bytes) -> bytes:
    """The message, in which such records have a type that dnspython does not know."""
    renamed = bytearray(data)
    parser = dns.wire.Parser(data)
    _, _, questions, *records = struct.unpack("!HHHHHH", parser.get_bytes(12))
    for _ in range(questions):
        parser.get_name(decompress=True)
        parser.get_bytes(4)
    for _ in range(sum(records)):
        parser.get_name(decompress=True)
        at = parser.current
        rdtype, _, _, length = struct.unpack("!HHIH", parser.get_bytes(10))
        rdata = parser.get_bytes(length)
        if rdtype == _STAND_IN:
            return data  # nobody may put records into the set by this way
        if rdtype == dns.rdatatype.TLSA and _is_odd(rdata):
            renamed[at : at + 2] = _STAND_IN.to_bytes(2)
    return bytes(renamed)


def _is_odd(rdata: bytes) -> bool:
    return len(rdata) >= 3 and len(rdata) - 3 != _LENGTHS.get(rdata[2], len(rdata) - 3)


def _restore(message: dns.message.Message, section: list[dns.rrset.RRset]) -> None:
    for odd in [rrset for rrset in section if int(rrset.rdtype) == _STAND_IN]:
        section.remove(odd)
        rrset = message.find_rrset(section, odd.name, odd.rdclass, dns.rdatatype.TLSA, create=True)
        for rdata in cast(list[dns.rdata.GenericRdata], list(odd)):
            rrset.add(dns.rdata.GenericRdata(dns.rdataclass.IN, dns.rdatatype.TLSA, rdata.data), odd.ttl)
