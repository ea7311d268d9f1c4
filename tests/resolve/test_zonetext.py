import pytest

from starttls.core.errors import Misuse
from starttls.policy.answer import MX, TXT, ExtendedError, Status
from starttls.resolve.zonetext import Entry, entries


def test_origin_ttl_and_notes() -> None:
    text = """
        ; comment
        $ORIGIN example.org.
        $TTL 60
        @        MX   10 mx            ; insecure
        mx 5 IN  TXT  "a \\"b\\"; c" d ; bogus EDE 7: expired
        mx       A
    """
    assert list(entries(text)) == [
        Entry(name="example.org", rdtype="MX", record=MX(10, "mx.example.org"), ttl=60, status=Status.INSECURE),
        Entry(
            name="mx.example.org",
            rdtype="TXT",
            record=TXT((b'a "b"; c', b"d")),
            ttl=5,
            status=Status.BOGUS,
            reason="expired",
            extended=(ExtendedError(7, "expired"),),
        ),
        Entry(name="mx.example.org", rdtype="A", ttl=60),
    ]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("example.org. MX", ""),
        ("example.org. MX ten mx.example.org.", "invalid literal"),
        ("example.org. MX 10", "this is no MX record"),
        ("example.org. A 2001:db8::1", "2001:db8::1 is not for A"),
        ("example.org. A 192.0.2.300", "does not appear to be"),
        ("example.org. TLSA 3 1 1", "this is no TLSA record"),
        ("example.org. CNAME a. b.", "CNAME has one target"),
        ("example.org. PTR a.", "a type is expected, one of A, AAAA"),
        ("example.org.", "a type is expected"),
        ("example.org. ZONE", "ZONE has a status"),
        ("example.org. A 192.0.2.1 ; insecre", "behind ';' stands a status, one of secure, insecure"),
        ('example.org. TXT "open', "a quote is not closed"),
        ("exa..mple. A 192.0.2.1", "neither a host name"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(line: str, why: str) -> None:
    if not why:
        assert next(entries(line)).record is None
        return
    with pytest.raises(Misuse, match=r"line 2, ") as caught:
        list(entries(f"\n{line}"))
    assert why in str(caught.value)
