"""MariaDB (OpenSSL): TLS inside the MySQL handshake, required of everybody, with an RSA certificate."""

import trustme

from tests.interop.servers.daemon import run_once
from tests.interop.servers.service import Launch, Offer, Place, Server

USER = "joe"
PASSWORD = "correct-horse"

_USER = "mysql"
_SQL = f"CREATE USER '{USER}'@'%' IDENTIFIED BY '{PASSWORD}' REQUIRE SSL;\n"


def prepare(place: Place) -> Launch:
    """Make the system tables, and one user at the first start."""
    made = place.certify(trustme.KeyType.RSA)
    data = place.make_folder("data", owner=_USER, mode=0o700)
    run_once(
        *("mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db", "--skip-log-bin"),
        *("--auth-root-authentication-method=normal", "--innodb-flush-log-at-trx-commit=0"),
        user=_USER,
    )
    settings = {
        "datadir": data,
        "bind-address": place.address,
        "port": 3306,
        "socket": data / "socket",
        "pid-file": data / "pid",
        "init-file": place.write("init.sql", _SQL),
        "ssl-cert": made.chain,
        "ssl-key": place.write("key.pem", made.key.read_text(), owner=_USER, mode=0o600),
        "tls-version": "TLSv1.2,TLSv1.3",
        "require-secure-transport": "ON",
        "skip-name-resolve": "ON",
        # A probe that leaves during the handshake counts as an error of its host.
        "max-connect-errors": 1_000_000,
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    return Launch(command=("mariadbd", "--no-defaults", *options), user=_USER)


MARIADB = Server(
    name="mariadb",
    octet=15,
    offers=(Offer("mariadb", "mysql", "mysql", 3306),),
    prepare=prepare,
    programs=("/usr/sbin/mariadbd",),
)
