"""The list of the protocols: every scheme and every usual port means one of them."""

from collections import Counter

import pytest

from starttls.core.transcript import Side
from starttls.protocols import ALL, by_name, by_port


def test_every_scheme_has_one_meaning() -> None:
    schemes = [scheme for protocol in ALL for scheme in (protocol.name, *protocol.aliases)]
    implicit = {protocol.implicit for protocol in ALL} - {None}
    assert not [scheme for scheme, count in Counter(schemes).items() if count > 1]
    assert not implicit & set(schemes)


@pytest.mark.parametrize("protocol", ALL, ids=lambda protocol: protocol.name)
def test_a_protocol_is_found_by_its_names(protocol: object) -> None:
    found = next(known for known in ALL if known is protocol)
    for scheme in (found.name, *found.aliases):
        assert by_name(scheme) == (found, False)
    if found.implicit:
        assert by_name(found.implicit) == (found, True)


@pytest.mark.parametrize(
    ("port", "name", "implicit"),
    [
        (25, "smtp", False),
        (587, "submission", False),
        (24, "lmtp", False),
        (143, "imap", False),
        (993, "imap", True),
        (110, "pop3", False),
        (995, "pop3", True),
        (4190, "managesieve", False),
        (5222, "xmpp", False),
        (5269, "xmpp-server", False),
        (389, "ldap", False),
        (636, "ldap", True),
    ],
)
def test_a_port_means_a_protocol(port: int, name: str, implicit: bool) -> None:
    protocol, inside = by_port(port)
    assert (protocol.name, inside) == (name, implicit)


def test_what_is_unknown_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="gopher"):
        by_name("gopher")
    with pytest.raises(KeyError, match="70"):
        by_port(70)


@pytest.mark.parametrize("protocol", ALL, ids=lambda protocol: protocol.name)
def test_facts_are_filled_in(protocol: object) -> None:
    facts = next(known for known in ALL if known is protocol)
    assert facts.name == facts.name.lower()
    assert facts.title
    assert facts.ports.upgrade
    assert facts.rfcs
    assert facts.verb
    assert facts.go_ahead or facts.name == "mysql"  # which has none: TLS follows the request at once
    assert facts.after_tls
    assert facts.first in Side
    assert facts.first_inside in Side
    assert all(label.endswith("._tcp") and label.startswith("_") for label in facts.srv)
    assert facts.redact is not None
