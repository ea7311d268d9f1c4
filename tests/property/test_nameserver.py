"""Whatever is asked of the lab's name server, it answers in the bytes there are, or not at all."""

import dns.message
from hypothesis import given, settings
from hypothesis import strategies as st

from starttls.lab.nameserver import reply
from starttls.lab.zones import Tree, Zone

TREE = Tree.grow(
    Zone("test"),
    Zone("a.test", "@ MX 10 mail\nmail A 127.0.0.1\n*.w TXT a\nc CNAME d\n"),
    Zone("b.a.test", signing="broken"),
)
NAMES = [".", "a.test", "c.a.test", "x.w.a.test", "*.w.a.test", "w.a.test", "q.b.a.test", "A.B.c.d.TEST"]
TYPES = ["A", "MX", "TXT", "CNAME", "DS", "DNSKEY", "NSEC", "NSEC3", "SOA", "NS", "SIG", "TYPE65400"]

queries = st.builds(
    lambda name, rdtype, dnssec: dns.message.make_query(name, rdtype, want_dnssec=dnssec, id=1).to_wire(),
    st.sampled_from(NAMES),
    st.sampled_from(TYPES),
    st.booleans(),
)
changes = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 255)), max_size=4)


def check(data: bytes) -> None:
    answer = reply(TREE, data, most=1232)
    if answer is not None:
        assert len(answer) <= 1232
        assert answer[:2] == data[:2]
        dns.message.from_wire(answer)


@settings(max_examples=300, deadline=None)
@given(queries, changes)
def test_a_question_that_was_changed_on_the_way(query: bytes, made: list[tuple[int, int]]) -> None:
    data = bytearray(query)
    for place, value in made:
        data[place % len(data)] = value
    check(bytes(data))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=100))
def test_any_bytes(data: bytes) -> None:
    check(data)
