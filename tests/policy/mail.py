"""A small made-up world of mail, and what is decided in it."""

from starttls.policy.answer import Status
from starttls.policy.decide import decide
from starttls.policy.destination import Decision
from starttls.policy.sts import Learned, State, parse_policy
from starttls.resolve.destination import destination
from starttls.resolve.fake import FakeWorld

DIGEST = "3 1 1 " + 32 * "ab"
"""A TLSA record that can be used."""

SIGNED = f"""
    example.org.                MX    10 mx.example.org.
    mx.example.org.             A     192.0.2.1
    mx.example.org.             AAAA  2001:db8::1
    _25._tcp.mx.example.org.    TLSA  {DIGEST}
"""
"""A domain with DANE on its one MX."""

PLAIN = """
    example.org.                MX    10 mx.example.org.
    mx.example.org.             A     192.0.2.1
"""
"""A domain with one MX; unsigned, if it is parsed by `unsigned`."""


def unsigned(text: str) -> FakeWorld:
    return FakeWorld.parse(text, default=Status.INSECURE)


def learned(mode: str = "enforce", *mx: str, domain: str = "example.org", state: State = State.VALID) -> Learned:
    """An MTA-STS policy, as it is known after a fetch."""
    text = f"version: STSv1\nmode: {mode}\nmax_age: 604800\n" + "".join(f"mx: {pattern}\n" for pattern in mx)
    return Learned(domain=domain, state=state, policy=parse_policy(domain, text.encode()), id="1")


async def decided(
    world: FakeWorld | str, sts: Learned | None = None, *, next_hop: str = "example.org"
) -> tuple[Decision, ...]:
    """Everything asked, and everything decided."""
    world = FakeWorld.parse(world) if isinstance(world, str) else world
    return decide(await destination(next_hop, world), sts)


async def one(world: FakeWorld | str, sts: Learned | None = None, *, next_hop: str = "example.org") -> Decision:
    """The only decision."""
    (decision,) = await decided(world, sts, next_hop=next_hop)
    return decision


def trail(decision: Decision) -> str:
    return "\n".join(f"{reason.text} [{reason.reference}]" for reason in decision.reasons)
