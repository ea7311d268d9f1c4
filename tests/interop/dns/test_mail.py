"""`connect_mx` and MTA-STS against real mail hosts, web servers and resolvers."""

import time
from collections.abc import Mapping
from typing import Unpack

import pytest

import starttls
import starttls.sync
from starttls.core.errors import StartTLSError
from starttls.policy.errors import NoUsableMX
from starttls.resolve.dns import DNSResolver
from starttls.resolve.https import HTTPSFetcher
from starttls.resolve.route import ClientOptions
from starttls.resolve.sts import learn
from starttls.tls.level import Level
from tests.interop.dns.mail.domains import DOMAINS, PLAIN
from tests.interop.dns.mail.scene import Domain
from tests.interop.dns.mail.world import MailWorld
from tests.interop.dns.ours import resolver

each_domain = pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)


@pytest.fixture(scope="module")
def resolvers(mail_world: MailWorld) -> Mapping[str, DNSResolver]:
    """Ours, in each mode."""
    return {mode: resolver(mail_world.dns, mode) for mode in ("ad", "validate", "both")}


@pytest.mark.parametrize("mode", ["ad", "validate", "both"])
@each_domain
async def test_what_a_connection_is_worth(
    mode: str, domain: Domain, mail_world: MailWorld, resolvers: Mapping[str, DNSResolver]
) -> None:
    found = await _worth(domain, resolver=resolvers[mode], ca_file=mail_world.ca_file)
    assert found is domain.ours


@each_domain
async def test_dane_where_nothing_less_will_do(
    domain: Domain, mail_world: MailWorld, resolvers: Mapping[str, DNSResolver]
) -> None:
    found = await _worth(domain, resolver=resolvers["validate"], ca_file=mail_world.ca_file, policy="dane")
    # As Postfix's dane-only: RFC 7672 §2.2.1, whoever forges an MX record that is not signed has DANE of his own.
    signed = not domain.name.endswith(f".{PLAIN}")
    assert (found is Level.DANE) is (signed and domain.ours is Level.DANE)
    assert found is Level.DANE or not isinstance(found, Level)


@each_domain
def test_the_blocking_client_says_the_same(
    domain: Domain, mail_world: MailWorld, resolvers: Mapping[str, DNSResolver]
) -> None:
    found: Level | type[StartTLSError]
    try:
        with starttls.sync.connect_mx(domain.name, resolver=resolvers["ad"], ca_file=mail_world.ca_file) as stream:
            found = stream.level
    except StartTLSError as error:
        found = type(_of_the_one_host(error))
    assert found is domain.ours


@pytest.mark.parametrize("domain", [one for one in DOMAINS if one.sts is not None], ids=lambda domain: domain.name)
async def test_what_comes_of_a_policy(
    domain: Domain, mail_world: MailWorld, resolvers: Mapping[str, DNSResolver]
) -> None:
    fetcher = HTTPSFetcher(resolvers["validate"], ca_file=mail_world.ca_file)
    learned = await learn(domain.name, resolvers["validate"], fetcher, now=time.time())
    assert domain.sts is not None
    assert learned.state is domain.sts.state
    assert domain.sts.error in " ".join(learned.errors)
    assert (learned.policy is None) is bool(domain.sts.error)


async def _worth(domain: Domain, **options: Unpack[ClientOptions]) -> Level | type[StartTLSError]:
    try:
        async with await starttls.connect_mx(domain.name, **options) as stream:
            return stream.level
    except StartTLSError as error:
        return type(_of_the_one_host(error))


def _of_the_one_host(error: StartTLSError) -> StartTLSError:
    """What was wrong with it, where hosts failed."""
    if isinstance(error, NoUsableMX):
        ((_, only),) = error.failures
        return only
    return error
