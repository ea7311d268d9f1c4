"""The bench runs, in its short form, and its figures are possible ones. How fast anything is, no test asserts."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from starttls.protocols import ALL

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """The rows of each table, after the short run."""
    figures = tmp_path_factory.mktemp("bench") / "figures.json"
    command = (sys.executable, "-m", "bench", "--short", "--json", figures)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SSL_CERT_")}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=50, check=False)
    assert ran.returncode == 0, ran.stderr
    content = json.loads(figures.read_text("utf-8"))
    assert content["machine"]["openssl"].startswith("OpenSSL")
    for table in content["tables"].values():
        assert table["title"] in ran.stdout
    return {name: table["rows"] for name, table in content["tables"].items()}


def test_negotiations_of_every_protocol(tables: dict[str, list[dict[str, Any]]]) -> None:
    rows = tables["negotiation"]
    assert [row["protocol"] for row in rows] == [protocol.name for protocol in ALL]
    for row in rows:
        assert min(row["client"], row["server"], row["client, longest"]) > 100


@pytest.mark.parametrize("table", ["client", "server"])
def test_what_a_connection_costs(tables: dict[str, list[dict[str, Any]]], table: str) -> None:
    rows = {row[table]: row for row in tables[table]}
    measured = [row for row in rows.values() if row["bare"] != "-"]  # no C client without a compiler
    assert len(measured) >= 4
    for row in measured:
        for cell in ("bare", "upgraded", "with QUIT"):
            assert row[cell] == "-" or 0.02 < row[cell] < 100, row
    assert 0.01 < rows["starttls on asyncio"]["rate of bare"] < 10
    assert 0.01 < rows["starttls on uvloop"]["of its own bare"] < 10


def test_what_an_idle_connection_holds(tables: dict[str, list[dict[str, Any]]]) -> None:
    rows = {row["way"]: row for row in tables["memory"]}
    for way in ("asyncio streams, start_tls", "starttls on asyncio", "starttls on uvloop"):
        for side in ("client", "server"):
            assert 5 < rows[way][side] < 2000


def test_what_a_lookup_costs(tables: dict[str, list[dict[str, Any]]]) -> None:
    rows = tables["lookups"]
    assert [row["signed by"] for row in rows] == ["ECDSA P-256", "RSA 2048", "Ed25519"]
    for row in rows:
        assert 0 < row["remembered"] < row["believed"] < 100
        assert 0 < row["warm"] < row["cold"] < 1000
        assert 0.1 < row["warm of believed"] < 20


def test_what_a_validation_costs(tables: dict[str, list[dict[str, Any]]]) -> None:
    rows = tables["dnssec"]
    assert len(rows) == 4 * 3
    for row in rows:
        assert 10 < row["cold"] < row["warm"]
        assert 1 < row["validated of read"] < 100
