"""One way to a service: which server is gone to, where it is, and what it has to prove. Records alone.

Who finds the ways is in `starttls.resolve.router`.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

from starttls.core.errors import Misuse, StartTLSError
from starttls.policy.destination import Decision
from starttls.resolve.resolver import PolicyFetcher, Resolver
from starttls.tls.connection import Connection
from starttls.tls.demand import Demand
from starttls.tls.opened import Opened
from starttls.tls.plan import Options, Plan
from starttls.tls.target import Target

__all__ = ["Attempts", "ClientOptions", "Failures", "Route", "Routed", "direct", "nowhere"]

Failures: TypeAlias = tuple[tuple[str, StartTLSError], ...]
"""Hosts, and why each failed."""


class ClientOptions(Options, total=False):
    """What `connect` and `Client` can be told: what `starttls.tls.plan.Plan` is told, and who finds the policies.

    resolver:    a `Resolver`; or a DNS server, as `starttls.resolve.servers` reads it: ``"192.0.2.53"``,
                 ``"tls://192.0.2.53#dns.example.net"``. By default those in ``/etc/resolv.conf``: where that is this
                 machine itself, its AD bit is believed, and elsewhere answers are validated here
    fetcher:     fetches MTA-STS policies, instead of our own HTTPS client
    """

    resolver: Resolver | str | None
    fetcher: PolicyFetcher | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One way to a service.

    ``target`` is whom the dialogue is with, and ``host`` the server; where an SRV record led there they differ.
    ``place`` is the host and port to connect to; ``addresses`` are those of the host, or None where the system is to
    look them up. ``demand`` is what the server has to prove, where that is not what the plan says of all, and
    ``decision`` why. With an ``error`` this way must not be gone. ``domain`` is whose MX, SRV record or usual name led
    here; ``guessed`` says that it was the usual name, so that there may be nobody.
    """

    target: Target
    host: str
    place: tuple[str, int]
    addresses: tuple[str, ...] | None = None
    demand: Demand | None = None
    decision: Decision | None = None
    error: StartTLSError | None = None
    domain: str | None = None
    guessed: bool = False


def direct(plan: Plan, target: Target) -> Route:
    """The way to a server of which nothing has to be asked but its address."""
    return Route(target=target, host=target.host, place=plan.address(target))


def nowhere(scheme: str, domain: str, error: StartTLSError) -> Route:
    """What stands for a way to a domain's service that nobody knows."""
    target = Target.parse(f"{scheme}://{domain}")
    return Route(target=target, host=domain, place=(domain, target.port), error=error, domain=domain)


class Attempts:
    """The ways to one service, in order, and what became of those that were tried.

    ::

        for route in attempts:
            with attempts.noted(route):
                return follow(route)
        raise attempts.error
    """

    def __init__(self, routes: Sequence[Route], failed: Callable[[Failures], StartTLSError]) -> None:
        """``failed`` makes the error where none can be gone."""
        self.failures: list[tuple[str, StartTLSError]] = []
        self.routes = tuple(routes)
        self._failed = failed

    def __iter__(self) -> Iterator[Route]:
        for route in self.routes:
            if route.error is None:
                yield route
            else:
                self.failures.append((route.host, route.error))

    @contextmanager
    def noted(self, route: Route) -> Generator[None]:
        """Note the error in which a try ends, so that the next may begin; but for `Misuse`, in which all would end."""
        try:
            yield
        except Misuse:
            raise
        except StartTLSError as error:
            self.failures.append((route.host, error))

    @property
    def error(self) -> StartTLSError:
        """Why there is no connection."""
        return self._failed(tuple(self.failures))


class Routed(Opened):
    """A stream that knows which way it came; a server's knows none."""

    __slots__ = ("route",)

    def __init__(self, connection: Connection, route: Route | None) -> None:
        super().__init__(connection)
        self.route = route

    @property
    def host(self) -> str:
        """The server that was gone to: one mail host of several, the target of an SRV record."""
        return self.route.host if self.route is not None else ""

    @property
    def decision(self) -> Decision | None:
        """What was demanded of it, and why. None where no policy was asked for."""
        return self.route.decision if self.route is not None else None
