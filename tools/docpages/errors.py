"""The page of the errors: the tree, and for each error when it happens and what it carries."""

import ast
from collections.abc import Iterator

from docpages.docstrings import ROOT, definition, fenced, markdown, module
from starttls.cli.voice import exit_for
from starttls.core import errors
from starttls.core.errors import StartTLSError
from starttls.core.transcript import Transcript
from starttls.policy import errors as policy_errors

__all__ = ["page"]

_MODULES = {errors.__name__: "core.errors", policy_errors.__name__: "policy.errors"}
"""Where errors are, and what a page calls it."""


def page() -> str:
    """``reference/errors.md``."""
    trees = [markdown(ast.get_docstring(module(name))) for name in _MODULES.values()]
    parts = ["# Errors", *trees, *_common()]
    for error in _tree(StartTLSError):
        parts += _section(error)
    return "\n\n".join(parts) + "\n"


def _common() -> Iterator[str]:
    root = definition("core.errors", "StartTLSError")
    yield "## What every error carries"
    yield fenced("\n".join(ast.unparse(node) for node in root.body if isinstance(node, ast.AnnAssign)), "python")
    yield (
        "`str(error)` is one line. `error.what` is the same without its place. `error.transcript.text` is the "
        "conversation before TLS in [the text form](transcripts.md): as it stands, it is a test vector."
    )


def _tree(error: type[StartTLSError]) -> Iterator[type[StartTLSError]]:
    for child in error.__subclasses__():
        if child.__module__ in _MODULES:
            yield child
            yield from _tree(child)


def _section(error: type[StartTLSError]) -> Iterator[str]:
    node = definition(_MODULES[error.__module__], error.__name__)
    fields = [ast.unparse(one) for one in node.body if isinstance(one, ast.AnnAssign)]
    leaf = bool(fields) or not error.__subclasses__()
    yield f"{'###' if leaf else '##'} {error.__name__}"
    yield markdown(ast.get_docstring(node))
    if leaf:
        yield fenced("\n".join(fields), "python")
        withheld = ", and with 3 where it could not be told" if error is policy_errors.NotAuthentic else ""
        yield f"A command line that it ends exits with {exit_for(_bare(error)).value}{withheld}."
        yield from _example(error)


def _bare(error: type[StartTLSError]) -> StartTLSError:
    return error.__new__(error)


def _example(error: type[StartTLSError]) -> Iterator[str]:
    """A transcript of the conformance suite that ends so, the first that says how the error reads."""
    for path in sorted((ROOT / "tests/transcripts").glob("*/*.txt")):
        headers = Transcript.parse(path.read_text("ascii")).headers
        if headers["expect"] == error.__name__ and "what" in headers:
            name = path.relative_to(ROOT / "tests/transcripts")
            yield f"For example [{name}](../../tests/transcripts/{name}) ({headers.get('about', 'no comment')}):"
            yield fenced(f"{headers['protocol']}: {headers['what']}")
            return
