"""From the records of a DNS message, as dnspython holds them, to the records of `starttls.policy.answer`."""

from typing import cast

import dns.name
import dns.rdata
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.MX
import dns.rdtypes.ANY.TXT
import dns.rdtypes.IN.A
import dns.rdtypes.IN.AAAA
import dns.rdtypes.IN.SRV

from starttls.policy.answer import MX, SRV, TLSA, TXT, Address, Record

__all__ = ["name_text", "rdatas", "records"]


def name_text(name: dns.name.Name) -> str:
    """The one form of a name here: lower case, without its final dot; the root is ``"."``."""
    return name.to_text(omit_final_dot=True).lower()


def rdatas(rrset: dns.rdataset.Rdataset) -> tuple[dns.rdata.Rdata, ...]:
    """What is in one set, with its type: dnspython does not tell."""
    return cast("tuple[dns.rdata.Rdata, ...]", tuple(rrset))


def records(rrset: dns.rdataset.Rdataset) -> tuple[Record, ...]:
    """The records of one set, in its order. A type that the contract does not know gives none."""
    return tuple(record for record in map(_record, rrset) if record is not None)


def _record(rdata: dns.rdata.Rdata) -> Record | None:
    match rdata:
        case dns.rdtypes.IN.A.A() | dns.rdtypes.IN.AAAA.AAAA():
            return Address(rdata.address)
        case dns.rdtypes.ANY.MX.MX():
            return MX(rdata.preference, name_text(rdata.exchange))
        case dns.rdtypes.IN.SRV.SRV():
            return SRV(rdata.priority, rdata.weight, rdata.port, name_text(rdata.target))
        case dns.rdtypes.ANY.TXT.TXT():
            return TXT(tuple(rdata.strings))
        case dns.rdata.Rdata(rdtype=dns.rdatatype.TLSA):
            # Where a digest has the wrong length dnspython has a GenericRdata: see `starttls.resolve.message`.
            data = rdata.to_digestable()
            return TLSA(data[0], data[1], data[2], data[3:])
        case _:
            return None
