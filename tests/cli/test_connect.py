import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from starttls.lab.authority import Authority
from starttls.lab.world import World
from tests import hostile

COMMAND = (sys.executable, "-m", "starttls", "connect")


def connect(*arguments: str, said: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *arguments], input=said, capture_output=True, check=False, timeout=30)


@pytest.fixture
def trust(here: World) -> tuple[str, str]:
    return ("--ca-file", str(here.ca_file))


def url(here: World, scheme: str) -> str:
    return next(url for url in here.honest if url.startswith(f"{scheme}:"))


def test_a_session_on_a_pipe(here: World, trust: tuple[str, str]) -> None:
    done = connect(*trust, url(here, "smtp"), said=b"EHLO me.example.org\r\nQUIT\r\n")
    assert done.returncode == 0
    assert done.stdout == (b"250-localhost\r\n250-8BITMIME\r\n250 ENHANCEDSTATUSCODES\r\n221 2.0.0 Bye\r\n")
    verdict = done.stderr.decode()
    assert verdict.startswith(f"starttls: {url(here, 'smtp')}: upgraded, verified, TLSv1.3, TLS_")
    assert verdict.endswith("certificate for localhost, 127.0.0.1\n")


def test_what_the_server_says_first_is_shown(here: World, trust: tuple[str, str]) -> None:
    done = connect("--quiet", "--linger", "0.3", *trust, url(here, "imaps"))
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] starttls lab\r\n"


def test_bytes_pass_as_they_are_unless_line_ends_are_asked_for(here: World, trust: tuple[str, str]) -> None:
    done = connect("-q", "--crlf", *trust, url(here, "pop3"), said=b"CAPA\nQUIT\n")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, b"+OK Bye")
    request = bytes.fromhex("3025020101632004000a01000a0100020100020100010100870b6f626a656374436c6173733000")
    done = connect("-q", "--linger", "0.5", *trust, url(here, "ldap"), said=request)
    assert done.returncode == 0
    assert b"starttls lab" in done.stdout
    assert done.stdout.startswith(b"0")


def test_it_ends_when_the_server_is_silent_after_stdin_ended(here: World, trust: tuple[str, str]) -> None:
    began = time.monotonic()
    done = connect("--linger", "0.5", *trust, url(here, "smtp"), said=b"NOOP\r\n")
    assert (done.returncode, done.stdout) == (0, b"250 2.0.0 OK\r\n")
    assert time.monotonic() - began < 5


def test_it_ends_with_the_server_though_stdin_is_open(here: World, trust: tuple[str, str]) -> None:
    with subprocess.Popen([*COMMAND, "-q", *trust, url(here, "smtp")], stdin=-1, stdout=-1) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"QUIT\r\n")
        process.stdin.flush()
        assert process.stdout.read() == b"221 2.0.0 Bye\r\n"
        assert process.wait(timeout=10) == 0


def test_a_file_is_as_good_as_a_pipe(here: World, trust: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "said").write_bytes(b"NOOP\r\nQUIT\r\n")
    with (tmp_path / "said").open("rb") as said:
        done = subprocess.run([*COMMAND, "-q", *trust, url(here, "smtp")], stdin=said, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"250 2.0.0 OK\r\n221 2.0.0 Bye\r\n")


def test_an_interruption_is_no_traceback(here: World, trust: tuple[str, str]) -> None:
    with subprocess.Popen([*COMMAND, *trust, url(here, "imaps")], stdin=-1, stdout=-1, stderr=-1) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"* OK")
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 130
        assert process.stderr.read().count(b"\n") == 1


def test_on_a_terminal_return_is_crlf(here: World, trust: tuple[str, str]) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [*COMMAND, *trust, url(here, "smtp")])
    output = b""
    for word, answer in ((b"certificate for", b"QUIT\n"), (b"Bye", b"")):
        while word not in output and select.select([terminal], [], [], 20)[0]:
            output += os.read(terminal, 65536)
        os.write(terminal, answer)
    assert b"221 2.0.0 Bye" in output
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)


def test_nothing_is_said_to_an_impostor(here: World, trust: tuple[str, str]) -> None:
    done = connect(*trust, here.impostor, said=b"a LOGIN me secret\r\n")
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.startswith(b"starttls: error: imap: certificate rejected: issuer unknown")
    done = connect(*trust, here.stripped, said=b"AUTH PLAIN c2VjcmV0\r\n")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"STARTTLS is not offered" in done.stderr


def test_less_has_to_be_asked_for_and_is_a_warning(here: World) -> None:
    done = connect("--level", "encrypted", here.impostor, said=b"a LOGOUT\r\n")
    assert done.returncode == 0
    assert done.stderr.startswith(b"starttls: warning: imap://localhost")
    assert done.stderr.endswith(b": nobody vouches for it\n")


def test_verbose_shows_the_conversation_on_stderr(here: World, trust: tuple[str, str]) -> None:
    done = connect("-v", *trust, url(here, "smtp"), said=b"QUIT\r\n")
    assert done.stdout == b"221 2.0.0 Bye\r\n"
    assert b"\nC: STARTTLS\nS: 220 2.0.0 Ready to start TLS\n" in done.stderr
    assert b"protocol:" not in connect("-v", *trust, url(here, "imaps"), said=b"a LOGOUT\r\n").stderr


def test_unreachable_is_three(cli: Any) -> None:
    done = cli("connect", f"smtp://127.0.0.1:{hostile.closed_port()}")
    assert (done.code, done.out) == (3, "")
    assert done.err.endswith("connection refused\n")
    with hostile.serving(hostile.silent) as port:
        done = cli("connect", "--timeout", "0.3", f"smtp://127.0.0.1:{port}")
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("starttls: error: smtp: timed out after 0.3 s while waiting for the greeting")


def test_a_client_certificate_that_is_none(cli: Any, here: World) -> None:
    done = cli("connect", "--cert", __file__, here.honest[0])
    assert done.code == 2
    assert "no certificate and unencrypted key (PEM) in" in done.err


def test_a_client_certificate_is_read(here: World, trust: tuple[str, str]) -> None:
    with Authority().issue("client.example.org").files() as files:
        arguments = ("-q", *trust, "--cert", str(files.chain), "--key", str(files.key), url(here, "smtp"))
        done = connect(*arguments, said=b"QUIT\r\n")
    assert (done.returncode, done.stdout) == (0, b"221 2.0.0 Bye\r\n")
