"""The page of the public names: how they are called, and what their docstrings say."""

import ast
from collections.abc import Iterator

import starttls
from docpages.docstrings import Definition, definition, fenced, markdown, module, signature
from starttls.core import errors
from starttls.policy import errors as policy_errors

__all__ = ["SECTIONS", "page"]

_HEAD = """\
# API

Everything public is in `starttls` itself; a name is imported when it is first used. Types are complete: the package
has `py.typed`. Errors have [a page of their own](errors.md).
"""

SECTIONS = {
    "Clients": ("connect", "connect_mx", "connect_srv", "Client", "Stream", "Level", "Timeouts", "Target"),
    "Policies": ("Decision", "Action", "Reason", "DNSResolver", "Resolver", "PolicyFetcher", "FakeWorld"),
    "Server": ("listen", "Server"),
    "Without I/O": ("Connection", "Phase", "Talk", "ClientSetup", "ServerSetup", "Wait", "Upgrade", "TLSSession"),
    "TLS": ("ImplicitTLS", "client_context", "server_context", "TLSFacts", "CertificateFacts", "read_certificate"),
    "Protocols and transcripts": ("Protocol", "Ports", "Side", "Transcript", "Refusal"),
}
"""Every public name but the errors and the rooms; a test compares them."""

_ELSEWHERE = {"StartTLSError", "Refusal"}
_WITH_MODULE = {"DNSResolver": ("resolve.dns", "resolve.servers"), "FakeWorld": ("resolve.fake",)}
"""Names that are explained where they live: what their modules say stands before them."""

_OPTIONS = """\
### Options of `connect` and `Client`

By keyword, the same for the asynchronous and the blocking client.
"""
_ROOMS = """\
## Rooms

`starttls.sync`
:   The blocking twin: `connect`, `connect_mx`, `connect_srv`, `Client` and `Stream` as above, without `await`, on
    blocking sockets. `Stream.timeout` is the seconds that one read or write may take.

`starttls.protocols`
:   `ALL`, the visible list of [protocols](protocols.md); `by_name(scheme)` and `by_port(port)`, which return the
    protocol and whether TLS is implicit there, or raise `KeyError`.

`starttls.policy.answer`
:   The records of the DNS as resolvers give them and decisions read them: `Answer`, `Status`, `Question`, `MX`,
    `Address`, `TLSA`, `SRV`, `TXT`, `Alias`, `ExtendedError` and `Link`.

`starttls.__version__`
:   The version.
"""


def page() -> str:
    """``reference/api.md``."""
    homes: dict[str, str] = vars(starttls)["_HOME"]
    parts = [_HEAD.rstrip()]
    for title, names in SECTIONS.items():
        parts.append(f"## {title}")
        for name in names:
            parts += _section(homes[name], name)
            if name == "Client":
                parts += [_OPTIONS.rstrip(), *_options()]
    raised = [name for name in (*errors.__all__, *policy_errors.__all__) if name not in _ELSEWHERE]
    listed = ", ".join(f"[`{name}`](errors.md#{name.lower()})" for name in raised)
    return "\n\n".join([*parts, _ROOMS.rstrip(), f"## Errors\n\n`StartTLSError` is the root of {listed}."]) + "\n"


def _options() -> Iterator[str]:
    records = (definition("tls.plan", "Options"), definition("resolve.route", "ClientOptions"))
    lines = [ast.unparse(one) for record in records for one in record.body if isinstance(one, ast.AnnAssign)]
    yield fenced("\n".join(lines), "python")
    yield markdown(ast.get_docstring(definition("tls.plan", "Plan")))
    yield markdown(ast.get_docstring(records[1]))


def _section(home: str, name: str) -> Iterator[str]:
    node = definition(home, name)
    yield f"### {name}"
    for module_name in _WITH_MODULE.get(name, ()):
        yield markdown(ast.get_docstring(module(module_name)))
    if isinstance(node, ast.ClassDef):
        yield from _class(home, node)
    else:
        yield fenced(signature(home, node), "python")
        yield markdown(ast.get_docstring(node))


def _class(home: str, node: ast.ClassDef) -> Iterator[str]:
    made = next((one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"), None)
    if made is not None:
        yield fenced(signature(home, made, node.name), "python")
    yield markdown(ast.get_docstring(node))
    if fields := list(_fields(node)):
        yield "\n".join(fields)
    for member in node.body:
        if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef) and not member.name.startswith("_"):
            yield _member(home, node.name, member)


def _fields(node: ast.ClassDef) -> Iterator[str]:
    """Fields and members of an enumeration, each with the string that stands behind it."""
    for one, behind in zip(node.body, [*node.body[1:], None], strict=True):
        named = isinstance(one, ast.AnnAssign) or (isinstance(one, ast.Assign) and isinstance(one.value, ast.Constant))
        if not named or ast.unparse(one).startswith("_"):
            continue
        match behind:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield f"- `{ast.unparse(one)}`: {' '.join(text.split())}"
            case _:
                yield f"- `{ast.unparse(one)}`"


def _member(home: str, owner: str, node: Definition) -> str:
    assert not isinstance(node, ast.ClassDef)
    marks = {ast.unparse(mark) for mark in node.decorator_list}
    text = markdown(ast.get_docstring(node))
    if "property" in marks:
        kind = ast.unparse(node.returns) if node.returns is not None else ""
        return f"#### {owner}.{node.name}\n\n{fenced(f'{node.name}: {kind}', 'python')}\n\n{text}"
    call = signature(home, node, f"{owner}.{node.name}" if "classmethod" in marks else node.name)
    return f"#### {owner}.{node.name}\n\n{fenced(call, 'python')}\n\n{text}"
