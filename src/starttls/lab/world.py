"""An embedded world on loopback: honest servers, one impostor, and one attacker on the path.

Everything in it is real: our own servers on free ports of 127.0.0.1, certificates of a throwaway authority, and real
connections. Nothing is left behind: no key, no file, no open port.
"""

import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starttls.asyncio.server import Server, listen
from starttls.lab.authority import Authority, Identity
from starttls.lab.backends import Backend, imap, pop3, smtp, xmpp
from starttls.lab.directory import ldap
from starttls.lab.stripper import stripper

__all__ = ["World", "world"]

HOST = "localhost"
ADDRESS = "127.0.0.1"

_HONEST: tuple[tuple[str, Backend], ...] = (
    ("smtp", smtp),
    ("imap", imap),
    ("pop3", pop3),
    ("xmpp", xmpp),
    ("ldap", ldap),
    ("imaps", imap),
)


@dataclass(frozen=True, slots=True)
class World:
    """Where everything is: URLs, and the file of the authority to trust.

    ``honest`` are servers as they should be. ``impostor`` has a certificate of its own making, for the right name;
    ``stripped`` is the honest SMTP server behind somebody who deletes the offer of STARTTLS.
    """

    ca_file: Path
    honest: tuple[str, ...]
    impostor: str
    stripped: str


@asynccontextmanager
async def world() -> AsyncGenerator[World]:
    """Start the world; it ends with the block."""
    authority = Authority("starttls demo CA")
    identity = authority.issue(HOST, ADDRESS)
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="starttls-"))
        ca_file = Path(folder, "ca.pem")
        ca_file.write_bytes(authority.certificate)  # noqa: ASYNC240 - a few hundred bytes, before anything runs
        honest = [await stack.enter_async_context(_serving(scheme, backend, identity)) for scheme, backend in _HONEST]
        false_identity = Authority("somebody else's CA").issue(HOST, ADDRESS)
        impostor = await stack.enter_async_context(_serving("imap", imap, false_identity))
        port = await stack.enter_async_context(stripper(ADDRESS, honest[0].addresses[0]))
        urls = tuple(_url(scheme, server) for (scheme, _), server in zip(_HONEST, honest, strict=True))
        yield World(ca_file, urls, _url("imap", impostor), f"smtp://{HOST}:{port}")


def _serving(scheme: str, backend: Backend, identity: Identity) -> Server:
    """A server on a free port; its key is in memory alone once this returns."""
    with identity.files() as files:
        return listen(f"{scheme}://{ADDRESS}:0", backend, certificate=files.chain, key=files.key, name=HOST)


def _url(scheme: str, server: Server) -> str:
    return f"{scheme}://{HOST}:{server.addresses[0][1]}"
