"""What the clients of both runtimes share: the plan, and who finds the ways where the plan alone does not know them."""

from typing import Protocol, Unpack, cast

from starttls.resolve.route import Attempts, ClientOptions, Route
from starttls.tls.plan import Options, Plan
from starttls.tls.target import Target

__all__ = ["Finder", "Planned"]


class Finder(Protocol):
    """Finds ways: `starttls.resolve.router.Router`, which is imported when the first one has to be found."""

    async def to(self, target: Target) -> Route:
        """The way to the server of a URL, and what stands in it."""
        ...

    async def mail(self, next_hop: str, port: int) -> Attempts:
        """The ways to the mail hosts of a domain."""
        ...

    async def service(self, service: str, domain: str) -> Attempts:
        """The ways to a service that SRV records name."""
        ...

    async def everything(self, domain: str) -> tuple[Route, ...]:
        """The ways to all that a domain offers, and what stands in them."""
        ...


class Planned:
    """A client's ``plan``, and its ``router``; ``options`` are those of `ClientOptions`."""

    def __init__(self, **options: Unpack[ClientOptions]) -> None:
        # The plan takes what is its own, and nothing else.
        own = {name: value for name, value in options.items() if name in Options.__annotations__}
        self.plan = Plan(**cast("Options", own))
        self._options = options
        self._router: Finder | None = None

    @property
    def router(self) -> Finder:
        """Finds ways, and remembers the MTA-STS policies that it learned."""
        if self._router is None:
            from starttls.resolve.router import Router  # noqa: PLC0415 - who has no need of it does not pay for it

            self._router = Router(self.plan, self._options)
        return self._router
