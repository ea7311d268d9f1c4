"""What a connection is worth, in order."""

import pytest

from starttls.tls.level import Level


@pytest.mark.parametrize("level", Level)
def test_each_is_worth_itself_and_what_is_less(level: Level) -> None:
    order = [Level.NONE, Level.ENCRYPTED, Level.VERIFIED, Level.DANE]
    assert list(Level) == order
    assert [level.satisfies(other) for other in order] == [order.index(other) <= order.index(level) for other in order]


def test_as_it_is_written() -> None:
    assert [str(level) for level in Level] == ["none", "encrypted", "verified", "dane"]
