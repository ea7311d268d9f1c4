import socket

import click
import pytest

from starttls.check.settings import CheckSettings, TimeoutSettings
from starttls.cli.options import Asking, Given, client, complete_scheme, connecting, resolving
from starttls.core.errors import Misuse
from starttls.resolve.dns import DNSResolver, Trust
from starttls.resolve.resolver import Resolver
from starttls.tls.plan import Options, Timeouts


def test_what_is_not_given_comes_from_the_settings() -> None:
    settings = CheckSettings(level="encrypted", ca_file="ca.pem", family="ipv6", timeouts=TimeoutSettings(wait=7))
    options = Given().options(settings)
    assert options["level"] == "encrypted"
    assert options["ca_file"] == "ca.pem"
    assert options["family"] == socket.AF_INET6
    assert options["timeouts"] == Timeouts(wait=7)


def test_what_is_given_wins() -> None:
    settings = CheckSettings(level="encrypted", family="ipv6")
    options = Given(level="verified", ipv4=True, timeout=12).options(settings)
    assert (options["level"], options["family"]) == ("verified", socket.AF_INET)
    assert options["timeouts"] == Timeouts(connect=10, wait=12, handshake=12, whole=12)


seen: list[Given] = []


@click.command()
@connecting
def _verb(given: Given) -> int:
    """A verb."""
    seen.append(given)
    return 0


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.1:25", ("192.0.2.1", 25)),
        ("mail.example.org:587", ("mail.example.org", 587)),
        ("[2001:db8::1]:25", ("2001:db8::1", 25)),
    ],
)
def test_an_address_to_connect_to(text: str, address: tuple[str, int]) -> None:
    seen.clear()
    _verb.main(["--connect", text], standalone_mode=False)
    assert [given.connect_to for given in seen] == [address]


@pytest.mark.parametrize("text", ["", "a", ":25", "a:", "a:b", "a:65536", "a:-1", "a:²", "::1:25", "[]:25"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(click.BadParameter, match="is not HOST:PORT"):
        _verb.main(["--connect", text], standalone_mode=False)


def test_files_are_looked_at_before_anything_is_sent() -> None:
    with pytest.raises(Misuse, match="no such file"):
        client(Options(ca_file="/nowhere/ca.pem"))
    with pytest.raises(Misuse, match="without a certificate"):
        client(Options(key=__file__))
    client(Options())


def test_schemes_are_offered() -> None:
    assert complete_scheme(click.Context(_verb), _verb.params[0], "sm") == ["smtp://", "smtps://"]


def test_how_the_dns_is_asked() -> None:
    made: list[Resolver] = []

    @click.command()
    @resolving
    def verb(asking: Asking) -> int:
        made.append(asking.make(CheckSettings(resolver="192.0.2.7", dnssec="validate")))
        return 0

    verb.main([], standalone_mode=False)
    verb.main(["--resolver", "192.0.2.53:5353", "--dnssec", "ad"], standalone_mode=False)
    first, second = made
    assert isinstance(first, DNSResolver)
    assert isinstance(second, DNSResolver)
    assert ([str(one) for one in first.servers], first.mode) == (["192.0.2.7:53"], Trust.VALIDATE)
    assert ([str(one) for one in second.servers], second.mode) == (["192.0.2.53:5353"], Trust.AD)
    with pytest.raises(Misuse, match="names no DNS server"):
        verb.main(["--resolver", "mail"], standalone_mode=False)
