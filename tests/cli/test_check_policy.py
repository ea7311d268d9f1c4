"""``starttls check`` under policies, and of whole domains: a name server and mail servers on loopback."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from starttls.resolve.fake import FakeWorld
from tests.asyncio.peers import honest, in_a_thread
from tests.asyncio.policies import OTHER, Server, make
from tests.cli.names import served

A = "mx.example.org. A 127.0.0.1\n"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    return make(tmp_path_factory.mktemp("policies"))


@pytest.mark.parametrize(
    ("published", "policy", "code", "word", "said"),
    [
        ("{own}", "dane", 0, "dane", "matches the TLSA records, "),
        (
            "{own}",
            "opportunistic",
            0,
            "dane",
            "dane: TLS is required, with a certificate that matches one",
        ),
        (OTHER, "dane", 1, "rejected", "DANE: the certificate matches not the one TLSA record"),
        (OTHER, "opportunistic", 1, "rejected", "not verified: the certificate matches not the one TLSA record"),
        ("", "dane", 1, "rejected", "DANE is required, but mx.example.org publishes no TLSA records that are signed"),
        ("", "opportunistic", 0, "encrypted", "opportunistic: TLS if it is offered"),
        ("; indeterminate", "dane", 3, "unreachable", "TLSA is indeterminate"),
        ("; indeterminate", "opportunistic", 3, "unreachable", "it cannot be told what must be demanded"),
        (OTHER, "verify", 0, "verified", "certificate"),
        (OTHER, "encrypt", 0, "encrypted", "not verified: it was not asked for"),
    ],
)
def test_a_policy(cli: Any, server: Server, published: str, policy: str, code: int, word: str, said: str) -> None:
    with in_a_thread(lambda: honest("smtp", server.pem)) as port:
        tlsa = f"_{port}._tcp.mx.example.org. TLSA {published.format(**server.records)}\n" if published else ""
        with served(FakeWorld.parse(A + tlsa)) as place:
            where = ("--connect", f"127.0.0.1:{port}", "--ca-file", str(server.ca))
            done = cli("check", "--policy", policy, "--resolver", place, *where, f"smtp://mx.example.org:{port}")
    assert (done.code, done.err) == (code, "")
    assert done.out.startswith(f"{word}  ")
    assert said in done.out


def test_what_it_must_be_worth(cli: Any, server: Server) -> None:
    """A level may be demanded on top of the best that is published; and it may stand for its policy."""
    with in_a_thread(lambda: honest("smtp", server.pem)) as port:
        url = f"smtp://mx.example.org:{port}"
        with served(FakeWorld.parse(A)) as place:
            assert cli("check", "--policy", "opportunistic", "--resolver", place, url).code == 0
            assert cli("check", "--policy", "opportunistic", "--level", "verified", "--resolver", place, url).code == 1
            assert cli("check", "--level", "dane", "--resolver", place, url).code == 1
        tlsa = f"_{port}._tcp.mx.example.org. TLSA {server.records['own']}"
        with served(FakeWorld.parse(A + tlsa)) as place:
            assert cli("check", "--level", "dane", "--resolver", place, url).code == 0
            assert cli("check", "--policy", "opportunistic", "--level", "verified", "--resolver", place, url).code == 0


def test_a_configuration_says_the_same(cli: Any, server: Server, tmp_path: Path) -> None:
    with in_a_thread(lambda: honest("smtp", server.pem)) as port:
        tlsa = f"_{port}._tcp.mx.example.org. TLSA {server.records['own']}"
        with served(FakeWorld.parse(A + tlsa)) as place:
            config = tmp_path / "check.toml"
            config.write_text(f'targets = ["smtp://mx.example.org:{port}"]\npolicy = "dane"\nresolver = "{place}"\n')
            done = cli("check", "--config", str(config), "--format", "json")
    document = json.loads(done.out)
    assert (done.code, document["targets"][0]["level"]) == (0, "dane")
    assert document["targets"][0]["policy"]["action"] == "dane"
    assert document["targets"][0]["policy"]["reasons"][0].keys() == {"text", "reference"}
    assert "domain" not in document["targets"][0]


def test_who_connects_under_a_policy(cli: Any, server: Server) -> None:
    """``starttls connect`` sends nothing of what is typed to who is not proven."""
    with in_a_thread(lambda: honest("smtp", server.pem)) as port:
        tlsa = f"_{port}._tcp.mx.example.org. TLSA {OTHER}"
        with served(FakeWorld.parse(A + tlsa)) as place:
            done = cli("connect", "--policy", "dane", "--resolver", place, f"smtp://mx.example.org:{port}")
    assert (done.code, done.out) == (1, "")
    assert "DANE: the certificate matches not the one TLSA record" in done.err


def test_who_connects_demands_a_level(server: Server) -> None:
    """The best that is published may be less than what was demanded: then nothing of what is typed is sent."""
    with in_a_thread(lambda: honest("smtp", server.pem)) as port, served(FakeWorld.parse(A)) as place:
        url = f"smtp://mx.example.org:{port}"
        free, bound = (
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "starttls",
                    "connect",
                    "--policy",
                    "opportunistic",
                    "--resolver",
                    place,
                    *level,
                    url,
                ],
                input=b"hello\r\n",
                capture_output=True,
                check=False,
                timeout=30,
            )
            for level in ((), ("--level", "verified"))
        )
    assert (free.returncode, free.stdout) == (0, b"HELLO\r\n")
    assert (bound.returncode, bound.stdout) == (1, b"")
    assert bound.stderr == b"starttls: error: the session is worth 'encrypted', and 'verified' was demanded\n"


def domain(port: int, server: Server) -> FakeWorld:
    """IMAP and submission by SRV, an MX that nobody answers, and a usual name at which nobody is."""
    return FakeWorld.parse(
        f"""
        example.org.                   MX   10 mx.example.org.
        mx.example.org.                A    127.0.0.9
        _imap._tcp.example.org.        SRV  0 1 {port} imap.example.org.
        imap.example.org.              A    127.0.0.1
        _{port}._tcp.imap.example.org. TLSA {server.records["own"]}
        ldap.example.org.              A    127.0.0.9
        _pop3._tcp.example.org.        SRV  ; indeterminate
        """
    )


def test_a_domain(cli: Any, server: Server) -> None:
    with in_a_thread(lambda: honest("imap", server.pem)) as port, served(domain(port, server)) as place:
        common = ("check", "--timeout", "3", "--resolver", place)
        text = cli(*common, "--policy", "opportunistic", "example.org")
        plain = cli(*common, "--ca-file", str(server.ca), "--format", "json", "Example.ORG.")
    assert (text.code, text.err) == (3, "")
    assert text.out.splitlines()[0] == "example.org"
    assert f"\ndane           imap://imap.example.org:{port}  upgraded at 127.0.0.1:{port}\n" in text.out
    assert "\nunreachable    smtp://mx.example.org:25\n" in text.out
    assert "\nunreachable    pop3://example.org\n" in text.out
    assert "_pop3._tcp.example.org SRV is indeterminate" in text.out
    assert "ldap" not in text.out  # it was only guessed, and nobody is there
    targets = json.loads(plain.out)["targets"]
    assert {target["domain"] for target in targets} == {"example.org"}
    assert {target["target"]: target["level"] for target in targets}[f"imap://imap.example.org:{port}"] == "verified"


def test_a_domain_that_offers_nothing(cli: Any) -> None:
    with served(FakeWorld.parse("example.org. MX 0 .")) as place:
        done = cli("check", "--resolver", place, "example.org", "example.net")
    assert done.code == 3
    assert [line.partition(" nothing found")[0] for line in done.err.splitlines()] == [
        "starttls: warning: example.org:",
        "starttls: warning: example.net:",
    ]


def test_a_domain_of_which_it_cannot_be_told(cli: Any) -> None:
    with served(FakeWorld.parse("example.org. MX ; indeterminate")) as place:
        done = cli("check", "--resolver", place, "example.org")
    assert done.code == 3
    assert "unreachable    smtp://example.org\n  error        DNS: example.org MX is indeterminate" in done.out


def test_a_name_server_that_is_of_no_use(cli: Any) -> None:
    """One line for each domain, and what may help."""
    world = FakeWorld.parse("example.org. ZONE ; indeterminate\nexample.net. ZONE ; indeterminate")
    with served(world) as place:
        done = cli("check", "--resolver", place, "example.org", "example.net")
    assert done.code == 3
    assert done.out.count("unreachable    ") == 2
    assert done.err == (
        "starttls: hint: if every domain fails, ask a DNS server that passes DNSSEC on (--resolver), "
        "or one on this machine that validates (--dnssec ad)\n"
    )


def test_a_name_server_that_is_silent(cli: Any) -> None:
    done = cli("check", "--timeout", "0.5", "--resolver", "192.0.2.1", "--dnssec", "ad", "example.org")
    assert done.code == 3
    assert "timed out after 0.5 s in resolving the services of example.org" in done.out
