"""What an attacker gains who suppresses answers of the DNS: nothing."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starttls.policy.answer import MX, TLSA, TXT, Address, Alias, Answer, Question, Record, Status
from starttls.policy.decide import decide, downgradable
from starttls.policy.destination import Action, Decision, Destination, Host, Kind
from starttls.policy.outcomes import outcomes
from starttls.policy.profiles import SENDERS
from starttls.policy.senders import Sender
from starttls.policy.sts import Learned
from starttls.resolve.destination import destination
from starttls.resolve.fake import FakeWorld
from tests.policy.mail import DIGEST, PLAIN, SIGNED, learned

WORTH = (Action.OPPORTUNISTIC, Action.ENCRYPT, Action.PKIX, Action.DANE, Action.DEFER, Action.REJECT)
"""From what he likes best to what he likes least: nothing is sent, and so nothing is read."""

WORLDS = {
    "dane": SIGNED,
    "unsigned": PLAIN + "example.org. ZONE ; insecure",
    "no tlsa": PLAIN,
    "unusable": PLAIN + "_25._tcp.mx.example.org. TLSA 3 1 255 ab",
    "half": SIGNED.replace("10 mx.example.org.", "10 mx.example.org. ; insecure"),
    "implicit": f"example.org. A 192.0.2.1\n_25._tcp.example.org. TLSA {DIGEST}",
    "two": SIGNED
    + f"example.org. MX 20 b.example.org.\nb.example.org. A 192.0.2.2\n_25._tcp.b.example.org. TLSA {DIGEST}",
    "alias": f"""
        example.org.               CNAME  example.net.
        example.net.               MX     5 mx.example.net.
        mx.example.net.            CNAME  real.example.com.
        real.example.com.          A      192.0.2.1
        real.example.com.          AAAA   2001:db8::1
        _25._tcp.real.example.com. TLSA   {DIGEST}
    """,
    "alias, tlsa before it": f"""
        example.org.               MX     5 mx.example.org.
        mx.example.org.            CNAME  real.example.com.
        real.example.com.          A      192.0.2.1
        _25._tcp.mx.example.org.   TLSA   {DIGEST}
    """,
    "alias out of the signed": f"""
        example.org.               MX     5 mx.example.org.
        mx.example.org.            CNAME  real.example.com.
        example.com.               ZONE   ; insecure
        real.example.com.          A      192.0.2.1
        _25._tcp.mx.example.org.   TLSA   {DIGEST}
    """,
}
POLICIES = {"none": None, "enforce": learned("enforce", "*.example.org", "*.example.net", "example.org")}


async def learn(text: str, sts: Learned | None, *suppressed: Question) -> tuple[FakeWorld, tuple[Decision, ...]]:
    world = FakeWorld.parse(text)
    for question in suppressed:
        world.fail(question.name, question.rdtype)
    return world, decide(await destination("example.org", world), sts)


def weakest(decisions: tuple[Decision, ...]) -> int:
    return min(WORTH.index(decision.action) for decision in decisions)


@pytest.mark.parametrize("sts", POLICIES)
@pytest.mark.parametrize("world", WORLDS)
async def test_whoever_suppresses_answers_gains_nothing(world: str, sts: str) -> None:
    asked, before = await learn(WORLDS[world], POLICIES[sts])
    questions = dict.fromkeys(asked.asked)
    for suppressed in itertools.chain(itertools.combinations(questions, 1), itertools.combinations(questions, 2)):
        _, after = await learn(WORLDS[world], POLICIES[sts], *suppressed)
        assert weakest(after) >= weakest(before), suppressed
        if downgradable(before) is False:
            assert downgradable(after) is not True, suppressed


statuses = st.sampled_from(Status)
names = st.sampled_from(["mx.example.org", "example.org", "real.example.net", "a b", "."])
tlsas = st.builds(TLSA, *(st.integers(0, 255),) * 3, st.binary(max_size=70))
records: dict[str, st.SearchStrategy[Record]] = {
    "A": st.just(Address("192.0.2.1")),
    "AAAA": st.just(Address("2001:db8::1")),
    "TLSA": tlsas | st.builds(TLSA, st.sampled_from([0, 1, 2, 3]), st.just(1), st.just(1), st.just(32 * b"x")),
    "MX": st.builds(MX, st.integers(0, 65535), names),
    "CNAME": st.just(TXT(())),
}


def answers(rdtype: str, owner: st.SearchStrategy[str] = names) -> st.SearchStrategy[Answer]:
    return st.builds(
        Answer,
        question=st.builds(Question, owner, st.just(rdtype)),
        status=statuses,
        records=st.lists(records[rdtype], max_size=3).map(tuple),
        exists=st.booleans(),
        aliases=st.lists(st.builds(Alias, names, names, statuses), max_size=2).map(tuple),
        reason=st.text(max_size=20),
    )


hosts = st.builds(
    Host,
    host=names,
    addresses=st.tuples(answers("A"), answers("AAAA")) | st.just(()),
    alias=st.none() | answers("CNAME"),
    tlsa=st.lists(answers("TLSA", names.map("_25._tcp.{}".format)), max_size=2).map(tuple),
)
destinations = st.builds(
    Destination,
    domain=st.just("example.org"),
    kind=st.sampled_from(Kind),
    mx=st.none() | answers("MX"),
    hosts=st.lists(hosts, max_size=3).map(tuple),
    reason=st.just("made up"),
)


@given(destinations, st.sampled_from(list(POLICIES.values())), st.sampled_from(SENDERS))
def test_whatever_was_learned_is_decided(found: Destination, sts: Learned | None, sender: Sender) -> None:
    decisions = decide(found, sts)
    downgradable(decisions)
    for decision in decisions:
        assert decision.reasons
        assert (decision.error is not None) == (decision.action in {Action.DEFER, Action.REJECT}) or not found.mx
        assert bool(decision.tlsa) == (decision.action is Action.DANE)
        assert bool(decision.names) == (decision.action in {Action.DANE, Action.PKIX})
        assert all(text.isprintable() for text in (reason.text for reason in decision.reasons))
    outcomes(sender, found, sts)
