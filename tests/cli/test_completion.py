import os
import subprocess
import sys
from typing import Any

import pytest


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(cli: Any, shell: str) -> None:
    done = cli("completion", shell)
    assert (done.code, done.err) == (0, "")
    assert f"_STARTTLS_COMPLETE={shell}_complete" in done.out


def test_another_shell_has_none(cli: Any) -> None:
    done = cli("completion", "tcsh")
    assert (done.code, done.out) == (2, "")
    assert "'tcsh' is not one of 'bash', 'zsh', 'fish'" in done.err


def completed(words: str, index: int) -> list[str]:
    variables = {"_STARTTLS_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(index)}
    done = subprocess.run(
        [sys.executable, "-c", "from starttls.cli.main import main; main()"],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return [row.partition(",")[2] for row in done.stdout.split()]


def test_a_shell_learns_verbs_options_and_schemes() -> None:
    assert completed("starttls co", 1) == ["connect", "config", "completion"]
    assert completed("starttls check --co", 2) == ["--connect", "--concurrency", "--config"]
    assert completed("starttls check imap", 2) == ["imap://", "imaps://"]
