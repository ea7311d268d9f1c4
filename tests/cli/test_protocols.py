import json
from typing import Any

import pytest

from starttls.protocols import ALL


def test_the_table_has_a_row_for_each(cli: Any) -> None:
    done = cli("protocols")
    rows = done.out.splitlines()
    assert (done.code, done.err, len(rows)) == (0, "", len(ALL) + 1)
    assert [row.split()[0] for row in rows[1:]] == [protocol.name for protocol in ALL]
    assert rows[1].split() == ["smtp", "25", "smtps", "465", "server", "STARTTLS", "220", "RFC", "3207"]


def test_json_has_every_fact(cli: Any) -> None:
    facts = json.loads(cli("protocols", "--format", "json").out)
    assert [one["name"] for one in facts] == [protocol.name for protocol in ALL]
    assert facts[0] == {
        "name": "smtp",
        "title": "SMTP",
        "aliases": [],
        "ports": [25],
        "implicit": "smtps",
        "implicit_ports": [465],
        "first": "server",
        "verb": "STARTTLS",
        "go_ahead": "220",
        "after_tls": ALL[0].after_tls,
        "first_inside": "client",
        "alpn": [],
        "srv": list(ALL[0].srv),
        "tlsa": ALL[0].tlsa,
        "rfcs": list(ALL[0].rfcs),
    }


def test_markdown_is_a_table(cli: Any) -> None:
    rows = cli("protocols", "--format", "markdown").out.splitlines()
    assert len(rows) == len(ALL) + 2
    assert rows[:3] == [
        "| scheme | port | implicit TLS | first | verb | go-ahead | defined in |",
        "|---|---|---|---|---|---|---|",
        "| smtp | 25 | smtps 465 | server | STARTTLS | 220 | RFC 3207 |",
    ]
    assert {row.count("|") - row.count("\\|") for row in rows} == {8}


@pytest.mark.parametrize("protocol", ALL, ids=lambda protocol: protocol.name)
def test_one_protocol_with_its_dialogue(cli: Any, protocol: Any) -> None:
    for name in (protocol.name, *protocol.aliases, *([protocol.implicit] if protocol.implicit else [])):
        done = cli("protocols", name.upper())
        assert done.code == 0
        assert f"name            {protocol.name}\n" in done.out
        assert protocol.verb in done.out


def test_a_sample_dialogue_is_shown(cli: Any) -> None:
    assert "\n    C: STARTTLS\n    S: 220 2.0.0 Ready to start TLS\n" in cli("protocols", "smtp").out


def test_an_unknown_protocol_names_the_nearest(cli: Any) -> None:
    done = cli("protocols", "imapp")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("starttls: error: unknown protocol 'imapp': did you mean 'imap")
    assert "known are: smtp, " in cli("protocols", "zzzzzz").err
