"""Postfix's own judge: ``posttls-finger``, where the system's resolver is the one of the mail world."""

import re
import subprocess
from pathlib import Path

from tests.interop.dns.mail.world import MailWorld
from tests.interop.servers.daemon import plain_environment

__all__ = ["finger"]

SECONDS = 30.0

_WORTH = re.compile(r"^posttls-finger: (\w+) TLS connection established to", re.MULTILINE)


def finger(world: MailWorld, level: str, destination: str, *match: str, ca_file: Path | None = None) -> tuple[str, str]:
    """The word for the connection (Verified, Trusted, Untrusted, or none where there is no TLS), and all that it said.

    It goes to the first host that answers, and tries no other when that one does not prove itself. Where ``dane`` or
    ``dane-only`` finds no record that can be used, it does as with ``secure``: without ``ca_file`` nothing is then
    trusted.
    """
    command = ["posttls-finger", "-c", "-l", level, *(["-F", str(ca_file)] if ca_file else []), destination, *match]
    done = subprocess.run(
        world.sees(*command),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        env=plain_environment({"MAIL_CONFIG": str(world.mail_config)}),
        check=False,
    )
    found = _WORTH.search(done.stdout)
    return (found[1] if found else ""), done.stdout
