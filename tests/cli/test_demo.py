import os
import re
import subprocess
import sys
import time
from pathlib import Path


def demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", "-m", "starttls", "demo", *arguments]
    env = {**os.environ, "TMPDIR": str(folder)}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=env)


def test_a_newcomer_sees_good_and_bad_in_seconds(tmp_path: Path) -> None:
    began = time.monotonic()
    done = demo(tmp_path)
    assert time.monotonic() - began < 15
    assert (done.returncode, done.stderr) == (0, "")
    good, _, bad = done.stdout.partition("6 targets: 6 verified")
    assert re.findall(r"(?m)^verified       (\w+)://", good) == ["smtp", "imap", "pop3", "xmpp", "ldap", "imaps"]
    assert re.findall(r"(?m)^(not offered|rejected)  ", bad) == ["not offered", "rejected"]
    assert "starttls check smtp://mail.example.org" in bad
    assert max(len(row) for row in done.stdout.splitlines() if not row.startswith("  ")) <= 80
    assert list(tmp_path.iterdir()) == []


def test_verbose_shows_the_conversations(tmp_path: Path) -> None:
    done = demo(tmp_path, "-v")
    assert done.returncode == 0
    assert done.stdout.count("\n  transcript\n") == 7
