"""The world itself works: a client that is not ours gets a verified upgrade from every service."""

import subprocess

from tests.interop.servers.daemon import plain_environment
from tests.interop.servers.service import Service

# Our name of a protocol, where openssl has another.
_OPENSSL_NAMES = {"managesieve": "sieve", "postgresql": "postgres"}


def _s_client(service: Service) -> list[str]:
    command = ["openssl", "s_client", "-brief", "-verify_return_error", "-CAfile", str(service.ca_file)]
    command += ["-connect", f"{service.host}:{service.port}"]
    command += ["-servername", service.verify, "-verify_hostname", service.verify]
    if not service.implicit:
        command += ["-starttls", _OPENSSL_NAMES.get(service.protocol, service.protocol)]
    if service.protocol.startswith("xmpp"):
        command += ["-xmpphost", service.verify]
    return command


def test_openssl_gets_a_verified_upgrade(service: Service) -> None:
    done = subprocess.run(
        _s_client(service),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=30,
        env=plain_environment(),
        check=False,
    )
    said = done.stdout.decode(errors="replace")
    assert done.returncode == 0, said
    assert "Verification: OK" in said, said
    assert f"Verified peername: {service.verify}" in said, said
