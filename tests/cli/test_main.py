import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from typing import Any

import pytest

from starttls.cli import main as main_module
from starttls.cli.main import VERBS, run, starttls
from starttls.core.errors import TimedOut
from starttls.lab.world import World
from tests import hostile

COMMAND = (sys.executable, "-m", "starttls")


def test_without_a_verb_it_shows_what_there_is(cli: Any) -> None:
    done = cli()
    assert done.code == 2
    assert all(f"\n  {verb} " in done.out for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_the_list_says_what_the_verb_says_of_itself(verb: str) -> None:
    command = starttls.get_command(starttls.make_context("starttls", ["--help"], resilient_parsing=True), verb)
    assert command is not None
    assert command.get_short_help_str(200) == VERBS[verb][1]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_examples(cli: Any, verb: str) -> None:
    done = cli(verb, "--help")
    assert (done.code, done.err) == (0, "")
    assert re.search(rf"(?m)^  Examples:\n    starttls {verb}", done.out) or "| starttls" in done.out
    assert max(map(len, done.out.splitlines())) <= 80


def test_the_version(cli: Any) -> None:
    done = cli("--version")
    assert done.code == 0
    assert re.fullmatch(r"starttls \d+\.\d+\.\d+\S*\n", done.out)


def test_a_verb_that_does_not_exist(cli: Any) -> None:
    done = cli("chek", "smtp://a")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "starttls: error: no such verb 'chek': did you mean 'check'?\n"
        "starttls: hint: 'starttls --help' shows what can be said\n"
    )


def test_a_url_instead_of_a_verb(cli: Any) -> None:
    done = cli("smtp://mail.example.org")
    assert done.code == 2
    assert done.err.startswith("starttls: error: no such verb 'smtp://mail.example.org': did you mean 'check smtp://")


def fail_with(error: BaseException) -> Any:
    def main(**_: object) -> int:
        raise error

    return main


def test_an_error_that_ends_the_run_is_one_line(monkeypatch: pytest.MonkeyPatch, cli: Any) -> None:
    monkeypatch.setattr(main_module.starttls, "main", fail_with(TimedOut(3, "a test")))
    done = cli("check")
    assert (done.code, done.out, done.err) == (3, "", "starttls: error: timed out after 3 s in a test\n")


def test_a_bug_says_that_it_is_one(monkeypatch: pytest.MonkeyPatch, cli: Any) -> None:
    monkeypatch.setattr(main_module.starttls, "main", fail_with(ZeroDivisionError("a test")))
    done = cli("check")
    assert done.code == 2
    assert "ZeroDivisionError: a test\n" in done.err
    assert done.err.endswith("starttls: error: this is a bug of starttls: please report it, with the lines above\n")


def test_an_interruption_is_no_traceback(monkeypatch: pytest.MonkeyPatch, cli: Any) -> None:
    monkeypatch.setattr(main_module.starttls, "main", fail_with(KeyboardInterrupt()))
    done = cli("check")
    assert (done.code, done.err) == (130, "starttls: interrupted\n")


def test_help_needs_nothing_heavy() -> None:
    program = """
import sys
from starttls.cli.main import run
run(["--help"])
heavy = {"asyncio", "ssl", "socket", "rich", "cryptography", "msgspec", "importlib.metadata"} & set(sys.modules)
sys.exit(", ".join(sorted(heavy)) or 0)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")


def test_help_answers_at_once() -> None:
    took = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([*COMMAND, "--help"], capture_output=True, check=True, timeout=30)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.15


def test_nobody_reads_the_output() -> None:
    process = subprocess.Popen(
        [*COMMAND, "protocols", "--format", "json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()  # long before it writes
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=30) == 141


def test_a_terminal_that_is_not_utf_8(here: World) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [*COMMAND, "check", here.impostor]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode, done.stderr) == (1, "")
    assert "(RFC 8446 \\xa72)" in done.stdout


def test_an_interrupted_check_prints_what_it_knows(here: World) -> None:
    with hostile.serving(hostile.silent) as port:
        urls = [here.honest[0], f"smtp://127.0.0.1:{port}", here.honest[1]]
        process = subprocess.Popen(
            [*COMMAND, "check", "--ca-file", str(here.ca_file), *urls],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert process.stdout is not None
        first = process.stdout.readline()  # the world's first server; the silent one holds up the rest
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert err == "starttls: interrupted: 2 of 3 targets checked\n"
    assert first.startswith("verified       smtp://localhost")
    assert f"\nverified       {here.honest[1]}" in out
    assert out.endswith("\n2 targets: 2 verified\n")


def on_a_terminal(arguments: Sequence[str], **environment: str) -> str:
    """Run a command line on a terminal of 80 columns; return what the terminal got."""
    pid, terminal = pty.fork()
    if pid == 0:
        environment = {"TERM": "xterm", "COLUMNS": "80"} | environment
        os.execvpe(sys.executable, [*COMMAND, *arguments], {**os.environ, **environment})
    output = b""
    while select.select([terminal], [], [], 20)[0]:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        output += chunk
    os.waitpid(pid, 0)
    os.close(terminal)
    return output.decode()


def test_colours_and_progress_are_for_terminals(honest: Sequence[str]) -> None:
    text = on_a_terminal(["check", *honest])
    assert "\x1b[1;32mverified" in text
    assert "\r\x1b[Kstarttls: 3 of 6 targets checked" in text
    rows = re.sub(r"\x1b\[[0-9;]*[mK]", "", text).split("\r\n")
    assert max(len(row.rpartition("\r")[2]) for row in rows) <= 80


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=["NO_COLOR", "dumb"])
def test_colours_can_be_refused(honest: Sequence[str], environment: dict[str, str]) -> None:
    text = on_a_terminal(["check", *honest], **environment)
    assert "verified" in text
    assert not re.search(r"\x1b\[[0-9;]*3\d[0-9;]*m", text)
    assert "\x1b[31m" not in on_a_terminal(["chek"], **environment)


def test_a_mistake_on_a_terminal_is_in_colour() -> None:
    assert "starttls: \x1b[31m\x1b[1merror:\x1b[0m no such verb" in on_a_terminal(["chek"])


def test_python_dash_m_is_the_same(cli: Any) -> None:
    done = subprocess.run([*COMMAND, "protocols"], capture_output=True, text=True, check=True, timeout=30)
    assert (done.stdout, done.stderr) == (cli("protocols").out, "")
    assert run(["--version"]) == 0
