import json
import re
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from starttls.lab.world import World
from tests import hostile


def test_an_honest_world_is_verified(cli: Any, honest: Sequence[str]) -> None:
    done = cli("check", *honest)
    assert (done.code, done.err) == (0, "")
    assert len(re.findall(r"(?m)^verified       \w+://localhost:\d+  (upgraded|implicit TLS) at 127", done.out)) == 6
    assert done.out.endswith("\n6 targets: 6 verified\n")


def test_json_is_one_document_in_the_order_of_the_targets(cli: Any, here: World) -> None:
    targets = [here.stripped, *here.honest, here.impostor, "smtp://nowhere.invalid"]
    done = cli("check", "--format", "json", "--ca-file", str(here.ca_file), *targets)
    document = json.loads(done.out)
    assert (done.code, done.err) == (1, "")
    assert [target["target"] for target in document["targets"]] == targets
    states = ["not-offered", *["upgraded"] * 5, "implicit", "rejected", "unreachable"]
    assert [target["state"] for target in document["targets"]] == states


def test_the_worst_that_is_known_wins(cli: Any, here: World) -> None:
    trust = ("--ca-file", str(here.ca_file))
    unreachable = f"smtp://127.0.0.1:{hostile.closed_port()}"
    assert cli("check", *trust, here.honest[0], unreachable).code == 3
    assert cli("check", *trust, here.honest[0], unreachable, here.stripped).code == 1
    assert cli("check", *trust, here.impostor).code == 1


def test_encrypted_is_enough_where_it_is_asked_for_by_name(cli: Any, here: World) -> None:
    done = cli("check", "--level", "encrypted", here.impostor)
    assert done.code == 0
    assert done.out.startswith("encrypted      imap://")
    assert "not verified: it was not asked for" in done.out
    assert cli("check", "--level", "encrypted", here.stripped).code == 1


def test_without_the_authority_nothing_is_verified(cli: Any, here: World) -> None:
    done = cli("check", here.honest[0])
    assert done.code == 1
    assert "certificate rejected: issuer unknown" in done.out


def test_another_name_and_another_address(cli: Any, here: World) -> None:
    trust = ("--ca-file", str(here.ca_file))
    port = here.honest[0].rpartition(":")[2]
    done = cli("check", *trust, "--connect", f"127.0.0.1:{port}", "--name", "localhost", "smtp://mail.example.org")
    assert done.code == 0
    assert done.out.startswith(f"verified       smtp://mail.example.org  upgraded at 127.0.0.1:{port}\n")
    done = cli("check", *trust, "--connect", f"127.0.0.1:{port}", "smtp://mail.example.org")
    assert done.code == 1
    assert "name mismatch: certificate is for localhost, 127.0.0.1, not mail.example.org" in done.out


def test_a_family_can_be_demanded(cli: Any, here: World) -> None:
    port = here.honest[0].rpartition(":")[2]
    assert cli("check", "-4", "--ca-file", str(here.ca_file), f"smtp://localhost:{port}").code == 0
    done = cli("check", "-6", "--ca-file", str(here.ca_file), f"smtp://127.0.0.1:{port}")
    assert (done.code, "cannot resolve 127.0.0.1" in done.out) == (3, True)


def test_verbose_prints_the_conversation(cli: Any, here: World) -> None:
    done = cli("check", "-v", "--ca-file", str(here.ca_file), here.honest[0])
    assert "\n    C: STARTTLS\n    S: 220 2.0.0 Ready to start TLS\n" in done.out


def test_targets_from_a_file(cli: Any, here: World, tmp_path: Path) -> None:
    listed = tmp_path / "services.txt"
    listed.write_text(f"# mail\n\n{here.honest[0]}  # the first\n{here.honest[1]}\n")
    done = cli("check", "--ca-file", str(here.ca_file), "--file", str(listed), here.honest[2])
    assert (done.code, done.out.splitlines()[-1]) == (0, "3 targets: 3 verified")


def test_a_configuration_gives_the_defaults_and_the_command_line_wins(cli: Any, here: World, tmp_path: Path) -> None:
    config = tmp_path / "check.toml"
    config.write_text(
        f'targets = ["{here.honest[0]}"]\nca_file = "{here.ca_file}"\nformat = "json"\n[timeouts]\nwhole = 5\n'
    )
    done = cli("check", "--config", str(config))
    assert (done.code, len(json.loads(done.out)["targets"])) == (0, 1)
    done = cli("check", "--config", str(config), "--format", "text", here.honest[1])
    assert (done.code, done.out.count("verified  ")) == (0, 1)
    assert here.honest[1] in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no URL to check, and no domain"),
        (("smpt://a",), "unknown scheme 'smpt' in 'smpt://a': did you mean 'smtp'?"),
        (("mail",), "'mail' names neither a scheme nor a port: write smtp://mail or mail:25"),
        (("192.0.2.1",), "'192.0.2.1' names neither a scheme nor a port"),
        (("example..org",), "'example..org' is neither a host name nor an IP address"),
        (("--name", "x.example", "example.org"), "it is the DNS that says which servers there are"),
        (("--policy", "encrypt", "--level", "verified", "smtp://a"), "policy 'encrypt' never gives level 'verified'"),
        (("--policy", "verify", "--level", "dane", "smtp://a"), "policy 'verify' never gives level 'dane'"),
        (("--policy", "secure", "smtp://a"), "invalid value for '--policy'"),
        (("--resolver", "dns.example.org", "smtp://a"), "names no DNS server"),
        (
            ("--resolver", "192.0.2.1", "--dnssec", "ad", "--trust-anchor", __file__, "smtp://a"),
            "trust anchors are for",
        ),
        (("--trust-anchor", __file__, "smtp://a"), "not a trust anchor"),
        (("mail.example.org:12345",), "port 12345 belongs to no known protocol"),
        (("smtp://a/path",), "'smtp://a/path' is no service"),
        (("--connect", "a", "smtp://a"), "invalid value for '--connect': 'a' is not HOST:PORT"),
        (("--connect", "a:70000", "smtp://a"), "'a:70000' is not HOST:PORT"),
        (("--connect", "::1:25", "smtp://a"), "'::1:25' is not HOST:PORT"),
        (("-4", "-6", "smtp://a"), "-4 and -6 exclude each other"),
        (("--timeout", "0", "smtp://a"), "invalid value for '--timeout'"),
        (("--timeout", "x", "smtp://a"), "invalid value for '--timeout'"),
        (("--concurrency", "0", "smtp://a"), "invalid value for '--concurrency'"),
        (("--level", "none", "smtp://a"), "invalid value for '--level'"),
        (("--format", "xml", "smtp://a"), "invalid value for '--format'"),
        (("--ca-file", "/nowhere/ca.pem", "smtp://a"), "invalid value for '--ca-file'"),
        (("--ca-file", __file__, "smtp://a"), "no certificate in CA file"),
        (("--config", "/nowhere/check.toml", "smtp://a"), "/nowhere/check.toml: cannot read it"),
        (("--file", "/nowhere/list", "smtp://a"), "invalid value for '--file'"),
        (("--frobnicate",), "no such option '--frobnicate'"),
    ],
)
def test_usage_that_cannot_be_meant(cli: Any, arguments: tuple[str, ...], said: str) -> None:
    done = cli("check", *arguments)
    assert (done.code, done.out) == (2, "")
    first, *hints = done.err.splitlines()
    assert first.startswith("starttls: error: ")
    assert said.lower() in first.lower()
    assert not first.endswith(".")
    assert all(hint.startswith("starttls: hint: ") for hint in hints)


BAD_INPUT = [
    (hostile.silent, 3, "unreachable", "smtp: timed out after 0.5 s while waiting for the greeting (RFC 5321"),
    (hostile.dribbling, 3, "unreachable", "smtp: timed out after 0.5 s while waiting for the greeting (RFC 5321"),
    (hostile.stuck_handshake, 3, "unreachable", "smtp: timed out after 0.5 s while waiting for the TLS handshake"),
    (hostile.endless_line, 1, "failed", "smtp: more than"),
    (hostile.endless_lines, 1, "failed", "smtp: more than"),
    (hostile.garbage, 1, "failed", "smtp: unexpected '\\x1b[2J"),
    (hostile.resetting, 1, "failed", "smtp: connection reset by the peer while waiting for the greeting"),
    (hostile.leaving, 1, "failed", "smtp: connection closed by the peer while waiting for the greeting"),
    (hostile.throttling, 1, "refused", "smtp: refused: 421 4.7.0 Too many connections"),
    (hostile.without_tls, 1, "failed", "an injection: '500 what?"),
]


@pytest.mark.parametrize(
    ("behaviour", "code", "word", "said"), BAD_INPUT, ids=[behaviour.__name__ for behaviour, *_ in BAD_INPUT]
)
def test_bad_input_is_one_line_and_an_exit_code(
    cli: Any, behaviour: Callable[[Any], None], code: int, word: str, said: str
) -> None:
    with hostile.serving(behaviour) as port:
        began = time.monotonic()
        done = cli("check", "--timeout", "0.5", f"smtp://127.0.0.1:{port}")
        took = time.monotonic() - began
    assert (done.code, done.err) == (code, "")
    assert done.out.startswith(f"{word}  ")
    errors = [row for row in done.out.splitlines() if row.startswith("  error")]
    assert len(errors) == 1
    assert said in errors[0]
    assert "\x1b" not in done.out
    assert took < 2


def test_a_closed_port(cli: Any) -> None:
    port = hostile.closed_port()
    done = cli("check", f"imap://127.0.0.1:{port}")
    assert done.code == 3
    assert done.out == (
        f"unreachable    imap://127.0.0.1:{port}\n"
        f"  error        cannot connect to 127.0.0.1:{port}: connection refused\n"
    )


def test_an_unresolvable_name(cli: Any) -> None:
    done = cli("check", "imap://nowhere.invalid")
    assert done.code == 3
    assert done.out.splitlines()[1].startswith("  error        cannot resolve nowhere.invalid: ")


def test_a_resolver_that_hangs_holds_nothing_up(monkeypatch: pytest.MonkeyPatch, cli: Any, here: World) -> None:
    release = threading.Event()
    resolve = socket.getaddrinfo

    def hang(host: Any, *arguments: Any, **options: Any) -> Any:
        asks = not options.get("flags", 0) & socket.AI_NUMERICHOST
        return release.wait(30) if asks and host.endswith(".invalid") else resolve(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    began = time.monotonic()
    dead = [f"smtp://{number}.invalid" for number in range(40)]
    done = cli("check", "--timeout", "1", "--ca-file", str(here.ca_file), *dead, *here.honest)
    took = time.monotonic() - began
    release.set()
    assert done.code == 3
    assert done.out.endswith("\n46 targets: 40 unreachable, 6 verified\n")
    assert "timed out after 1 s in connecting to 0.invalid:25" in done.out
    assert took < 5


def test_help_has_examples_and_exit_codes(cli: Any) -> None:
    done = cli("check", "--help")
    assert done.code == 0
    assert "Examples:" in done.out
    assert "Exit code:" in done.out
