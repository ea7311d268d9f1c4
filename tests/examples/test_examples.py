"""Every example does what it says: run as a program, against our own servers, with an authority of the moment."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import starttls
from starttls import sync
from starttls.lab.authority import Authority, Files
from starttls.lab.world import World
from starttls.tls.target import Target
from tests.conftest import ROOT
from tests.examples.names import names
from tests.examples.postbox import Postbox, postbox
from tests.hostile import running_world

EXAMPLES = ROOT / "examples"
PATIENCE = 20


@pytest.fixture(scope="module")
def here() -> Generator[World]:
    with running_world() as world:
        yield world


@pytest.fixture
def box(tmp_path: Path) -> Iterator[tuple[Postbox, Path]]:
    """An SMTP server that takes mail, and the file of its authority."""
    authority = Authority()
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(authority.certificate)
    with authority.issue("localhost", "127.0.0.1").files() as files, postbox(files) as running:
        yield running, ca_file


def environment(ca_file: Path) -> dict[str, str]:
    return {**os.environ, "SSL_CERT_FILE": str(ca_file), "PYTHONUNBUFFERED": "1"}


def run(name: str, *arguments: str, ca_file: Path, said: str = "") -> subprocess.CompletedProcess[str]:
    """Run an example to its end."""
    return subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / name, *arguments],
        env=environment(ca_file),
        input=said,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
    )


@contextmanager
def running(name: str, *arguments: str, ca_file: Path) -> Iterator[subprocess.Popen[str]]:
    """An example that goes on until it is interrupted."""
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *arguments]
    with subprocess.Popen(command, env=environment(ca_file), stdout=subprocess.PIPE, text=True) as program:
        try:
            yield program
        finally:
            program.send_signal(signal.SIGINT)
            program.communicate(timeout=PATIENCE)


def url(here: World, scheme: str) -> str:
    return next(url for url in here.honest if url.startswith(f"{scheme}://"))


@pytest.mark.parametrize("scheme", ["smtp", "imap", "xmpp", "ldap", "imaps"])
def test_three_lines(here: World, scheme: str) -> None:
    done = run("three_lines.py", url(here, scheme), ca_file=here.ca_file)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("verified TLSFacts(version='TLSv1.3'")


def test_three_lines_with_an_attacker(here: World) -> None:
    done = run("three_lines.py", here.stripped, ca_file=here.ca_file)
    assert done.returncode == 1
    assert "NotOffered: smtp: STARTTLS is not offered" in done.stderr


def test_a_mail_is_sent(box: tuple[Postbox, Path]) -> None:
    server, ca_file = box
    mail = "Subject: hello\n\nHello.\n.a line with a dot\n"
    done = run("send_mail.py", server.url, "me@example.org", "you@example.org", ca_file=ca_file, said=mail)
    assert (done.returncode, done.stderr) == (0, "")
    assert server.mails == [b"Subject: hello\r\n\r\nHello.\r\n..a line with a dot\r\n"]
    assert server.said[1:3] == [b"MAIL FROM:<me@example.org>", b"RCPT TO:<you@example.org>"]


def test_a_mail_that_is_refused(here: World) -> None:
    done = run("send_mail.py", url(here, "smtp"), "me@example.org", "you@example.org", ca_file=here.ca_file)
    assert (done.returncode, done.stderr.partition(": ")[0]) == (1, "MAIL FROM:<me@example.org>")


@pytest.fixture(scope="module")
def dns() -> Iterator[tuple[dict[tuple[str, str], str], str]]:
    """Records, to be filled in, and the DNS server that has them: whatever is in ``test`` is signed."""
    records: dict[tuple[str, str], str] = {}
    with names(records) as place:
        yield records, place


def test_a_mail_to_a_domain(box: tuple[Postbox, Path], dns: tuple[dict[tuple[str, str], str], str]) -> None:
    (server, ca_file), (records, resolver) = box, dns
    port = server.url.rpartition(":")[2]
    records[f"_{port}._tcp.mx.example.test", "TLSA"] = f"3 1 1 {server.key_digest}"
    arguments = ("me@example.net", "you@example.test", resolver, port)
    done = run("mail_to_a_domain.py", *arguments, ca_file=ca_file, said="Subject: hello\n\nHello.\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("delivered to mx.example.test, dane\n    the MX records are signed: ")
    assert server.mails == [b"Subject: hello\r\n\r\nHello.\r\n"]


@pytest.mark.parametrize(
    ("recipient", "tlsa", "words"),
    [
        (
            "you@example.test",
            64 * "0",
            "the mail waits: no mail exchanger of example.test can be used: mx.example.test: ",
        ),
        ("you@none.test", 64 * "0", "the mail goes back: none.test takes no mail: the domain does not exist"),
    ],
)
def test_a_mail_that_nobody_gets(
    box: tuple[Postbox, Path], dns: tuple[dict[tuple[str, str], str], str], recipient: str, tlsa: str, words: str
) -> None:
    (server, ca_file), (records, resolver) = box, dns
    port = server.url.rpartition(":")[2]
    records[f"_{port}._tcp.mx.example.test", "TLSA"] = f"3 1 1 {tlsa}"
    done = run("mail_to_a_domain.py", "me@example.net", recipient, resolver, port, ca_file=ca_file)
    assert (done.returncode, done.stdout, server.mails) == (1, "", [])
    assert done.stderr.startswith(words)


def test_a_made_up_dns(here: World) -> None:
    done = run("made_up_dns.py", ca_file=here.ca_file)
    assert (done.returncode, done.stderr) == (0, "")
    said = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert said == ["mx1.example.org: dane", "mx2.example.org: defer", "mx.example.net: pkix"]


def test_a_server(tmp_path: Path) -> None:
    authority = Authority()
    ca_file = tmp_path / "ca.pem"
    ca_file.write_bytes(authority.certificate)
    with authority.issue("localhost").files() as files, serving(files, ca_file) as port:
        with sync.connect(f"smtp://localhost:{port}", ca_file=ca_file) as stream:
            stream.write(b"hello\r\n")
            assert (stream.level, stream.readline()) == ("verified", b"HELLO\r\n")
        with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as sock:
            sock.sendall(b"EHLO a\r\nSTARTTLS\r\nhello\r\n")
            assert b"".join(iter(lambda: sock.recv(4096), b"")).endswith(b"554 5.5.1 Data behind STARTTLS\r\n")


@contextmanager
def serving(files: Files, ca_file: Path) -> Iterator[int]:
    arguments = ("smtp://127.0.0.1:0", str(files.chain), str(files.key))
    with running("server.py", *arguments, ca_file=ca_file) as program:
        assert program.stdout is not None
        told = program.stdout.readline()
        yield int(told.rpartition(" ")[2].rstrip(")\n"))


def test_a_loop_of_ones_own(here: World) -> None:
    port = str(Target.parse(url(here, "smtp")).port)
    done = run("selectors_loop.py", "localhost", port, ca_file=here.ca_file)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("250-localhost\n")


def test_a_loop_of_ones_own_with_an_attacker(here: World) -> None:
    port = str(Target.parse(here.stripped).port)
    done = run("selectors_loop.py", "localhost", port, ca_file=here.ca_file)
    assert done.returncode == 1
    assert done.stderr.startswith("smtp: STARTTLS is not offered")


def test_a_world(here: World) -> None:
    with running("world.py", ca_file=here.ca_file) as program:
        assert program.stdout is not None
        told = dict(program.stdout.readline().split(maxsplit=1) for _ in range(4))
        ca_file, honest = Path(told["trust"].strip()), told["honest"].split()
        with sync.connect(honest[0], ca_file=ca_file) as stream:
            assert stream.level == "verified"
        with pytest.raises(starttls.CertificateRejected):
            sync.connect(told["impostor"], ca_file=ca_file)
    assert not ca_file.exists()


def test_every_example_is_run() -> None:
    text = Path(__file__).read_text()
    assert [path.name for path in EXAMPLES.glob("*.py") if f'"{path.name}"' not in text] == []
