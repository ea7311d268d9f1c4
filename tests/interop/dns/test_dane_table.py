"""Postfix and danetool on the DANE table, as they are used: the records from a signed zone, the chain by STARTTLS."""

import subprocess
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

import starttls
from starttls.core.errors import StartTLSError
from starttls.tls.level import Level
from tests.interop.dane.cases import HOST, Case, taken_by
from tests.interop.dns.mail.table import ROWS, TableWorld, port_of
from tests.interop.dns.ours import resolver
from tests.interop.servers.daemon import plain_environment

Verdicts = Mapping[str, tuple[bool, str]]

_TAKES_LESS = "the primitive that builds our paths refuses it"

# Postfix takes these and we do not, or the other way round. It verifies with OpenSSL.
POSTFIX_DIFFERS = {
    "cross-signed": "OpenSSL follows the first issuer that fits, and does not come back from a dead end",
    "authority-for-anything": "anyExtendedKeyUsage is not enough for it; RFC 5280 §4.2.1.12 has it stand for all",
    "common-name-alone": "RFC 9525 §2: a common name is no name",
    "authority-says-only-key-usage": "RFC 5280 §6.1.4(k): an authority has basicConstraints",
    "names-of-a-directory": _TAKES_LESS,
    "server-critical-policy": _TAKES_LESS,
    "authority-critical-policy": _TAKES_LESS,
    "9-between": _TAKES_LESS,
    "authority-brainpool": _TAKES_LESS,
    "authority-ed25519": _TAKES_LESS,
    "authority-rsa1024": "it asks for no strength of keys",
    "signed-sha224": _TAKES_LESS,
}
# danetool makes these otherwise than the library below it, of which the table tells.
DANETOOL_DIFFERS = {
    "sixty-of-one-name": "of 61 certificates it says that there was an error in the public key",
    "key-for-nothing-in-tls": "GnuTLS ends the handshake",
}

each_row = pytest.mark.parametrize("case", ROWS, ids=lambda case: case.name)


@pytest.fixture(scope="module")
def by_postfix(table_world: TableWorld) -> Verdicts:
    """Of each row, whether ``posttls-finger -l dane`` verifies it by its records, and what it said."""

    def command(case: Case) -> Sequence[str]:
        return table_world.sees("posttls-finger", "-c", "-l", "dane", f"[{HOST}]:{port_of(case)}")

    return _verdicts(table_world, command, lambda done: "Verified TLS connection" in done.stdout)


@pytest.fixture(scope="module")
def by_danetool(table_world: TableWorld) -> Verdicts:
    """Of each row, whether ``danetool --check`` takes it, and what it said."""

    def command(case: Case) -> Sequence[str]:
        options = ("--local-dns", "--starttls-proto=smtp", f"--port={port_of(case)}")
        return table_world.sees("danetool", "--check", HOST, *options)

    return _verdicts(table_world, command, lambda done: done.returncode == 0)


@each_row
async def test_ours(case: Case, table_world: TableWorld) -> None:
    asked = resolver(table_world.dns)
    try:
        async with await starttls.connect_mx(f"[{HOST}]:{port_of(case)}", resolver=asked, policy="dane") as stream:
            taken = stream.level is Level.DANE
    except StartTLSError:
        taken = False
    assert taken is _by_us(case)


@each_row
def test_postfix(case: Case, by_postfix: Verdicts) -> None:
    taken, said = by_postfix[case.name]
    assert taken is (_by_us(case) is not (case.name in POSTFIX_DIFFERS)), said


@each_row
def test_danetool(case: Case, by_danetool: Verdicts) -> None:
    taken, said = by_danetool[case.name]
    assert taken is (taken_by("gnutls", case) is not (case.name in DANETOOL_DIFFERS)), said


def test_every_difference_is_a_row() -> None:
    assert {*POSTFIX_DIFFERS, *DANETOOL_DIFFERS} <= {case.name for case in ROWS}


def _by_us(case: Case) -> bool:
    """What the table says, and RFC 7672 §3.1.3: between mail servers usages 0 and 1 do not count."""
    return case.ours and any(record.usage in {2, 3} for record in case.records)


def _verdicts(
    world: TableWorld,
    command: Callable[[Case], Sequence[str]],
    takes: Callable[["subprocess.CompletedProcess[str]"], bool],
) -> Verdicts:
    def ask(case: Case) -> tuple[bool, str]:
        done = subprocess.run(
            command(case),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=30,
            cwd=world.folder,  # danetool leaves the certificate where it runs
            env=plain_environment({"MAIL_CONFIG": str(world.folder)}),
            check=False,
        )
        return takes(done), done.stdout

    with ThreadPoolExecutor(4) as pool:
        return dict(zip((case.name for case in ROWS), pool.map(ask, ROWS), strict=True))
