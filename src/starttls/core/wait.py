"""A named wait: what a dialogue is waiting for, which RFC says so, and how many bytes it may cost."""

from dataclasses import dataclass

__all__ = ["Wait"]


@dataclass(frozen=True, slots=True)
class Wait:
    """One wait of a dialogue. A generator has no visible state, so every wait has a name.

    ``name`` reads after "waiting for": ``"the greeting"``. ``source`` is the clause that defines what is
    awaited. ``limit`` is the largest number of bytes that one read of it may take, end of line included.
    """

    name: str
    source: str
    limit: int = 2048

    def __str__(self) -> str:
        return f"{self.name} ({self.source})"
