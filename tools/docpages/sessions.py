"""Runs what the tutorial and the guides show, so that every output on a page is one that was seen.

A block of ``console`` holds commands (``$ ...``) and what they printed; one with a title that begins with "Another"
keeps running until the page ends. Other blocks whose title is a file's name are that file. Ports and folders differ
each time: those of the page are kept, and so is an output that differs in nothing else.
"""

import os
import re
import selectors
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from docpages.docstrings import ROOT

__all__ = ["PLAYED", "played"]

PLAYED = (
    "docs/tutorial/first-connection.md",
    "docs/howto/check-in-ci.md",
    "docs/howto/made-up-dns.md",
    "docs/howto/send-mail.md",
    "docs/howto/server.md",
)
"""The pages whose commands are run."""

_FENCE = re.compile(r'^```(\w+)(?: title="([^"]*)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
# A port behind an address, as URLs and as Python write it, and a folder of ours; read, never written.
_PLACE = re.compile(r"(?<=localhost:)\d+|(?<=127\.0\.0\.1:)\d+|(?<=127\.0\.0\.1[\x22'], )\d+|/tmp/starttls-\w+")
_CHANGING = (
    (_PLACE, "PLACE"),
    (re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+Z?)?"), "DATE"),
    (re.compile(r"\d+ days left"), "DAYS"),
    (re.compile(r'"seconds": [\d.]+|in [\d.]+s\b'), "SECONDS"),
    (re.compile(r"\b[0-9a-f]{16,}\b"), "HEX"),
    (re.compile(r"\b[CS][0-9a-f]{16}\b"), "TAG"),
    (re.compile(r"x25519\w*", re.IGNORECASE), "GROUP"),
)
_QUIET, _PATIENCE = 1.0, 30.0
"""Seconds of silence after which a program that keeps running has said what it says, and that anything may take."""
_DONE = "@@ done @@"


@dataclass
class _Page:
    """The terminals of one page. ``places`` are the ports and folders of the page, and what they are today."""

    folder: Path
    places: dict[str, str] = field(default_factory=dict)
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start a program in the page's folder."""
        keep = {name: os.environ[name] for name in ("LANG", "LC_ALL") if name in os.environ}
        path = f"{ROOT}/.venv/bin:{os.environ['PATH']}"
        new = {"PATH": path, "HOME": str(self.folder), "TERM": "dumb", "PYTHONUNBUFFERED": "1", **keep}
        program = subprocess.Popen(
            command,
            cwd=self.folder,
            env=new,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.running.append(program)
        return program

    def today(self, text: str) -> str:
        """``text`` of the page with the ports of today."""
        return _replaced(text, self.places)

    def kept(self, shown: str, printed: str) -> str:
        """What the page should show: ``shown``, unless ``printed`` says something else."""
        printed = _replaced(printed, {new: old for old, new in self.places.items()})
        return shown if _stable(shown) == _stable(printed) else printed


def played(markdown: str) -> str:
    """The page with what its commands print today."""
    with _page() as page:
        shell = page.start("bash")

        def block(match: re.Match[str]) -> str:
            kind, title, body = match[1], match[2] or "", match[3]
            if kind != "console":
                if re.fullmatch(r"[\w.-]+\.\w+", title):
                    (page.folder / title).write_text(page.today(body))
                return match[0]
            done = _background(page, body) if title.startswith("Another") else _foreground(page, shell, body)
            return match[0].replace(body, done) if body else match[0]

        return _FENCE.sub(block, markdown)


@contextmanager
def _page() -> Iterator[_Page]:
    with tempfile.TemporaryDirectory() as name:
        page = _Page(Path(name))
        (page.folder / "examples").symlink_to(ROOT / "examples")
        try:
            yield page
        finally:
            for program in reversed(page.running):
                _end(program)


def _end(program: subprocess.Popen[str]) -> None:
    """End a program of ours, and what it started."""
    if program.poll() is None:
        os.killpg(program.pid, signal.SIGINT if program.args != ("bash",) else signal.SIGKILL)
    program.communicate(timeout=_PATIENCE)


def _commands(body: str) -> Iterator[tuple[str, str]]:
    """Each command of a block, and what it printed."""
    for entry in re.split(r"^(?=\$ )", body, flags=re.MULTILINE):
        command, _, shown = entry.partition("\n")
        while shown.startswith("> "):
            more, _, shown = shown.partition("\n")
            command += "\n" + more
        if command:
            yield command, shown


def _typed(command: str) -> str:
    return "\n".join(line[2:] for line in command.split("\n"))


def _background(page: _Page, body: str) -> str:
    [(command, shown)] = _commands(body)
    program = page.start("bash", "-c", f"exec {page.today(_typed(command))}")
    assert program.stdout is not None
    printed = _printed(program.stdout)
    page.places |= dict(zip(_PLACE.findall(shown), _PLACE.findall(printed), strict=False))
    return f"{command}\n{page.kept(shown, printed)}"


def _printed(out: IO[str], done: str = "") -> str:
    """What a program prints until ``done``, or until it falls silent. Raises `TimeoutError`."""
    os.set_blocking(out.fileno(), False)
    printed = ""
    with selectors.DefaultSelector() as selector:
        selector.register(out, selectors.EVENT_READ)
        while selector.select(_PATIENCE if done or not printed else _QUIET):
            piece = os.read(out.fileno(), 65536).decode()
            printed += piece
            if not piece or (done and printed.endswith(done)):
                return _lines(printed.removesuffix(done))
    if done or not printed:
        raise TimeoutError(f"no end within {_PATIENCE} s of: {printed}")
    return _lines(printed)


def _lines(printed: str) -> str:
    """What a terminal shows: a peer's CRLF ends a line like any other."""
    return printed.replace("\r\n", "\n")


def _foreground(page: _Page, shell: subprocess.Popen[str], body: str) -> str:
    assert shell.stdin is not None
    assert shell.stdout is not None
    parts: list[str] = []
    for command, shown in _commands(body):
        # What a command says of its end ($?) is there for the next one, as on a terminal.
        shell.stdin.write(f"{page.today(_typed(command))}\n(code=$?; echo '{_DONE}'; exit $code)\n")
        shell.stdin.flush()
        printed = _printed(shell.stdout, f"{_DONE}\n")
        parts.append(f"{command}\n{page.kept(shown, printed)}")
    return "".join(parts)


def _replaced(text: str, places: dict[str, str]) -> str:
    return _PLACE.sub(lambda match: places.get(match[0], match[0]), text)


def _stable(text: str) -> str:
    for changing, word in _CHANGING:
        text = changing.sub(word, text)
    return text.strip()
