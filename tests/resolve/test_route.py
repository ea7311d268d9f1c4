"""Ways, and what becomes of those that fail."""

import pytest

from starttls.core.errors import ClosedEarly, Misuse, StartTLSError
from starttls.policy.errors import NoUsableMX
from starttls.resolve.route import Attempts, Failures, Route, direct
from starttls.tls.plan import Plan
from starttls.tls.target import Target

TARGET = Target.parse("smtp://mx.example.org")


def way(host: str, error: StartTLSError | None = None) -> Route:
    return Route(target=TARGET, host=host, place=(host, 25), error=error)


def over(failures: Failures) -> StartTLSError:
    return NoUsableMX("example.org", failures)


def test_the_direct_way_needs_nothing_but_the_plan() -> None:
    assert direct(Plan(), TARGET) == way("mx.example.org")
    assert direct(Plan(connect_to=("192.0.2.1", 2525)), TARGET).place == ("192.0.2.1", 2525)


def test_what_must_not_be_gone_is_not_tried_and_all_that_failed_is_told() -> None:
    closed, forged = ClosedEarly(), ClosedEarly(reset=True)
    attempts = Attempts([way("a"), way("b", forged), way("c")], over)
    tried: list[str] = []
    for route in attempts:
        with attempts.noted(route):
            tried.append(route.host)
            raise closed
    assert tried == ["a", "c"]
    assert isinstance(attempts.error, NoUsableMX)
    assert attempts.error.failures == (("a", closed), ("b", forged), ("c", closed))


def test_misuse_ends_all_attempts() -> None:
    attempts = Attempts([way("a"), way("b")], over)
    with pytest.raises(Misuse):
        for route in attempts:
            with attempts.noted(route):
                raise Misuse("no such file")
    assert attempts.failures == []
