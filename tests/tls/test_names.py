import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starttls.core.errors import Misuse
from starttls.tls.names import Names, ServerIdentity, a_label


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("mail.example.org", "mail.example.org"),
        ("Mail.EXAMPLE.org.", "mail.example.org"),
        ("b\u00fccher.example", "xn--bcher-kva.example"),
        ("B\u00dcCHER.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("_tcp.example.org", "_tcp.example.org"),
        ("localhost", "localhost"),
    ],
)
def test_a_labels(name: str, label: str) -> None:
    assert a_label(name) == label


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "a..b", "-a.example", "a-.example", "a b.example", "a\0.example", "a\n.example", "*.example.org"),
        *(
            "a" * 64 + ".example",
            ".".join(["a" * 60] * 5),
            "fa\u00df.example",
            "\u03bf\u03c2.example",
        ),
        *("a\u200db.example", "user@example.org", "[2001:db8::1]", "https://example.org", "\ud800.example"),
    ],
)
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(Misuse):
        ServerIdentity(name)


@given(st.text(max_size=80))
def test_any_text_is_a_name_or_misuse(text: str) -> None:
    with contextlib.suppress(Misuse):
        identity = ServerIdentity(text)
        assert identity.host.isascii()
        assert identity.host.isprintable()
        assert ServerIdentity(identity.host) == identity


def test_a_name_that_is_none_is_named_on_one_line() -> None:
    for name in ("a\nb.example", "\u00e9\n.example", "\u200d\x1b[31m"):
        with pytest.raises(Misuse) as caught:
            a_label(name)
        assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("host", "dns", "match"),
    [
        ("mail.example.org", "mail.example.org", True),
        ("mail.example.org", "MAIL.Example.ORG", True),
        ("mail.example.org", "example.org", False),
        ("mail.example.org", "mail.example.org.evil.example", False),
        ("mail.example.org", "*.example.org", True),
        ("a.mail.example.org", "*.example.org", False),
        ("example.org", "*.example.org", False),
        ("mail.example.org", "m*.example.org", False),
        ("mail.example.org", "*mail.example.org", False),
        ("mail.example.org", "mail.*.org", False),
        ("mail.example.org", "*", False),
        ("example.org", "*.org", False),
        ("mail.example.org", "*.*.org", False),
        ("mail.example.org", "mail.example.org\0.evil.example", False),
        ("mail.example.org", "", False),
        ("b\u00fccher.example", "xn--bcher-kva.example", True),
        ("b\u00fccher.example", "b\u00fccher.example", False),
        ("xn--bcher-kva.example.org", "*.example.org", True),
        ("192.0.2.1", "192.0.2.1", False),  # RFC 9525 §6.5: an address matches an address alone
    ],
)
def test_dns_names(host: str, dns: str, match: bool) -> None:
    assert ServerIdentity(host).matches(Names(dns=(dns,))) is match


@pytest.mark.parametrize(
    ("host", "address", "match"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:DB8:0::1", "2001:db8::1", True),
        ("fe80::1%eth0", "fe80::1", True),
        ("mail.example.org", "192.0.2.1", False),
    ],
)
def test_addresses(host: str, address: str, match: bool) -> None:
    assert ServerIdentity(host).matches(Names(ips=(address,))) is match


XMPP = ServerIdentity("Example.org", srv="_xmpp-client", xmpp=True)


@pytest.mark.parametrize(
    ("names", "match"),
    [
        (Names(srv=("_xmpp-client.example.org",)), True),
        (Names(srv=("_XMPP-client.EXAMPLE.org",)), True),
        (Names(srv=("_xmpp-server.example.org",)), False),
        (Names(srv=("_xmpp-client.im.example.org",)), False),
        (Names(srv=("_xmpp-client.*",)), False),
        (Names(srv=("example.org",)), False),
        (Names(xmpp=("example.org",)), True),
        (Names(xmpp=("Example.Org",)), True),
        (Names(xmpp=("juliet@example.org",)), False),
        (Names(xmpp=("example.org/balcony",)), False),
        (Names(xmpp=("im.example.org",)), False),
        (Names(xmpp=("",)), False),
        (Names(dns=("example.org",)), True),
        (Names(dns=("*.example.org",)), False),
        (Names(dns=("im.example.org",)), False),
        (Names(), False),
    ],
)
def test_xmpp_has_three_ways_to_say_its_name(names: Names, match: bool) -> None:
    assert XMPP.matches(names) is match


def test_xmpp_names_may_be_international() -> None:
    identity = ServerIdentity("b\u00fccher.example", srv="_xmpp-client", xmpp=True)
    assert identity.matches(Names(xmpp=("b\u00fccher.example",)))
    assert identity.matches(Names(srv=("_xmpp-client.xn--bcher-kva.example",)))


def test_names_of_other_services_do_not_count() -> None:
    plain = ServerIdentity("example.org")
    assert not plain.matches(Names(srv=("_xmpp-client.example.org",), xmpp=("example.org",)))
    assert not plain.beyond_dns
    assert XMPP.beyond_dns
    assert not ServerIdentity("192.0.2.1", xmpp=True).matches(Names(xmpp=("192.0.2.1",)))
