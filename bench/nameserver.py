"""A name server for the bench: signed zones in memory, each answer made once. Its first line is port and trust anchor.

``python -m bench.nameserver ALGORITHM``. It ends with its input.
"""

import select
import socket
import sys

import dns.flags
import dns.message
import dns.rdatatype

from starttls.policy.answer import Question
from tests.policy.signed_world import World
from tests.policy.signed_zone import Key, Zone

__all__ = ["main"]

RECORDS = "@ MX 10 mx\nmx A 192.0.2.1\nmx AAAA 2001:db8::1\n_25._tcp.mx TLSA 3 1 1 " + "ab" * 32


def main() -> None:
    """Serve until the input ends. Signatures last for years: the clock is the machine's."""
    keys = (Key(algorithm=int(sys.argv[1])),)
    spans = {"inception": 0, "expiration": 2**31 - 1}
    world = World(
        *(Zone(at, text, keys=keys, **spans) for at, text in ((".", ""), ("org", ""), ("example.org", RECORDS)))
    )
    made: dict[bytes, bytes] = {}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        print(sock.getsockname()[1], ". IN DNSKEY", keys[0].dnskey.to_text(), flush=True)
        while sys.stdin not in select.select([sock, sys.stdin], [], [])[0]:
            query, client = sock.recvfrom(4096)
            if query[2:] not in made:
                made[query[2:]] = answer(world, query)[2:]
            sock.sendto(query[:2] + made[query[2:]], client)


def answer(world: World, query: bytes) -> bytes:
    """What a resolver says that validates."""
    asked = dns.message.from_wire(query)
    [wanted] = asked.question
    message = world.answer(Question(wanted.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(wanted.rdtype)))
    message.id = asked.id
    if not asked.flags & dns.flags.CD:
        message.flags |= dns.flags.AD
    return message.to_wire(max_size=65535)


if __name__ == "__main__":
    main()
