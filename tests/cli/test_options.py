import socket
from pathlib import Path
from typing import Any

import click
import pytest

from starttls.check.settings import CheckSettings, TimeoutSettings
from starttls.cli.options import Asking, Given, client, complete_scheme, connecting, resolving
from starttls.core.errors import BadConfig, Misuse
from starttls.resolve.dns import DNSResolver, Trust
from starttls.resolve.resolver import Resolver
from starttls.resolve.route import ClientOptions
from starttls.tls.plan import Timeouts


def test_what_is_not_given_comes_from_the_settings() -> None:
    settings = CheckSettings(level="encrypted", ca_file="ca.pem", family="ipv6", timeouts=TimeoutSettings(wait=7))
    options = Given().options(settings)
    assert options["policy"] == "encrypt"
    assert options["ca_file"] == "ca.pem"
    assert options["family"] == socket.AF_INET6
    assert options["timeouts"] == Timeouts(wait=7)


def test_what_is_given_wins() -> None:
    settings = CheckSettings(level="encrypted", family="ipv6")
    options = Given(level="verified", ipv4=True, timeout=12).options(settings)
    assert (options["policy"], options["family"]) == ("verify", socket.AF_INET)
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
        client(ClientOptions(ca_file="/nowhere/ca.pem"))
    with pytest.raises(Misuse, match="without a certificate"):
        client(ClientOptions(key=__file__))
    client(ClientOptions())


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


@pytest.mark.parametrize(
    ("given", "stands", "means"),
    [
        ((None, None), (None, None), ("verify", "verified")),
        ((None, "encrypted"), (None, None), ("encrypt", "encrypted")),
        ((None, "dane"), (None, None), ("dane", "dane")),
        (("dane", None), (None, None), ("dane", "dane")),
        (("encrypt", None), (None, None), ("encrypt", "encrypted")),
        (("opportunistic", None), (None, None), ("opportunistic", "encrypted")),
        (("opportunistic", "dane"), (None, None), ("opportunistic", "dane")),
        (("dane", "encrypted"), (None, None), ("dane", "encrypted")),
        ((None, None), ("dane", None), ("dane", "dane")),
        ((None, None), ("opportunistic", "verified"), ("opportunistic", "verified")),
        (("encrypt", None), ("dane", "dane"), ("encrypt", "encrypted")),
        ((None, "verified"), ("dane", "dane"), ("verify", "verified")),
        ((None, None), (None, "encrypted"), ("encrypt", "encrypted")),
    ],
)
def test_what_is_demanded_and_what_it_must_be_worth(given: Any, stands: Any, means: tuple[str, str]) -> None:
    """The one follows from the other, and the command line wins over the file."""
    settings = CheckSettings(policy=stands[0], level=stands[1])
    assert Given(policy=given[0], level=given[1]).demands(settings) == means


@pytest.mark.parametrize(("policy", "level"), [("verify", "dane"), ("encrypt", "verified"), ("encrypt", "dane")])
def test_what_a_policy_never_gives(policy: Any, level: Any) -> None:
    with pytest.raises(click.UsageError, match=f"policy '{policy}' never gives level '{level}'"):
        Given(policy=policy, level=level).demands(CheckSettings())


def test_trust_anchors(tmp_path: Path) -> None:
    """From several files, and they make us validate; nobody is asked where nobody said anything."""
    files = tuple(tmp_path / name for name in ("one.ds", "two.ds"))
    for number, file in enumerate(files):
        file.write_text(f"example.org. IN DS {number} 8 2 {32 * 'ab'}\n")
    made = Asking(resolver="127.0.0.1", trust_anchors=files).make()
    assert isinstance(made, DNSResolver)
    assert made.mode is Trust.VALIDATE
    assert Asking().given(CheckSettings()) is None
    assert Asking(trust_anchors=files).given(CheckSettings()) is not None
    with pytest.raises(Misuse, match="trust anchors are for validating here"):
        Asking(resolver="127.0.0.1", dnssec="ad", trust_anchors=files).make()
    with pytest.raises(BadConfig, match="nowhere: cannot read it: no such file"):
        Asking().make(CheckSettings(trust_anchors=("/nowhere",)))
