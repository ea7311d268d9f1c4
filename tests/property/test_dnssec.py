"""Nobody without the keys makes a secure answer that is not the true one.

What is true is what the zones hold: the records, whether the name exists, and the aliases on the way. A change that
leaves these as they are (another case of letters, another order of records, a flag, a code, a TTL that is shortened, an
additional record) may leave an answer secure; any other never does.
"""

from collections.abc import Sequence

import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest
from dns.rrset import RRset
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz import dnssec
from starttls.policy.answer import Answer, Question, Status
from starttls.policy.dnssec import Validator
from tests.policy.signed_world import World, look_up, renamed
from tests.policy.signed_zone import NOW, Zone

NUMBERS = range(len(dnssec.QUESTIONS))


def for_each(numbers: Sequence[int]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("number", numbers, ids=lambda number: "{}-{}".format(*dnssec.QUESTIONS[number]))


def drive(validator: Validator, question: Question, messages: list[dns.message.Message | None]) -> Answer:
    """Validate, the messages being what the resolver says in turn."""
    first, *rest = messages
    assert first is not None
    validation = validator.validate(question, first, NOW)
    replies = iter(rest)
    try:
        next(validation)
        while True:
            validation.send(next(replies, None))
    except StopIteration as done:
        answer = done.value
        assert isinstance(answer, Answer)
        return answer


def never_a_lie(answer: Answer, true: Answer) -> None:
    assert answer.reason.isprintable()
    assert answer.status.usable or (not answer.records and answer.reason)
    if answer.status is Status.SECURE:
        assert true.status is Status.SECURE
        assert (answer.records, answer.exists, answer.aliases) == (true.records, true.exists, true.aliases)
        assert answer.ttl <= true.ttl


def flipped(wire: bytes, bit: int) -> bytes:
    changed = bytearray(wire)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def changed_bits(number: int, start: int, step: int) -> None:
    """Flip bits of the answer itself, one at a time; the zones are known already."""
    question, nsec3 = dnssec.QUESTIONS[number]
    true, (wire, *_) = dnssec.truth(number)
    world = dnssec.world(nsec3)
    validator = Validator(world.anchors)
    assert look_up(world, question.name, question.rdtype, validator=validator) == true
    secure = 0
    for bit in range(start, len(wire) * 8, step):
        message = dnssec.read(flipped(wire, bit))
        if message is not None:
            answer = drive(validator, question, [message])
            never_a_lie(answer, true)
            secure += answer.status is Status.SECURE
    assert (secure > 0) is (true.status is Status.SECURE)  # or nothing was tested


@for_each(NUMBERS)
def test_a_changed_bit_in_each_octet_of_an_answer(number: int) -> None:
    changed_bits(number, number % 8, 9)  # another bit in each


@pytest.mark.slow
@for_each([number for number in NUMBERS if dnssec.QUESTIONS[number][0].rdtype == "A"])
def test_every_changed_bit_of_an_answer(number: int) -> None:
    changed_bits(number, 0, 1)


@given(number=st.sampled_from(NUMBERS), data=st.data())
@settings(deadline=None, max_examples=300)
def test_any_changed_bits_on_the_way_down(number: int, data: st.DataObject) -> None:
    """Bits of the DS and DNSKEY messages, which are fetched anew each time."""
    true, wires = dnssec.truth(number)
    question, nsec3 = dnssec.QUESTIONS[number]
    changed = list(wires)
    for _ in range(data.draw(st.integers(1, 3))):
        index = data.draw(st.integers(1, len(changed) - 1))
        changed[index] = flipped(changed[index], data.draw(st.integers(0, len(changed[index]) * 8 - 1)))
    messages = [dnssec.read(wire) for wire in changed]
    never_a_lie(drive(Validator(dnssec.world(nsec3).anchors), question, messages), true)


TEXT = """
@ MX 10 mail
mail A 192.0.2.1
mail TXT x
alias CNAME mail
*.w A 192.0.2.3
real.w A 192.0.2.4
ent.deep.w TXT x
d DNAME deep.w
cut NS ns.cut
cut DS 1 13 2 abababababababababababababababababababababababababababababababab
"""
NAMES = ("@", "mail", "alias", "x.w", "real.w", "x.real.w", "w", "deep.w", "x.d", "d", "cut", "x.cut", "nothing", "*.w")
WORLDS = [
    World(Zone("example.org", TEXT)),
    World(Zone("example.org", TEXT, nsec3=True)),
    World(Zone("example.org", TEXT, nsec3=True, opt_out=True)),
]
ORIGIN = dns.name.from_text("example.org")
FULL = [ORIGIN if name == "@" else dns.name.from_text(name, ORIGIN) for name in NAMES]


def genuine(world: World, data: st.DataObject) -> list[RRset]:
    """Sets of the zone, with their signatures, and perhaps under another name, as a wildcard's are."""
    zone = world.zones[ORIGIN]
    found: list[RRset] = []
    for rrset in data.draw(st.lists(st.sampled_from(list(zone.sets.values())), max_size=3)):
        signed = zone.with_signatures(rrset)
        owner = data.draw(st.sampled_from([rrset.name, *FULL]))
        found += [renamed(each, owner) for each in signed]
    return found


@given(
    world=st.sampled_from(WORLDS),
    name=st.sampled_from(FULL),
    rdtype=st.sampled_from(["A", "TXT", "MX", "CNAME", "DS"]),
    code=st.sampled_from([dns.rcode.NOERROR, dns.rcode.NXDOMAIN]),
    data=st.data(),
)
@settings(deadline=None, max_examples=600)
def test_any_mixture_of_what_the_zone_has_signed(
    world: World, name: dns.name.Name, rdtype: str, code: dns.rcode.Rcode, data: st.DataObject
) -> None:
    """A forger who replays: sets, denials and wildcards of the zone itself, put together at will."""
    question = Question(name.to_text(omit_final_dot=True), rdtype)
    zone = world.zones[ORIGIN]
    message = world.answer(question)
    kept = data.draw(st.booleans())
    message.answer = [*(message.answer if kept else ()), *genuine(world, data)]
    denials = data.draw(st.lists(st.sampled_from(FULL), max_size=4))
    proofs = [rrset for each in denials for rrset in zone.proof(each)]
    message.authority = list({(each.name, each.rdtype, each.covers): each for each in proofs}.values())
    message.set_rcode(code)
    true = look_up(world, question.name, rdtype)
    answer = look_up(world, question.name, rdtype, tamper=lambda asked, said: message if asked == question else said)
    never_a_lie(answer, true)


UPPER = """
*.w A 192.0.2.3
real.w A 192.0.2.4
mail A 192.0.2.1
d DNAME sub
out CNAME mail.sub
"""
LOWER = "@ A 192.0.2.7\nmail A 192.0.2.9\n* TXT y\nx.y A 192.0.2.8\n"


def nested(**options: bool) -> World:
    """Zones in zones, and one of them that is not signed."""
    signed = (("org", "*.w TXT x\n"), ("example.org", UPPER), ("sub.example.org", LOWER), ("in.ent.example.org", LOWER))
    zones = [Zone(name, text, **options) for name, text in signed]  # type: ignore[arg-type]
    return World(Zone("."), *zones, Zone("plain.example.org", LOWER, signed=False))


NESTED = [nested(), nested(nsec3=True), nested(nsec3=True, opt_out=True)]
WITHIN = [
    *("mail.example.org", "x.real.w.example.org", "mail.d.example.org", "out.example.org", "sub.example.org"),
    *("mail.sub.example.org", "no.y.sub.example.org", "ent.example.org", "mail.in.ent.example.org"),
    *("plain.example.org", "no.no.example.org"),
]


@given(world=st.sampled_from(NESTED), name=st.sampled_from(WITHIN), data=st.data())
@settings(deadline=None, max_examples=400)
def test_any_mixture_of_what_several_zones_have_signed(world: World, name: str, data: st.DataObject) -> None:
    """Denials and records of the zones above and below, for the answer and on the way down: no lie, and no way out.

    What is secure can be withheld, but not be made insecure: unless the zone itself leaves that open, by opt-out.
    """
    signed = [zone for zone in world.zones.values() if zone.signed]
    names = [dns.name.from_text(each) for each in WITHIN]

    def forged(question: Question, message: dns.message.Message) -> dns.message.Message:
        if question != Question(name, "A") and not (question.rdtype == "DS" and data.draw(st.booleans())):
            return message
        owner = dns.name.from_text(question.name)
        above = st.sampled_from([zone for zone in signed if owner.is_subdomain(zone.name)])
        zone = data.draw(above)
        sets = [rrset for rrset in zone.sets.values() if rrset.rdtype.name in {question.rdtype, "CNAME"}]
        message.answer = []
        match data.draw(st.sampled_from(["replayed", "unsigned", "denied"])), sets:
            case "replayed", [_, *_]:
                rrset = data.draw(st.sampled_from(sets))
                message.answer = [renamed(each, owner) for each in zone.with_signatures(rrset)]
            case "unsigned", _:
                message.answer = [dns.rrset.from_text(owner, 300, "IN", "A", "192.0.2.66")]
        denied = data.draw(st.lists(st.tuples(above, st.just(owner) | st.sampled_from(names)), max_size=3))
        proofs = [each for zone, of in denied if of.is_subdomain(zone.name) for each in zone.proof(of)]
        message.authority = list({(each.name, each.rdtype, each.covers): each for each in proofs}.values())
        message.set_rcode(data.draw(st.sampled_from([dns.rcode.NOERROR, dns.rcode.NXDOMAIN])))
        return message

    validator = Validator(world.anchors)
    true = look_up(world, name, "A")
    answer = look_up(world, name, "A", tamper=forged, validator=validator)
    never_a_lie(answer, true)
    assert answer.status is not Status.INSECURE or true.status is not Status.SECURE or world is NESTED[2]
    # Whatever was believed on the way does not outlive it.
    again = look_up(world, name, "A", validator=validator)
    assert (again.status, again.records, again.exists) == (true.status, true.records, true.exists)


@given(st.lists(st.binary(max_size=200), max_size=4), st.sampled_from(NUMBERS))
@settings(deadline=None, max_examples=300)
def test_garbage(messages: list[bytes], number: int) -> None:
    header = dnssec.truth(number)[1][0][:12]
    dnssec.validate(dnssec.CUT.join([bytes([number]), *(header + each for each in messages)]))


def test_a_message_without_anything_is_no_answer() -> None:
    answer = drive(Validator(WORLDS[0].anchors), Question("example.org", "A"), [dns.message.Message(), None])
    assert answer.status is Status.INDETERMINATE
