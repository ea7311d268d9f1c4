"""What people write, and what it means."""

import socket

import pytest

from starttls.core.errors import Misuse
from starttls.protocols import ALL
from starttls.tls.target import Address, Target, interleaved, placed, schemes

GOOD = [
    ("smtp://mail.example.org", "smtp", "mail.example.org", 25),
    ("SMTP://Mail.Example.ORG.", "smtp", "mail.example.org", 25),
    (" imap://mail.example.org:1143/ ", "imap", "mail.example.org", 1143),
    ("imaps://mail.example.org", "imaps", "mail.example.org", 993),
    ("imap://[2001:db8::1]", "imap", "2001:db8::1", 143),
    ("ldap://192.0.2.1:3890", "ldap", "192.0.2.1", 3890),
    ("mail.example.org:587", "submission", "mail.example.org", 587),
    ("mail.example.org:465", "submissions", "mail.example.org", 465),
    ("[::1]:5269", "xmpp-server", "::1", 5269),
    ("sieve://mail.example.org", "managesieve", "mail.example.org", 4190),
    ("postgres://db.example.org", "postgresql", "db.example.org", 5432),
    ("xmpps-server://example.org", "xmpps-server", "example.org", 5270),
    ("smtp://b\u00fccher.example", "smtp", "xn--bcher-kva.example", 25),
]
BAD = [
    ("imp://mail.example.org", "did you mean 'imap'"),
    ("pop://mail.example.org", "did you mean 'pop3'"),
    ("gopherspace://mail.example.org", "known are: smtp, "),
    ("mail.example.org", "names neither a scheme nor a port"),
    ("mail.example.org:9999", "port 9999 belongs to no known protocol"),
    ("smtp://mail.example.org:99999", "port out of range"),
    ("smtp://mail.example.org:smtp", "is no URL"),
    ("smtp://", "is no service"),
    ("smtp://user@mail.example.org", "is no service"),
    ("smtp://mail.example.org/inbox", "is no service"),
    ("smtp://a b", "neither a host name nor an IP address"),
    ("smtp://[::1", "is no URL"),
    ("smtp://x..example", "neither a host name nor an IP address"),
    ("smtp://" + "a" * 64 + ".example", "neither a host name nor an IP address"),
    ("", "is no service"),
    ("smtp://a\nb", "is no"),
]


@pytest.mark.parametrize(("url", "scheme", "host", "port"), GOOD)
def test_what_is_meant(url: str, scheme: str, host: str, port: int) -> None:
    target = Target.parse(url)
    assert (target.scheme, target.host, target.port) == (scheme, host, port)
    assert target.url == url


@pytest.mark.parametrize(("url", "words"), BAD)
def test_what_cannot_be_meant(url: str, words: str) -> None:
    with pytest.raises(Misuse) as caught:
        Target.parse(url)
    assert words in str(caught.value)


def test_every_scheme_of_the_plan_is_there() -> None:
    upgraded = "smtp submission lmtp imap pop3 managesieve sieve xmpp xmpp-server ldap ftp nntp irc"
    implicit = "smtps submissions imaps pop3s xmpps xmpps-server ldaps ftps nntps ircs"
    wanted = {*upgraded.split(), *implicit.split(), "postgresql", "postgres", "mysql"}
    assert set(schemes()) == wanted
    for scheme in wanted:
        assert Target.parse(f"{scheme}://x.example").implicit == (scheme in implicit.split())


def test_no_scheme_means_two_things() -> None:
    assert len(schemes()) == len(set(schemes()))
    assert len(ALL) == len({protocol.name for protocol in ALL})


def test_addresses_take_turns() -> None:
    """RFC 8305 §4: the first family first, then the other."""
    six, four = socket.AF_INET6, socket.AF_INET
    found: list[tuple[socket.AddressFamily, int, int, str, Address]] = [
        (six, 1, 6, "", ("::1", 1, 0, 0)),
        (six, 1, 6, "", ("::2", 1, 0, 0)),
        (four, 1, 6, "", ("127.0.0.1", 1)),
    ]
    assert [address[0] for _, address in interleaved(found)] == ["::1", "127.0.0.1", "::2"]


def test_addresses_that_are_known_are_not_looked_up() -> None:
    places = placed(["192.0.2.1", "2001:db8::1"], 25, socket.AF_UNSPEC)
    assert [place[4][:2] for place in places] == [("192.0.2.1", 25), ("2001:db8::1", 25)]
    assert [place[4][0] for place in placed(["192.0.2.1", "2001:db8::1"], 25, socket.AF_INET)] == ["192.0.2.1"]
    assert placed(["mail.example.org"], 25, socket.AF_UNSPEC) == []
