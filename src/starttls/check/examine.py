"""Looks at one domain as a careful sender would, and tells all that was seen: a `Prospect`."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from starttls.asyncio.client import Client
from starttls.check.observe import Observation, State, observe
from starttls.check.prospect import (
    DecisionSeen,
    Exchanger,
    LiveSeen,
    Lookup,
    Prospect,
    ReasonSeen,
    ReportingSeen,
    SenderSeen,
    StsSeen,
    TLSASeen,
)
from starttls.core.errors import Misuse
from starttls.policy import sts as mta_sts
from starttls.policy.answer import MX, SRV, TLSA, TXT, Address, Answer, Record, Status
from starttls.policy.decide import decide, downgradable
from starttls.policy.destination import Decision, Destination, Host, Kind
from starttls.policy.outcomes import outcomes
from starttls.policy.profiles import SENDERS
from starttls.policy.senders import Sender
from starttls.policy.sts import Learned
from starttls.policy.tlsa import usable
from starttls.policy.tlsrpt import Reporting, reporting
from starttls.resolve.destination import destination
from starttls.resolve.resolver import PolicyFetcher, Resolver
from starttls.resolve.sts import learn
from starttls.tls.level import Level

__all__ = ["Recorder", "examine", "live"]


_UNTRIED = LiveSeen(met=None, level=Level.NONE, address=None, error="no connection was tried")


class Recorder:
    """A resolver that remembers what it was asked and what came back, in the order of asking."""

    def __init__(self, resolver: Resolver) -> None:
        self.answers: dict[tuple[str, str], Answer] = {}
        self._resolver = resolver

    async def query(self, name: str, rdtype: str) -> Answer:
        """Ask, and remember."""
        answer = await self._resolver.query(name, rdtype)
        return self.answers.setdefault((answer.question.name, rdtype), answer)


async def examine(
    domain: str,
    resolver: Resolver,
    fetcher: PolicyFetcher,
    *,
    port: int = 25,
    only: Sequence[str] = (),
    senders: Sequence[Sender] = SENDERS,
    reached: Mapping[str, LiveSeen] | None = None,
) -> Prospect:
    """Ask for all that a sender may know about ``domain``, and decide.

    ``domain`` may be a smart host (see `starttls.resolve.destination`); ``port`` is where its mail hosts listen.
    ``only`` are the hosts to look at, by default all; ``reached`` is what `live` saw, where that was asked for. Raises
    `Misuse` for what is no domain, and for a host that is none of the domain's; nothing for what the world does.
    """
    recorder = Recorder(resolver)
    place = _narrowed(await destination(domain, recorder, port=port), only)
    async with asyncio.TaskGroup() as group:
        if place.kind is Kind.LITERAL:  # nothing can be published about it
            sts, reports = None, Reporting(state=mta_sts.State.NONE)
        else:
            learning = group.create_task(learn(place.domain, recorder, fetcher, now=time.time()))
            asking = group.create_task(recorder.query(f"_smtp._tls.{place.domain}", "TXT"))
            sts, reports = await learning, reporting(await asking)
    decisions = decide(place, sts)
    because = _unseen(place.unseen) if place.hosts else _decision(decisions[0]).reasons
    hosts = zip(place.hosts, decisions[: len(place.hosts)], strict=True)
    return Prospect(
        domain=place.domain,
        dnssec=place.status,
        kind=place.kind,
        mx=tuple(_exchanger(host, decision, place, reached) for host, decision in hosts),
        mta_sts=_sts(sts),
        tls_rpt=ReportingSeen(state=reports.state, rua=reports.rua, errors=reports.errors),
        senders=tuple(_sender(sender, place, sts) for sender in senders),
        downgradable=downgradable(decisions, unseen=place.unseen),
        because=because,
        lookups=tuple(_lookup(answer) for answer in recorder.answers.values()),
    )


def _narrowed(place: Destination, only: Sequence[str]) -> Destination:
    """The destination with some of its hosts alone."""
    wanted = _wanted(only)
    if strangers := sorted(wanted - {host.host for host in place.hosts}):
        has = ", ".join(host.host for host in place.hosts) or "none"
        raise Misuse(f"{', '.join(strangers)} is no mail host of {place.domain}, which has: {has}")
    hosts = tuple(host for host in place.hosts if host.host in wanted)
    return replace(place, hosts=hosts, unseen=0) if wanted else place


def _wanted(only: Sequence[str]) -> set[str]:
    return {host.removesuffix(".").lower() for host in only}


async def live(client: Client, domain: str, *, port: int = 25, only: Sequence[str] = ()) -> dict[str, LiveSeen]:
    """Connect to each mail host of ``domain``, or to ``only`` some, under its own decision, and tell what it came to.

    ``client`` has the policy. Raises what `Client.connect_mx` raises where there is no host at all.
    """
    routes = (await client.router.mail(domain, port)).routes
    async with asyncio.TaskGroup() as group:
        chosen = [route for route in routes if not only or route.host in _wanted(only)]
        tasks = {route.host: group.create_task(observe(client, route)) for route in chosen}
    return {host: _live(task.result()) for host, task in tasks.items()}


def _live(seen: Observation) -> LiveSeen:
    error = seen.error.message if seen.error is not None else None
    met = None if seen.state is State.UNREACHABLE else error is None
    return LiveSeen(met=met, level=seen.level, address=seen.address, error=error)


# --- what was seen, as records --------------------------------------------------------------------


def _exchanger(host: Host, decision: Decision, place: Destination, reached: Mapping[str, LiveSeen] | None) -> Exchanger:
    status = Status.SECURE
    for answer in (*(host.located or host.addresses), *host.tlsa):
        status = status.weaker(answer.status)
    return Exchanger(
        host=host.host,
        preference=host.preference if place.kind is Kind.MX else None,
        dnssec=status if host.addresses else Status.INSECURE,
        tlsa=tuple(_tlsa(record, answer) for answer in host.tlsa for record in answer.of(TLSA)),
        decision=_decision(decision),
        addresses=tuple(record.address for answer in host.located for record in answer.of(Address)),
        live=reached.get(host.host, _UNTRIED) if reached is not None else None,
    )


def _unseen(count: int) -> tuple[ReasonSeen, ...]:
    """What is to be said of mail hosts that were not looked at."""
    which = "1 more mail host was" if count == 1 else f"{count} more mail hosts were"
    text = f"{which} not looked at, the least preferred"
    return (ReasonSeen(text=text, reference="RFC 5321 §5.1"),) if count else ()


def _tlsa(record: TLSA, answer: Answer) -> TLSASeen:
    why = usable(record, smtp=True)
    if why is None and answer.status is not Status.SECURE:
        why = f"it is {answer.status}"
    return TLSASeen(
        usage=record.usage,
        selector=record.selector,
        mtype=record.mtype,
        data=record.data.hex(),
        usable=why is None,
        reason=why,
        owner=answer.question.name,
    )


def _decision(decision: Decision) -> DecisionSeen:
    reasons = tuple(ReasonSeen(text=one.text, reference=one.reference) for one in decision.reasons)
    return DecisionSeen(action=decision.action, names=decision.names, sni=decision.sni, reasons=reasons)


def _sts(sts: Learned | None) -> StsSeen:
    if sts is None:
        return StsSeen(state=mta_sts.State.NONE, mode=None, mx=(), max_age=None, id=None, errors=())
    policy = sts.policy
    return StsSeen(
        state=sts.state,
        mode=policy.mode if policy is not None else None,
        mx=policy.mx if policy is not None else (),
        max_age=policy.max_age if policy is not None else None,
        id=sts.id,
        errors=sts.errors,
    )


def _sender(sender: Sender, place: Destination, sts: Learned | None) -> SenderSeen:
    does = outcomes(sender, place, sts)
    return SenderSeen(
        name=sender.name,
        normal=does.normal,
        stripped=does.stripped,
        forged=does.forged,
        source=", ".join(sender.sources),
        confidence=sender.confidence,
    )


def _lookup(answer: Answer) -> Lookup:
    return Lookup(
        question=str(answer.question),
        status=answer.status,
        ttl=answer.ttl,
        records=tuple(_text(record) for record in answer.records),
        exists=answer.exists,
        aliases=tuple(f"{one.name} -> {one.target} ({one.status})" for one in answer.aliases),
        reason=answer.reason,
        extended=tuple(f"EDE {one.code}" + (f": {one.text}" if one.text else "") for one in answer.extended),
        chain=tuple(f"{link.zone}: {link.status}: {link.detail}" for link in answer.chain),
        disagreement=answer.disagreement,
        server=answer.server,
    )


def _text(record: Record) -> str:
    """A record as zone files write it."""
    match record:
        case Address():
            return record.address
        case MX():
            return f"{record.preference} {record.host}"
        case SRV():
            return f"{record.priority} {record.weight} {record.port} {record.target}"
        case TXT():
            return " ".join(f'"{part.decode(errors="backslashreplace")}"' for part in record.strings)
        case TLSA():
            return str(record)
