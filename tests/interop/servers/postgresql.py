"""PostgreSQL (OpenSSL): TLS by SSLRequest and nothing else, with an ECDSA certificate."""

import signal
from pathlib import Path

import trustme

from tests.interop.servers.daemon import run_once
from tests.interop.servers.service import Launch, Offer, Place, Server

USER = "joe"
PASSWORD = "correct-horse"

_USER = "postgres"
_PROGRAMS = Path("/usr/lib/postgresql/15/bin")

# hostssl alone: whoever comes without TLS is turned away.
_HBA = "hostssl all all 127.0.0.0/8 scram-sha-256\n"


def prepare(place: Place) -> Launch:
    """Make a cluster with one superuser."""
    made = place.certify(trustme.KeyType.ECDSA)
    data = place.make_folder("data", owner=_USER, mode=0o700)
    password = place.write("password", PASSWORD, owner=_USER, mode=0o600)
    run_once(
        *(_PROGRAMS / "initdb", "-D", data, "-U", USER, "--pwfile", password, "-A", "scram-sha-256"),
        *("-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"),
        user=_USER,
    )
    settings = {
        "listen_addresses": place.address,
        "port": 5432,
        "unix_socket_directories": "",
        "hba_file": place.write("pg_hba.conf", _HBA),
        "ssl": "on",
        "ssl_cert_file": made.chain,
        "ssl_key_file": place.write("key.pem", made.key.read_text(), owner=_USER, mode=0o600),
        "fsync": "off",
        "shared_buffers": "1MB",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    return Launch(
        command=(_PROGRAMS / "postgres", "-D", data, *options),
        user=_USER,
        stop=signal.SIGINT,  # "fast": does not wait for clients
    )


POSTGRESQL = Server(
    name="postgresql",
    octet=14,
    offers=(Offer("postgresql", "postgresql", "postgresql", 5432),),
    prepare=prepare,
    programs=(str(_PROGRAMS / "postgres"),),
)
