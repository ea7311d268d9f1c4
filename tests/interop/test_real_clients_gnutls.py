"""Our server against ``gnutls-cli --starttls-proto``: another TLS library, and dialogues of another hand.

gnutls-cli waits for a word in the reply and looks no closer ("OK", "220", one byte of LDAP), so these tests prove
our server's side of the dialogue, and GnuTLS's opinion of our TLS.
"""

import pytest

from tests.interop.clients.house import Door, House
from tests.interop.clients.papers import BAD
from tests.interop.clients.program import Home, Ran
from tests.interop.clients.words import WORDS

pytestmark = pytest.mark.interop

# Our name of a protocol, where gnutls-cli has another; what is not here it does not know.
NAMES = {
    **{name: name for name in ("smtp", "lmtp", "imap", "pop3", "xmpp", "ldap", "ftp", "nntp")},
    "managesieve": "sieve",
    "postgresql": "postgres",
}


def gnutls_cli(home: Home, door: Door, *options: str, said: bytes) -> Ran:
    command = ["gnutls-cli", "--starttls-proto", NAMES[door.scheme], "--port", str(door.port)]
    return home.run(*command, "--x509cafile", str(door.ca_file), *options, "localhost", said=said)


@pytest.mark.parametrize("protocol", NAMES)
def test_it_is_upgraded_verifies_us_and_is_served(house: House, home: Home, protocol: str) -> None:
    words = WORDS[protocol]
    with house.open(protocol) as door:
        ran = gnutls_cli(home, door, said=words.said)
        assert "The certificate is trusted." in ran.output
        assert words.answer in ran.output
        assert ran.status == 0, ran.output
        assert door.visit().heard == list(words.heard)


@pytest.mark.parametrize("protocol", NAMES)
@pytest.mark.parametrize("kind", BAD)
def test_with_a_bad_certificate_it_says_nothing_to_us(house: House, home: Home, protocol: str, kind: str) -> None:
    with house.open(protocol, kind=kind) as door:
        ran = gnutls_cli(home, door, said=WORDS[protocol].said)
        assert "The certificate is NOT trusted." in ran.output
        assert ran.status == 1
        assert door.heard() == []
