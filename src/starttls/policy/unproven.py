"""How a validation ends that proves nothing: inside the validator an exception, outside a status and its reason."""

from starttls.policy.answer import Link, Status

__all__ = ["Unproven", "bogus", "unknown"]


class Unproven(Exception):
    """Neither security nor its absence is proven.

    ``chain`` is how far the chain of trust was walked, its last link being the one that does not hold.
    """

    def __init__(self, status: Status, reason: str, chain: tuple[Link, ...] = ()) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.chain = chain


def bogus(reason: str) -> Unproven:
    """It ought to be signed, and is not, or not well."""
    return Unproven(Status.BOGUS, reason)


def unknown(reason: str) -> Unproven:
    """It could not be told."""
    return Unproven(Status.INDETERMINATE, reason)
