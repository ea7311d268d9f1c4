"""RFC 2782: the order of priorities, and chance by weight among equals."""

from collections import Counter

import pytest

from starttls.core.errors import Misuse
from starttls.policy.answer import Status
from starttls.policy.errors import NoService, NotAuthentic
from starttls.resolve.fake import FakeWorld
from starttls.resolve.services import Service
from starttls.resolve.srv import candidates, in_order, label


async def found(service: str, text: str) -> tuple[Service, ...]:
    return await candidates(service, "example.org", FakeWorld.parse(text))


BOTH = """
    _imap._tcp.example.org.   SRV 0  1 143 a.example.org.
    _imaps._tcp.example.org.  SRV 20 1 993 b.example.org.
    _imaps._tcp.example.org.  SRV 10 1 993 c.example.org.
"""


async def test_implicit_tls_first_then_the_priorities() -> None:
    """RFC 8314 §3: whatever numbers the two labels have."""
    services = await found("imap", BOTH)
    assert [(one.host[0], label(one)) for one in services] == [("c", "_imaps"), ("b", "_imaps"), ("a", "_imap")]
    assert [one.host[0] for one in await found("imaps", BOTH)] == ["c", "b"]


async def test_xmpp_has_one_order_for_both() -> None:
    """XEP-0368 §3."""
    text = """
        _xmpp-client._tcp.example.org.   SRV 5  1 5222 a.example.org.
        _xmpps-client._tcp.example.org.  SRV 10 1 443  b.example.org.
    """
    assert [one.host[0] for one in await found("xmpp", text)] == ["a", "b"]


async def test_the_heavier_the_earlier_and_none_is_left_out() -> None:
    text = "".join(
        f"_imaps._tcp.example.org. SRV 0 {weight} 993 {host}.example.org.\n"
        for host, weight in (("a", 0), ("b", 10), ("c", 30))
    )
    services = await found("imaps", text)
    firsts = Counter(in_order(services)[0].host[0] for _ in range(4000))
    assert {one.host[0] for one in in_order(services)} == {"a", "b", "c"}
    assert 2700 < firsts["c"] < 3200  # 30 of 41
    assert 750 < firsts["b"] < 1250
    assert 20 < firsts["a"] < 200  # "very small chances of being selected"


async def test_weights_of_nothing_are_equal() -> None:
    text = "".join(f"_imaps._tcp.example.org. SRV 0 0 993 {host}.example.org.\n" for host in "ab")
    services = await found("imaps", text)
    firsts = Counter(in_order(services)[0].host[0] for _ in range(200))
    assert min(firsts["a"], firsts["b"]) > 50


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("example.org. A 192.0.2.1", "no SRV record names it"),
        ("imap.example.org. A 192.0.2.1", "no SRV record names it"),
        ("_imap._tcp.example.org. SRV 0 0 0 .", "its SRV record says that it is not there"),
    ],
)
async def test_no_service(text: str, said: str) -> None:
    with pytest.raises(NoService, match=said):
        await found("imap", text)


@pytest.mark.parametrize("status", [Status.BOGUS, Status.INDETERMINATE])
async def test_where_it_cannot_be_told(status: Status) -> None:
    with pytest.raises(NotAuthentic, match=f"_imap._tcp.example.org SRV is {status}"):
        await found("imap", f"_imap._tcp.example.org. SRV ; {status}")


async def test_what_has_no_records() -> None:
    with pytest.raises(Misuse, match="'ftp' is no service that SRV records name: those are submission, imap, pop3"):
        await found("ftp", "")
