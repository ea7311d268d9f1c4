"""What must be demanded of a domain's mail hosts, and why, in a DNS that is made up.

python examples/made_up_dns.py
"""

import asyncio
import time

from starttls import FakeWorld
from starttls.policy.decide import decide
from starttls.resolve.destination import destination
from starttls.resolve.sts import learn

# A zone file, with the DNSSEC status of each record behind it. What says nothing is secure.
ZONE = """
    example.org.               MX    10 mx1.example.org.
    example.org.               MX    20 mx2.example.org.
    example.org.               MX    30 mx.example.net.
    mx1.example.org.           A     192.0.2.1
    _25._tcp.mx1.example.org.  TLSA  3 1 1 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    mx2.example.org.           A     192.0.2.2
    _25._tcp.mx2.example.org.  TLSA  ; bogus EDE 7: the signature expired
    example.net.               ZONE  ; insecure
    mx.example.net.            A     192.0.2.3
    _mta-sts.example.org.      TXT   "v=STSv1; id=1"
"""
POLICY = "version: STSv1\nmode: enforce\nmx: mx.example.net\nmax_age: 604800\n"


async def main(domain: str) -> None:
    """Ask for all that a sender may know, decide, and say why."""
    world = FakeWorld.parse(ZONE).policy(domain, POLICY)
    place = await destination(domain, world)
    policy = await learn(domain, world, world, now=time.time())
    for decision in decide(place, policy):
        print(f"{decision.host}: {decision.action}")
        for reason in decision.reasons:
            print(f"    {reason.text} ({reason.reference})")


if __name__ == "__main__":
    asyncio.run(main("example.org"))
