"""The page of the JSON that ``starttls check --format json`` writes."""

import ast
import inspect
import json
import re

import msgspec

from docpages.docstrings import definition, fenced, markdown, module
from starttls.check.observe import State
from starttls.check.report import json as contract

__all__ = ["page"]

_PRIVATE = re.compile(r"_(Document|Target|Error)\b")
_HEAD = """\
# JSON of `starttls check`

`starttls check --format json` writes one document to stdout when all targets are done, in the order in which the
targets were given. Names and order are a contract: they only ever grow. [Fail a CI job on a
downgrade](../howto/check-in-ci.md) shows a real one.

Everything under `certificate`, and the transcript, are a peer's words. `certificate.verified` says whether they
were proven; the transcript never is.
"""
_STATES = """\
## `state`

What came of the connection. `level` is what it is worth: `none`, `encrypted`,
`verified` or `dane`
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
        "## Schema\n\nJSON Schema 2020-12, made from the records that are written:",
        fenced(_schema(), "json"),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _schema() -> str:
    """The schema, the same from every Python: before 3.13 a docstring keeps the indentation of its lines."""
    schema = msgspec.json.schema(contract._Document)  # noqa: SLF001 - the one place where its shape is
    for record in schema["$defs"].values():
        if "description" in record:
            record["description"] = inspect.cleandoc(record["description"])
    return _PRIVATE.sub(r"\1", json.dumps(schema, indent=2))
