"""Our server against psql and mariadb: each verifies us, logs in and counts to one."""

import pytest

from tests.interop.backends.visit import PASSWORD, USER
from tests.interop.clients.house import Door, House
from tests.interop.clients.papers import BAD
from tests.interop.clients.program import Home, Ran

pytestmark = pytest.mark.interop


def psql(home: Home, door: Door, *, mode: str = "verify-full", password: str = PASSWORD) -> Ran:
    where = f"host=localhost hostaddr=127.0.0.1 port={door.port} dbname=test user={USER} password={password}"
    given = f"{where} sslmode={mode} sslrootcert={door.ca_file} connect_timeout=10"
    return home.run("psql", "--no-psqlrc", "--tuples-only", "--no-align", "--command", "select 1", given)


def mariadb(home: Home, door: Door, *options: str) -> Ran:
    # --no-defaults comes first or not at all
    command = ["mariadb", "--no-defaults", "--protocol=tcp", "--host=localhost", f"--port={door.port}"]
    command += [f"--user={USER}", f"--password={PASSWORD}", "--batch", "--skip-column-names", *options]
    return home.run(*command, "--execute=select 1")


VERIFYING = ("--ssl", "--ssl-verify-server-cert")


def test_psql_verifies_us_and_is_served(house: House, home: Home) -> None:
    with house.open("postgresql") as door:
        ran = psql(home, door)
        assert (ran.status, ran.output) == (0, "1\n")
        visit = door.visit()
        assert visit.heard == ["startup 3", "password", "select 1", "terminate"]
        assert visit.user == USER


@pytest.mark.parametrize("kind", BAD)
def test_psql_refuses(house: House, home: Home, kind: str) -> None:
    with house.open("postgresql", kind=kind) as door:
        ran = psql(home, door)
        assert ran.status == 2  # "the connection to the server went bad"
        assert {
            "unknown-issuer": "SSL error: certificate verify failed",
            "wrong-name": 'server certificate for "elsewhere.test" does not match host name "localhost"',
            "expired": "SSL error: certificate verify failed",
        }[kind] in ran.output
        assert door.heard() == []


def test_psql_without_tls_gets_an_error_that_it_shows(house: House, home: Home) -> None:
    with house.open("postgresql") as door:
        ran = psql(home, door, mode="disable")
        assert ran.status == 2
        assert "no encryption: send SSLRequest first" in ran.output
        door.failure()
        assert door.visits == []


def test_mariadb_verifies_us_and_is_served(house: House, home: Home) -> None:
    with house.open("mysql") as door:
        ran = mariadb(home, door, *VERIFYING, f"--ssl-ca={door.ca_file}")
        assert (ran.status, ran.output) == (0, "1\n")
        visit = door.visit()
        assert visit.heard == ["login as packet 2", "select 1", "quit"]
        assert visit.user == USER


@pytest.mark.parametrize("kind", BAD)
def test_mariadb_refuses(house: House, home: Home, kind: str) -> None:
    with house.open("mysql", kind=kind) as door:
        ran = mariadb(home, door, *VERIFYING, f"--ssl-ca={door.ca_file}")
        assert ran.status == 1
        assert "ERROR 2026 (HY000): TLS/SSL error" in ran.output
        assert door.heard() == []


def test_mariadb_without_tls_gets_an_error_that_it_shows(house: House, home: Home) -> None:
    with house.open("mysql") as door:
        ran = mariadb(home, door, "--skip-ssl")
        assert ran.status == 1
        assert "Connections using insecure transport are prohibited" in ran.output
        failure = door.failure()
        assert door.visits == []
        # What proves the password went over the wire in plaintext, and did not get into our transcript.
        assert failure.transcript is not None
        login = failure.transcript.turns[1].data
        assert USER.encode() in login
        assert b"mysql_native_password" not in login
        assert login.endswith(b"****")
