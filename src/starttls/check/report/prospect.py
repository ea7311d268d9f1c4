"""A domain's prospect for people: a tree, the verdict first, then what it rests on.

::

    example.org: no mail host can be downgraded
    ├── MX                 secure  10 mx1.example.org
    ├── mx1.example.org    dane
    │   ├── A              secure  192.0.2.1
    │   ├── TLSA           secure  3 1 1 5f3a...c1 at _25._tcp.mx1.example.org
    │   ├── names          mx1.example.org, example.org
    │   └── because        the MX records are secure (RFC 7672 §2.2.1)
    ├── MTA-STS            none
    ├── TLSRPT             valid   mailto:tls@example.org
    └── senders ...

Whatever a peer or the DNS said is escaped, and never read as markup.
"""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from starttls.check.prospect import Exchanger, LiveSeen, Lookup, Prospect, ReasonSeen, StsSeen, TLSASeen
from starttls.check.report.text import escaped
from starttls.policy.answer import Status
from starttls.policy.destination import Action, Kind

__all__ = ["print_prospect"]

_LABEL = 11
_DIGITS = 24
"""Hexadecimal digits of a TLSA record that are shown; all are in JSON."""

_STATUS = {
    Status.SECURE: "green",
    Status.INSECURE: "yellow",
    Status.BOGUS: "bold red",
    Status.INDETERMINATE: "bold yellow",
}
_ACTION = {
    Action.DANE: "bold green",
    Action.PKIX: "bold green",
    Action.ENCRYPT: "yellow",
    Action.OPPORTUNISTIC: "bold red",
    Action.DEFER: "bold yellow",
    Action.REJECT: "bold",
}
_OUTCOME = {
    "delivers verified": "green",
    "delivers encrypted": "yellow",
    "delivers in clear": "red",
    "unknown": "dim",
}
_VERDICT = {
    True: ("an attacker on the path can downgrade it", "bold red"),
    False: ("no mail host can be downgraded", "bold green"),
    None: ("it could not be told whether it can be downgraded", "bold yellow"),
}


def print_prospect(console: Console, seen: Prospect, *, verbose: bool = False) -> None:
    """Print the tree and the table of senders; with ``verbose`` also every lookup with its chain of trust."""
    words, style = _verdict(seen)
    tree = Tree(Text().append(escaped(seen.domain), "bold").append(": ").append(words, style), guide_style="dim")
    for lookup in _of(seen, seen.domain):
        tree.add(_lookup(lookup))
    for host in seen.mx:
        _add_host(tree, seen, host)
    _add_reasons(tree, seen.because)
    _add_sts(tree, seen.mta_sts)
    _add_reporting(tree, seen)
    if verbose:
        _add_lookups(tree, seen)
    console.print(tree)
    # Where there is no mail nobody sends any; and that we could not ask says nothing of what others are told.
    if seen.senders and seen.kind not in {Kind.NULL, Kind.NOTHING} and seen.dnssec is not Status.INDETERMINATE:
        console.print()
        console.print(_senders(seen))


def _verdict(seen: Prospect) -> tuple[str, str]:
    if seen.kind in {Kind.NULL, Kind.NOTHING}:
        return "it takes no mail", "bold"
    words, style = _VERDICT[seen.downgradable]
    if any(host.live is not None and host.live.met is False for host in seen.mx):
        return f"{words}, but a host does not keep its promise", "bold red"
    return words, style


def _row(label: str, *parts: Text) -> Text:
    row = Text().append(label.ljust(_LABEL), "dim")
    for number, part in enumerate(parts):
        row.append("  " if number else " ").append_text(part)
    row.rstrip()
    return row


def _of(seen: Prospect, name: str) -> Iterator[Lookup]:
    """What was asked at ``name`` itself, but for what has a line of its own."""
    return (one for one in seen.lookups if one.question.rpartition(" ")[0] == name and not one.question.endswith("TXT"))


def _lookup(one: Lookup) -> Text:
    nothing = "none" if one.exists else "no such name"
    what = ", ".join(one.records) or (nothing if one.status.usable else "")
    said = Text(escaped(what))
    if one.aliases:
        said.append(escaped(f" by way of {' -> '.join(one.aliases)}"), "dim")
    if one.reason and not one.status.usable:
        said.append(escaped(one.reason), "dim")
    for extended in one.extended:
        said.append(escaped(f" [{extended}]"), "dim")
    if one.disagreement:
        said.append(escaped(f" {one.disagreement}"), "bold yellow")
    return _row(one.question.rpartition(" ")[2], Text(str(one.status), _STATUS[one.status]), said)


def _add_host(tree: Tree, seen: Prospect, host: Exchanger) -> None:
    decision = host.decision
    preference = f"  preference {host.preference}" if host.preference is not None else ""
    head = Text().append(escaped(host.host), "bold").append(": ").append(str(decision.action), _ACTION[decision.action])
    branch = tree.add(head.append(preference, "dim"))
    if host.host != seen.domain:
        for lookup in _of(seen, host.host):
            branch.add(_lookup(lookup))
    for record in host.tlsa:
        branch.add(_row("TLSA", _tlsa(record)))
    if decision.names:
        branch.add(_row("names", Text(escaped(", ".join(decision.names)))))
    _add_reasons(branch, decision.reasons)
    if host.live is not None:
        branch.add(_row("live", _live(host.live)))


def _add_reasons(tree: Tree, reasons: Sequence[ReasonSeen]) -> None:
    for number, reason in enumerate(reasons):
        cited = Text(escaped(reason.text)).append(escaped(f" ({reason.reference})" if reason.reference else ""), "dim")
        tree.add(_row("" if number else "because", cited))


def _tlsa(record: TLSASeen) -> Text:
    digits = record.data if len(record.data) <= _DIGITS else f"{record.data[:_DIGITS]}..."
    text = Text(f"{record.usage} {record.selector} {record.mtype} {digits}")
    text.append(escaped(f" at {record.owner}"), "dim")
    return text if record.usable else text.append(escaped(f"  cannot be used: {record.reason}"), "yellow")


def _live(live: LiveSeen) -> Text:
    words = {True: ("met", "green"), False: ("not met", "bold red"), None: ("could not be told", "bold yellow")}
    text = Text().append(*words[live.met])
    text.append(f", {live.level}" if live.met else "")
    text.append(f" at {live.address}" if live.address else "")
    return text.append(escaped(f": {live.error}") if live.error else "")


def _add_sts(tree: Tree, sts: StsSeen) -> None:
    style = {"valid": "green", "none": "dim"}.get(sts.state, "bold red")
    said = Text()
    if sts.mode is not None:
        said.append(escaped(f"{sts.mode}, mx {', '.join(sts.mx) or 'none'}, max_age {sts.max_age}, id {sts.id}"))
    branch = tree.add(_row("MTA-STS", Text(str(sts.state), style), said))
    for error in sts.errors:
        branch.add(Text(escaped(error), "yellow"))


def _add_reporting(tree: Tree, seen: Prospect) -> None:
    reporting = seen.tls_rpt
    style = {"valid": "green", "none": "dim"}.get(reporting.state, "bold red")
    branch = tree.add(_row("TLSRPT", Text(reporting.state, style), Text(escaped(", ".join(reporting.rua)))))
    for error in reporting.errors:
        branch.add(Text(escaped(error), "yellow"))


def _add_lookups(tree: Tree, seen: Prospect) -> None:
    branch = tree.add(Text("lookups", "bold"))
    for one in seen.lookups:
        head = Text(escaped(one.question), "bold").append(f"  {one.status}", _STATUS[one.status])
        leaf = branch.add(head.append(escaped(f"  ttl {one.ttl}, from {one.server}"), "dim"))
        for line in (*one.records, *(f"alias {alias}" for alias in one.aliases), *one.chain, one.reason):
            if line:
                leaf.add(Text(escaped(line)))


def _senders(seen: Prospect) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("sender", "normally", "STARTTLS stripped", "certificate forged", "known"):
        table.add_column(column, no_wrap=column == "sender")
    for one in seen.senders:
        outcomes = (Text(str(value), _OUTCOME.get(value, "")) for value in (one.normal, one.stripped, one.forged))
        table.add_row(Text(escaped(one.name)), *outcomes, Text(str(one.confidence), "dim"))
    return table
