"""What a fuzz target is."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Target"]


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to fuzz. ``words`` choose it on the command line: ``("smtp", "client")``, ``("mta-sts",)``.

    ``one_input`` takes what the fuzzer makes, and ends in an exception where that finds something.
    """

    words: tuple[str, ...]
    seeds: Callable[[], list[bytes]]
    one_input: Callable[[bytes], None]
