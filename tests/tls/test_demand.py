"""A demand never asks for less than it says."""

import pytest

from starttls.core.errors import Misuse
from starttls.tls.demand import Demand
from starttls.tls.level import Level


@pytest.mark.parametrize("level", [Level.NONE, Level.DANE])
def test_a_level_that_nobody_judges(level: Level) -> None:
    with pytest.raises(Misuse, match=f"level '{level}' that nobody judges"):
        Demand(level=level, name="mail.example.org")


def test_who_takes_any_certificate_judges_none() -> None:
    with pytest.raises(Misuse, match="takes any certificate"):
        Demand(level=Level.ENCRYPTED, name="mail.example.org", judge=lambda _: None)


def test_what_can_be_demanded() -> None:
    for level in (Level.ENCRYPTED, Level.VERIFIED):
        assert not Demand(level=level, name="mail.example.org").fallback
    for level in (Level.VERIFIED, Level.DANE):
        assert "judge" not in repr(Demand(level=level, name="mail.example.org", judge=lambda _: None))
