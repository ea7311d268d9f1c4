"""Fetches MTA-STS policies over HTTPS (RFC 8461 §3.3)."""

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass, field

from starttls.core.errors import CertificateRejected, Misuse, StartTLSError
from starttls.core.transcript import Side
from starttls.policy.answer import Address, Answer
from starttls.policy.errors import PolicyError, StsCertificate, StsFetchFailed
from starttls.policy.txt import unusable
from starttls.resolve.resolver import Resolver
from starttls.resolve.response import Response, request
from starttls.tls.contexts import PathLike, client_context
from starttls.tls.names import a_label
from starttls.tls.session import ImplicitTLS, TLSSession

__all__ = ["TIMEOUT", "HTTPSFetcher"]

TIMEOUT = 60.0
"""Seconds for all of it. RFC 8461 §3.3: "A suggested timeout is one minute"."""

_CONNECT = 10.0
"""Seconds for one address of several."""

_ADDRESSES = 8
"""Addresses that are tried."""

_PATH = "/.well-known/mta-sts.txt"
_PROOF = ImplicitTLS("https", Side.CLIENT)
_CHUNK = 16384


class HTTPSFetcher:
    """A `PolicyFetcher`: one GET of ``https://mta-sts.<domain>/.well-known/mta-sts.txt``, no redirect, no cache.

    The server proves by a certificate of a public authority, or of one in ``ca_file``, that it is ``mta-sts.<domain>``:
    also where that name is an alias of another (RFC 8461 §8.2). Its addresses are asked of ``resolver``, with or
    without DNSSEC, but never taken from a bogus answer. ``timeout`` is for the whole, in seconds.

    Args:
        resolver: is asked for the addresses.
        ca_file: trust the authorities in this PEM file instead of the system's.
        timeout: seconds for the whole, from the first question to the last byte.
        port: where the servers listen, for laboratories.
        connect_to: an address to connect to instead of asking, for laboratories. The name is verified all the same.
    """

    def __init__(
        self,
        resolver: Resolver,
        *,
        ca_file: PathLike | None = None,
        timeout: float = TIMEOUT,
        port: int = 443,
        connect_to: str | None = None,
    ) -> None:
        self._context = client_context(ca_file=ca_file, alpn=("http/1.1",))
        self._resolver = resolver
        self._timeout = timeout
        self._port = port
        self._connect_to = connect_to

    async def fetch(self, domain: str) -> bytes:
        """The policy of ``domain``, at most 64 KiB, not yet parsed.

        Raises `StsCertificate` where the server's certificate proves nothing, and `StsFetchFailed` for anything else.
        """
        try:
            host = a_label(f"mta-sts.{domain}")
        except Misuse as error:
            raise StsFetchFailed(f"https://mta-sts.{domain}{_PATH}", error.what) from None
        visit = _Visit(f"https://{host}{_PATH}", host)
        limit = asyncio.timeout(self._timeout)
        try:
            async with limit:
                addresses = [self._connect_to] if self._connect_to else await self._addresses(visit)
                reader, writer = await self._connect(visit, addresses)
                try:
                    return await self._get(visit, reader, writer)
                finally:
                    _close(writer)
        except OSError as error:
            what = f"timed out after {self._timeout:g} s" if limit.expired() else _reason(error)
            raise StsFetchFailed(visit.url, f"{what} while {visit.doing}") from None

    async def _addresses(self, visit: "_Visit") -> list[str]:
        visit.doing = f"asking for the addresses of {visit.host}"
        answers = await asyncio.gather(*(self._resolver.query(visit.host, kind) for kind in ("AAAA", "A")))
        found = [[address.address for address in answer.of(Address)] for answer in answers if answer.status.usable]
        pairs = [addresses[at : at + 1] for at in range(max(map(len, found), default=0)) for addresses in found]
        turns = [address for pair in pairs for address in pair]  # one of each family in turn
        if not turns:
            raise StsFetchFailed(visit.url, _no_address(visit.host, answers))
        return turns[:_ADDRESSES]

    async def _connect(
        self, visit: "_Visit", addresses: list[str]
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reasons: list[str] = []
        for address in addresses:
            visit.doing = f"connecting to {address}"
            try:
                async with asyncio.timeout(_CONNECT):
                    return await asyncio.open_connection(address, self._port)
            except TimeoutError:
                reasons.append(f"no connection to {address} within {_CONNECT:g} s")
            except OSError as error:
                reasons.append(f"no connection to {address}: {_reason(error)}")
        raise StsFetchFailed(visit.url, ", ".join(reasons))

    async def _get(self, visit: "_Visit", reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        """Shake hands, ask, and read until the answer is complete."""
        # A chain that fails is lost with a transport of asyncio's; a session of our own keeps it.
        tls = TLSSession.client(_PROOF, self._context, visit.host)
        visit.doing = "waiting for the TLS handshake"
        while not tls.handshake_done:
            await _flush(tls, writer)
            tls.receive_data(await reader.read(_CHUNK))
            if tls.error is not None:
                await _flush(tls, writer)  # the alert
                raise _declared(visit.url, tls.error)
        visit.doing = "waiting for the answer"
        tls.send(request(visit.host, _PATH, f"starttls/{_version()}"))
        response = Response(visit.url)
        while response.body is None:
            await _flush(tls, writer)
            tls.receive_data(await reader.read(_CHUNK))
            _hear(visit, tls, response)
        tls.close()
        await _flush(tls, writer)
        return response.body


@dataclass(slots=True)
class _Visit:
    """What is under way, for the words of an error."""

    url: str
    host: str
    doing: str = field(default="")


def _hear(visit: _Visit, tls: TLSSession, response: Response) -> None:
    """Give the answer what has come."""
    while response.body is None and (data := tls.read(_CHUNK)):
        response.receive_data(data)
    if response.body is not None:
        return  # whole: how the connection ends is of no interest then
    if tls.error is not None:  # where the length was not told, who cuts the connection has cut the policy
        raise _declared(visit.url, tls.error)
    if tls.peer_closed:
        response.receive_data(b"")


async def _flush(tls: TLSSession, writer: asyncio.StreamWriter) -> None:
    if data := tls.data_to_send():
        writer.write(data)
        await writer.drain()


def _close(writer: asyncio.StreamWriter) -> None:
    """Let what is written go out; drop a server that takes nothing. Nobody waits for either."""
    if writer.transport.get_write_buffer_size():
        writer.transport.abort()
    else:
        writer.close()


def _declared(url: str, error: StartTLSError) -> PolicyError:
    if isinstance(error, CertificateRejected):
        return StsCertificate(url, error.what, error.chain)
    return StsFetchFailed(url, error.what)


def _no_address(host: str, answers: list[Answer]) -> str:
    whys = dict.fromkeys(why for answer in answers if (why := unusable(answer)))
    return ", ".join(whys) or f"{host} {'has no address' if all(a.exists for a in answers) else 'does not exist'}"


def _reason(error: OSError) -> str:
    return (os.strerror(error.errno) if error.errno else str(error) or type(error).__name__).lower()


def _version() -> str:
    from importlib.metadata import version  # noqa: PLC0415 - slow, and for a fetch alone

    with suppress(ImportError):  # run from a source tree
        return version("starttls")
    return "0"
