import inspect

import pytest

from starttls.resolve.dns import DNSResolver
from starttls.resolve.fake import FakeWorld
from starttls.resolve.https import HTTPSFetcher
from starttls.resolve.resolver import PolicyFetcher, Resolver

RESOLVERS: list[Resolver] = [FakeWorld(), DNSResolver("127.0.0.1"), DNSResolver("192.0.2.53")]
FETCHERS: list[PolicyFetcher] = [FakeWorld(), HTTPSFetcher(FakeWorld())]


def shape(function: object) -> list[tuple[str, object]]:
    assert callable(function)
    assert inspect.iscoroutinefunction(function)
    return [(name, each.annotation) for name, each in inspect.signature(function).parameters.items() if name != "self"]


@pytest.mark.parametrize("resolver", RESOLVERS, ids=lambda one: type(one).__name__)
def test_who_answers_is_asked_in_the_same_way(resolver: Resolver) -> None:
    assert shape(resolver.query) == shape(Resolver.query)


@pytest.mark.parametrize("fetcher", FETCHERS, ids=lambda one: type(one).__name__)
def test_who_fetches_is_asked_in_the_same_way(fetcher: PolicyFetcher) -> None:
    assert shape(fetcher.fetch) == shape(PolicyFetcher.fetch)
