"""Reads one article with nntplib: PORT CA_FILE USER PASSWORD."""

import nntplib
import ssl
import sys


def main(port: str, ca_file: str, user: str, password: str) -> None:
    """Upgrade, log in, read, print."""
    with nntplib.NNTP("localhost", int(port), timeout=10) as session:
        session.starttls(ssl.create_default_context(cafile=ca_file))
        session.login(user, password, usenetrc=False)
        session.group("local.test")
        for text in session.article(1)[1].lines:
            sys.stdout.buffer.write(text + b"\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
