"""Docstrings as Markdown, and what the source says of a name: read, never run."""

import ast
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path

__all__ = ["ROOT", "Definition", "definition", "fenced", "markdown", "module", "signature"]

ROOT = Path(__file__).resolve().parent.parent.parent
Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

_ARGUMENT = re.compile(r" {4}(\w+): (.*)")
_FACT = re.compile(r"(\w+): +(.*)")
_FEW = 3
"""Lines of two columns that make a list."""
_RULE = re.compile(r"=+( =+)+")
_WIDTH = 88


@cache
def module(name: str) -> ast.Module:
    """The source of ``starttls.<name>``."""
    path = ROOT / "src/starttls" / name.replace(".", "/")
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(file.read_text())


def definition(home: str, name: str) -> Definition:
    """The class or function ``name`` of a module, or of the one that it comes from. Raises `KeyError`."""
    for node in module(home).body:
        if isinstance(node, Definition) and node.name == name:
            return node
        if isinstance(node, ast.ImportFrom) and name in {alias.name for alias in node.names}:
            return definition((node.module or "").removeprefix("starttls."), name)
    raise KeyError(f"{home}.{name}")


def signature(home: str, node: ast.FunctionDef | ast.AsyncFunctionDef, name: str = "") -> str:
    """How a function of a module is called, on one line or on one line an argument, without ``self``."""
    arguments = [one for one in _arguments(home, node.args) if one not in {"self", "cls", "seal: object"}]
    start = f"{'await ' if isinstance(node, ast.AsyncFunctionDef) else ''}{name or node.name}("
    returned = ast.unparse(node.returns).strip("'") if node.returns is not None and node.name != "__init__" else ""
    end = f") -> {returned}" if returned else ")"
    whole = f"{start}{', '.join(arguments)}{end}"
    if len(whole) <= _WIDTH:
        return whole
    rows = "".join(f"    {one},\n" for one in arguments)
    return f"{start}\n{rows}{end}"


def _arguments(home: str, arguments: ast.arguments) -> Iterator[str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    without = len(positional) - len(arguments.defaults)
    for number, one in enumerate(positional):
        yield _argument(home, one, arguments.defaults[number - without] if number >= without else None)
    if arguments.vararg is not None:
        yield f"*{ast.unparse(arguments.vararg)}"
    elif arguments.kwonlyargs:
        yield "*"
    for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        yield _argument(home, one, value)
    if arguments.kwarg is not None:
        yield f"**{ast.unparse(arguments.kwarg)}"


def _argument(home: str, argument: ast.arg, default: ast.expr | None) -> str:
    return ast.unparse(argument) + (f" = {ast.unparse(_constant(home, default))}" if default is not None else "")


def _constant(home: str, value: ast.expr) -> ast.expr:
    """What a name in capitals stands for: a number says more to a reader."""
    if not isinstance(value, ast.Name) or not value.id.isupper():
        return value
    for node in module(home).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == value.id:
            return node.value
        if isinstance(node, ast.ImportFrom) and value.id in {alias.name for alias in node.names}:
            return _constant((node.module or "").removeprefix("starttls."), value)
    return value


def fenced(text: str, language: str = "text") -> str:
    """A block of code."""
    return f"```{language}\n{text.rstrip()}\n```"


def markdown(docstring: str | None) -> str:
    """A docstring of ours in Markdown: literal blocks, tables and lists of arguments become what they are there."""
    lines = (docstring or "").rstrip().split("\n")
    blocks: list[str] = []
    at = 0
    while at < len(lines):
        take = next(length for length in (_literal(lines, at), _table(lines, at), _list(lines, at), 1) if length)
        blocks += _block(lines[at : at + take])
        at += take
    return re.sub(r"\n{3,}", "\n\n", "\n".join(blocks)).strip()


def _block(lines: list[str]) -> list[str]:
    match lines:
        case [line]:
            return [line]
        case [first, *rest] if first.endswith("::"):
            text = first.removesuffix("::")
            code = textwrap.dedent("\n".join(rest)).strip("\n")
            return [*([f"{text}:"] if text else []), "", *fenced(code).split("\n"), ""]
        case [first, *_] if _RULE.fullmatch(first):
            return ["", *fenced("\n".join(lines)).split("\n"), ""]
        case ["Args:", *rest]:
            return ["", *_items(rest, _ARGUMENT), ""]
        case _:
            return ["", *_items(lines, _FACT), ""]


def _literal(lines: list[str], at: int) -> int:
    """The lines of a literal block: those behind ``::`` that are indented."""
    if not lines[at].endswith("::"):
        return 0
    end = at + 1
    while end < len(lines) and (not lines[end] or lines[end].startswith("    ")):
        end += 1
    return end - at


def _table(lines: list[str], at: int) -> int:
    if not _RULE.fullmatch(lines[at]):
        return 0
    return max(end for end in range(at, len(lines)) if _RULE.fullmatch(lines[end])) - at + 1


def _list(lines: list[str], at: int) -> int:
    """The lines of ``Args:``, or of facts in two columns."""
    end = at + 1
    if lines[at] == "Args:":
        while end < len(lines) and lines[end].startswith("    "):
            end += 1
        return end - at
    while end < len(lines) and _FACT.fullmatch(lines[at]) and (_FACT.fullmatch(lines[end]) or lines[end][:1] == " "):
        end += 1
    return end - at if end - at >= _FEW else 0


def _items(lines: list[str], shape: re.Pattern[str]) -> Iterator[str]:
    for line in lines:
        if match := shape.fullmatch(line):
            yield f"- `{match[1]}`: {match[2]}"
        else:
            yield f"  {line.strip()}"
