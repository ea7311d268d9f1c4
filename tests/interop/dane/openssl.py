"""OpenSSL's server with a chain, and its client with TLSA records."""

import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from starttls.policy.answer import TLSA
from tests.interop.clients.program import Home
from tests.interop.servers.daemon import START_SECONDS, plain_environment
from tests.policy.paper import HOST, Paper

__all__ = ["serving", "takes"]

# What is presented is the client's to judge: weak keys too.
_ANYTHING = ("-cipher", "DEFAULT:@SECLEVEL=0", "-no-CAfile", "-no-CApath", "-no-CAstore")


@contextmanager
def serving(folder: Path, chain: Sequence[Paper]) -> Iterator[int]:
    """A server that presents ``chain`` as it is, on a port of 127.0.0.1."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: run tools/interop-install")
    files = {name: folder / f"{name}.pem" for name in ("own", "key", "rest")}
    files["own"].write_bytes(chain[0].pem)
    files["key"].write_bytes(chain[0].key_pem)
    files["rest"].write_bytes(b"".join(paper.pem for paper in chain[1:]))
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", str(files["own"]), "-key", str(files["key"])]
    command += ["-cert_chain", str(files["rest"])] if len(chain) > 1 else []
    log = folder / "server.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [*command, *_ANYTHING],
            stdin=subprocess.PIPE,  # it ends with its input
            stdout=output,
            stderr=subprocess.STDOUT,
            env=plain_environment(),
        ) as process,
    ):
        try:
            yield _port(process, log)
        finally:
            process.kill()


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while (found := re.search(r"ACCEPT \S+:(\d+)", said := log.read_text(errors="replace"))) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"no server: {said}")
        time.sleep(0.01)
    return int(found[1])


def takes(home: Home, port: int, records: Sequence[TLSA], roots: Sequence[Paper]) -> tuple[bool, str]:
    """Whether ``openssl s_client`` goes on with the server on ``port``; and what it said."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-brief", "-verify_return_error"]
    command += ["-servername", HOST, "-dane_tlsa_domain", HOST, "-dane_ee_no_namechecks"]
    file = home.write("roots.pem", b"".join(root.pem for root in roots))
    command += ["-no-CApath", "-no-CAstore", *(("-CAfile", str(file)) if roots else ("-no-CAfile",))]
    for record in records:
        command += ["-dane_tlsa_rrdata", str(record)]
    ran = home.run(*command)
    return ran.status == 0 and "Verification: OK" in ran.output, ran.output
