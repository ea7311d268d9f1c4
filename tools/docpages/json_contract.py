"""The page of the JSON that ``--format json`` writes: of ``starttls check``, ``policy`` and ``tlsa``."""

import ast
import enum
import inspect
import json
import re
import typing
from collections.abc import Iterator

import msgspec

from docpages.docstrings import definition, fenced, markdown, module
from starttls.check import prospect
from starttls.check.observe import State
from starttls.check.report import json as contract
from starttls.check.report.tlsa import TLSADocument
from starttls.policy.answer import Status
from starttls.policy.destination import Action, Kind
from starttls.policy.rollover import State as RolloverState
from starttls.policy.senders import Outcome
from starttls.policy.sts import State as StsState

__all__ = ["page"]

_PRIVATE = re.compile(r"_(Document|Target|Error)\b")
_HEAD = """\
# JSON

`--format json` writes one document to stdout, when all is done. Names and order are a contract: they only ever grow.
The schemas are JSON Schema 2020-12, made from the records that are written.

## `starttls check`

Targets come in the order in which they were given. [Fail a CI job on a downgrade](../howto/check-in-ci.md) shows a
real document.

Everything under `certificate`, and the transcript, are a peer's words. `certificate.verified` says whether they
were proven; the transcript never is.
"""
_STATES = """\
### `state`

What came of the connection. `level` is what it is worth: `none`, `encrypted`, `verified` or `dane`
([levels](../explain/levels.md)).
"""
_MEANINGS = {
    State.UPGRADED: "plaintext, then TLS on the same connection",
    State.IMPLICIT: "TLS from the first byte",
    State.NOT_OFFERED: "the server does not offer the upgrade, or somebody on the path took the offer away",
    State.REFUSED: "the server said no; `error.message` says whether for good or for now",
    State.REJECTED: "the certificate did not verify, `certificate.reason` says why; or the policy demands more than "
    "is published",
    State.FAILED: "an attack, a broken dialogue or handshake, or forged DNS data; `error.class` names it "
    "([errors](errors.md))",
    State.UNREACHABLE: "it could not be told: no address, no connection, or no answer in time, of the DNS either",
}


_POLICY = """\
## `starttls policy`

What a domain makes senders demand ([how a sender decides](../explain/decision.md)). Host names, records, policies and
reasons may hold what others wrote: escape them before you show them.
"""
_TLSA = """\
## `starttls tlsa`

The records of a certificate, and with `--check` whether each host may present it now. `certificate` has a peer's words.
"""
_ROLLOVER = {
    RolloverState.READY: "yes: what is published matches it",
    RolloverState.WAIT: "not yet: the same, but caches may have older records",
    RolloverState.PUBLISH: "not yet: what is published does not match it, for all clients or for some",
    RolloverState.FREE: "yes: it is proven that nothing is published that could be used",
    RolloverState.UNKNOWN: "it could not be told what is published, or nobody can believe it",
}
_WORDS: dict[str, tuple[type[enum.StrEnum], str]] = {
    "dnssec": (Status, "of the way to the mail hosts' names; under `mx`, of the host's addresses and TLSA records"),
    "kind": (Kind, "how the domain came to its hosts"),
    "decision.action": (Action, "what a careful sender does with the host"),
    "mta_sts.state": (StsState, "what came of looking for a policy; `mode` is that of the policy in force"),
    "normal, stripped, forged": (Outcome, "what becomes of a mail: undisturbed, STARTTLS stripped, certificate forged"),
}


def page() -> str:
    """``reference/json.md``."""
    shape = markdown(ast.get_docstring(module("check.report.json")))
    rows = (f"| `{state}` | {_MEANINGS[state]} |" for state in State)
    certificate = markdown(ast.get_docstring(definition("check.observe", "Certificate")))
    parts = [
        _HEAD,
        shape.partition("\n")[2].strip(),
        "`address` is `IP:PORT`, with brackets around IPv6. `seconds` is for the whole connection.",
        f"`certificate`: {certificate}",
        _STATES,
        "\n".join(("| state | meaning |", "|---|---|", *rows)),
        "### Schema of `check`",
        fenced(_schema(contract._Document), "json"),  # noqa: SLF001 - the one place where its shape is
        *_policy(),
        *_tlsa(),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _policy() -> Iterator[str]:
    yield _POLICY
    yield fenced(_shape(prospect.Prospect))
    yield (
        "`downgradable` is true where an attacker on the path can downgrade one of the hosts, false where he cannot, "
        "and null where a lookup failed. `live` is null without `--live`; its `met` is null where it could not be "
        "told. `because` says why there is no host, or not every one. `lookups` has every question that was asked."
    )
    rows = (
        f"| `{name}` | {meaning} | {', '.join(f'`{word}`' for word in words)} |"
        for name, (words, meaning) in _WORDS.items()
    )
    yield "\n".join(("| field | meaning | one of |", "|---|---|---|", *rows))
    yield "### Schema of `policy`"
    yield fenced(_schema(prospect.Prospect), "json")


def _tlsa() -> Iterator[str]:
    yield _TLSA
    yield fenced(_shape(TLSADocument))
    rows = (f"| `{state}` | {_ROLLOVER[state]} |" for state in RolloverState)
    yield "\n".join(("| `rollover.state` | meaning |", "|---|---|", *rows))
    yield "### Schema of `tlsa`"
    yield fenced(_schema(TLSADocument), "json")


def _shape(record: type[msgspec.Struct], indent: str = "") -> str:
    """The names of a record in their order; those of a record inside it on a line of their own."""
    names: list[str] = []
    for one in msgspec.structs.fields(record):
        inner = _inner(one.type)
        if inner is None:
            names.append(f'"{one.encode_name}"')
            continue
        several = typing.get_origin(one.type) is tuple
        shape = _shape(inner, f"{indent}  ")
        names.append(f'\n{indent}  "{one.encode_name}": {f"[{shape}]" if several else shape}')
    return "{" + ", ".join(names).replace(", \n", ",\n") + "}"


def _inner(annotation: object) -> type[msgspec.Struct] | None:
    """The record in a field: by itself, in a tuple, or where there may be none."""
    for one in (annotation, *typing.get_args(annotation)):
        if isinstance(one, type) and issubclass(one, msgspec.Struct):
            return one
    return None


def _schema(record: type[msgspec.Struct]) -> str:
    """The schema, the same from every Python: before 3.13 a docstring keeps the indentation of its lines."""
    schema = msgspec.json.schema(record)
    for each in schema["$defs"].values():
        if "description" in each:
            each["description"] = inspect.cleandoc(each["description"])
    return _PRIVATE.sub(r"\1", json.dumps(schema, indent=2))
