"""Finds the ways to a service: asks the DNS and MTA-STS, has it decided, and makes a `Route` of each decision."""

import asyncio
import secrets
import socket
import time
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import TypeVar

from starttls.core.errors import CannotResolve, Misuse, StartTLSError, TimedOut
from starttls.policy.answer import Address, Answer, Status
from starttls.policy.decide import decide, decide_host
from starttls.policy.destination import Action, Decision, Destination, Host, Kind, Reason
from starttls.policy.errors import NoMail, NoService, NotAuthentic, NoUsableMX, PolicyError
from starttls.protocols import ALL
from starttls.protocols.smtp import SMTP
from starttls.resolve.demands import between_servers, demanded, identities
from starttls.resolve.destination import destination, host_at
from starttls.resolve.resolver import PolicyFetcher, Resolver
from starttls.resolve.route import Attempts, ClientOptions, Failures, Route, nowhere
from starttls.resolve.services import Found, Service, Services, services
from starttls.resolve.srv import candidates, label
from starttls.resolve.sts import LearnedPolicies
from starttls.tls.names import ServerIdentity, a_label
from starttls.tls.plan import Plan, Policy
from starttls.tls.target import Target

__all__ = ["Router"]

T = TypeVar("T")

_FORGEABLE = Reason(
    "the SRV records are not signed: an attacker can put another host in this one's place, so DANE is not asked",
    "RFC 7673 §3.1",
)


class Router:
    """Finds ways under the options of one client, and remembers the MTA-STS policies that it learned.

    What stands in the way of all is raised, what stands in one way is its route's error: `PolicyError` or
    `CannotResolve`. `TimedOut` is raised where asking takes too long, and `Misuse` for options that make no sense here.
    """

    def __init__(self, plan: Plan, options: ClientOptions) -> None:
        self.plan = plan
        self._fetcher: PolicyFetcher | None = options.get("fetcher")
        self._learned = LearnedPolicies()
        self._options = options
        self._resolver: Resolver | None = None

    @property
    def resolver(self) -> Resolver:
        """Who is asked."""
        if self._resolver is None:
            given = self._options.get("resolver")
            if given is None or isinstance(given, str):
                from starttls.resolve.dns import DNSResolver  # noqa: PLC0415 - slow; some bring their own

                given = DNSResolver(given)
            self._resolver = given
        return self._resolver

    @property
    def fetcher(self) -> PolicyFetcher:
        """Who fetches MTA-STS policies."""
        if self._fetcher is None:
            from starttls.resolve.https import HTTPSFetcher  # noqa: PLC0415 - the same

            # A web server that is silent must not take the time that the connection needs.
            seconds, ca_file = self.plan.timeouts.connect, self._options.get("ca_file")
            self._fetcher = HTTPSFetcher(self.resolver, ca_file=ca_file, timeout=seconds)
        return self._fetcher

    async def to(self, target: Target) -> Route:
        """The way to the server of a URL, under a policy for which the DNS has to be asked; and what stands in it."""
        timeouts = self.plan.timeouts
        # For MTA-STS a web server has to be asked as well.
        seconds = timeouts.whole if target.protocol is SMTP else min(timeouts.connect, timeouts.whole)
        return await _in_time(self._to(target), seconds, target.host)

    async def mail(self, next_hop: str, port: int) -> Attempts:
        """The ways to the mail hosts of a domain, in the order in which they are to be tried (RFC 5321 §5.1).

        ``next_hop`` may also be a smart host (see `starttls.resolve.destination`); ``port`` is where they listen if it
        names none. Where no policy was chosen it is ``"opportunistic"``. Raises `NoMail`, and `NotAuthentic` where it
        cannot be told where the mail goes.
        """
        self._unnamed()
        policy: Policy = self.plan.policy if self.plan.chosen else "opportunistic"
        asking = self._decided(next_hop, policy, port)
        place, decisions = await _in_time(asking, self.plan.timeouts.whole, f"the mail hosts of {next_hop}")
        if not place.hosts:
            raise decisions[0].error or CannotResolve(place.domain, "no mail host")
        hosts = list(zip(place.hosts, decisions, strict=True))
        # RFC 5321 §5.1: among equals "the sender-SMTP MUST randomize them to spread the load".
        secrets.SystemRandom().shuffle(hosts)
        hosts.sort(key=lambda one: one[0].preference)
        routes = [self._mail_host(host, decision, policy) for host, decision in hosts]
        return Attempts(routes, lambda failures: NoUsableMX(place.domain, failures))

    async def service(self, service: str, domain: str) -> Attempts:
        """The ways to a service that SRV records name (see `starttls.resolve.srv`).

        Raises `NoService`, and `NotAuthentic` where it cannot be told.
        """
        self._unnamed()
        domain, timeouts = a_label(domain), self.plan.timeouts
        seconds = min(timeouts.connect, timeouts.whole)
        routes = await _in_time(self._services(service, domain), seconds, f"the {service} service of {domain}")

        def failed(failures: Failures) -> StartTLSError:
            whys = "; ".join(f"{host}: {error}" for host, error in failures)
            return failures[0][1] if len(failures) == 1 else NoService(domain, service, whys)

        return Attempts(routes, failed)

    async def everything(self, domain: str) -> tuple[Route, ...]:
        """The ways to all that a domain offers (see `starttls.resolve.services`), and what stands in them.

        A lookup that failed is a way that cannot be gone: the place that it would have led to is not known.
        """
        self._unnamed()
        domain = a_label(domain)
        return await _in_time(self._everything(domain), self.plan.timeouts.whole, f"the services of {domain}")

    # -- asking ----------------------------------------------------------------------------------------------

    async def _to(self, target: Target) -> Route:
        there, protocol = f"[{target.host}]:{target.port}", target.protocol
        if protocol is SMTP:  # to mail servers it is a smart host, whose own name is the policy domain (RFC 8461 §3.4)
            place, (decision,) = await self._decided(there, self.plan.policy, target.port)
        else:
            place = await destination(there, self.resolver)
            literal = place.kind is Kind.LITERAL
            decision = (
                decide(place, None)[0] if literal else decide_host(place.hosts[0], smtp=between_servers(protocol))
            )
        expected = identities(decision.names, protocol)
        return self._route(target, place.hosts[0], decision, expected, self.plan.policy)

    async def _decided(self, next_hop: str, policy: Policy, port: int) -> tuple[Destination, tuple[Decision, ...]]:
        place = await destination(next_hop, self.resolver, port=port)
        decisions = decide(place, None)
        if policy != "opportunistic" or place.kind is Kind.LITERAL or not any(map(_can_gain, decisions)):
            return place, decisions
        learned = await self._learned.learn(place.domain, self.resolver, self.fetcher, now=time.time())
        return place, decide(place, learned)

    async def _services(self, service: str, domain: str) -> tuple[Route, ...]:
        found = await candidates(service, domain, self.resolver)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(host_at(one.host, self.resolver, port=one.port)) for one in found]
        return tuple(self._service(one, domain, task.result()) for one, task in zip(found, tasks, strict=True))

    async def _everything(self, domain: str) -> tuple[Route, ...]:
        found = await services(domain, self.resolver)
        if lost := _lost(found):
            return (nowhere("smtp", domain, lost),)
        others = [service for service in found.offered if service.found is not Found.MX]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(host_at(one.host, self.resolver, port=one.port)) for one in others]
        try:
            mail = (await self.mail(domain, 25)).routes
        except NoMail:
            mail = ()
        except PolicyError as error:
            mail = (nowhere("smtp", domain, error),)
        offered = [self._service(one, domain, task.result()) for one, task in zip(others, tasks, strict=True)]
        failed = [nowhere(_scheme(answer), domain, NotAuthentic.of(answer)) for answer in found.failed]
        return tuple(replace(route, domain=domain) for route in (*mail, *offered, *failed))

    # -- routes ----------------------------------------------------------------------------------------------

    def _mail_host(self, host: Host, decision: Decision, policy: Policy) -> Route:
        shown = f"[{host.host}]" if ":" in host.host else host.host
        target = Target(f"smtp://{shown}:{host.port}", SMTP, implicit=False, host=host.host, port=host.port)
        names = (host.host,) if policy == "verify" else decision.names
        return self._route(target, host, decision, identities(names, SMTP), policy)

    def _service(self, service: Service, domain: str, host: Host) -> Route:
        protocol = service.protocol
        scheme = (protocol.implicit if service.implicit else None) or protocol.name
        target = Target(f"{scheme}://{service.host}:{service.port}", protocol, service.implicit, domain, service.port)
        decision = decide_host(host, smtp=False, names=service.names)
        if service.status is not Status.SECURE and decision.error is None:
            decision = Decision(host=host.host, action=Action.OPPORTUNISTIC, sni=domain, reasons=(_FORGEABLE,))
        # RFC 6120 §13.7.2.1: an XMPP server is asked for by the domain.
        names = service.names if protocol.srv_id is None else tuple(reversed(service.names))
        route = self._route(target, host, decision, identities(names, protocol, label(service)), self.plan.policy)
        return replace(route, guessed=service.found is Found.NAME)

    def _route(
        self, target: Target, host: Host, decision: Decision, expected: Sequence[ServerIdentity], policy: Policy
    ) -> Route:
        place = self.plan.address(target)
        elsewhere = place != (target.host, target.port)  # the caller knows where it is
        route = Route(
            target=target,
            host=host.host,
            place=place if elsewhere else (host.host, target.port),
            addresses=None if elsewhere else self._addresses(host),
            decision=decision if policy in {"dane", "opportunistic"} else None,
        )
        try:
            if route.addresses == () and decision.error is None:
                raise CannotResolve(host.host, "no address of this family")
            ca_file, fallback = self._options.get("ca_file"), self._options.get("fallback") is not None
            demand = demanded(
                decision, host, expected, policy=policy, protocol=target.protocol, ca_file=ca_file, fallback=fallback
            )
        except Misuse:
            raise
        except StartTLSError as error:
            return replace(route, error=error)
        return replace(route, demand=demand)

    def _addresses(self, host: Host) -> tuple[str, ...]:
        """Where the host is, in the families that may be used; a host that is an address is there itself."""
        asked = {socket.AF_INET: {"A"}, socket.AF_INET6: {"AAAA"}}.get(self.plan.family, {"A", "AAAA"})
        if not host.addresses:
            return (host.host,)
        found = [answer for answer in reversed(host.located) if answer.question.rdtype in asked]
        return tuple(record.address for answer in found for record in answer.of(Address))

    def _unnamed(self) -> None:
        if self._options.get("name") is not None:
            raise Misuse("it is the DNS that says which servers there are, and for which name each must have proof")


def _can_gain(decision: Decision) -> bool:
    """Could an MTA-STS policy demand more?"""
    return decision.action in {Action.OPPORTUNISTIC, Action.ENCRYPT} or not decision.authentic


def _lost(found: Services) -> NotAuthentic | None:
    """Where every lookup of a domain failed: why, once for all. That one was forged says more than that one failed."""
    answers = (found.mail.mx, *found.failed)
    failed = [answer for answer in answers if answer is not None and not answer.status.usable]
    if len(failed) < 1 + sum(len(protocol.srv) for protocol in ALL):
        return None
    return NotAuthentic.of(next((answer for answer in failed if answer.status is Status.BOGUS), failed[0]))


def _scheme(answer: Answer) -> str:
    """Of the service for whose SRV records was asked."""
    label = ".".join(answer.question.name.split(".", 2)[:2])
    protocol = next(one for one in ALL if label in one.srv)
    return (protocol.implicit if label != protocol.srv[0] else None) or protocol.name


async def _in_time(asking: Coroutine[object, object, T], seconds: float, what: str) -> T:
    try:
        async with asyncio.timeout(seconds):
            return await asking
    except TimeoutError:
        raise TimedOut(seconds, f"resolving {what}") from None
