"""DNS over HTTPS (RFC 8484), on httpx2, which the extra ``doh`` brings along."""

import ssl
from collections.abc import AsyncIterator
from importlib.util import find_spec

from starttls.core.errors import Misuse
from starttls.core.transcript import one_line
from starttls.resolve.failures import Unanswered, why

__all__ = ["Posts", "require"]

_TYPE = "application/dns-message"
_MOST_BYTES = 65535


def require() -> None:
    """Raise `Misuse` where httpx2, or its HTTP/2, is not installed."""
    if not (find_spec("httpx2") and find_spec("h2")):
        raise Misuse("DNS over HTTPS needs an HTTP client: pip install starttls[doh]")


class Posts:
    """POSTs messages to one URL, by HTTP/2 where the server has it. No redirect, no proxy."""

    def __init__(self, url: str, context: ssl.SSLContext) -> None:
        import httpx2  # noqa: PLC0415 - an extra, and slow to import

        self._url = url
        self._client = httpx2.AsyncClient(verify=context, http2=True, trust_env=False, timeout=None)

    async def post(self, packet: bytes) -> bytes:
        """The answer, 64 KiB at the most. Raises `Unanswered`. The caller sets the time."""
        headers = {"content-type": _TYPE, "accept": _TYPE, "accept-encoding": "identity"}
        try:
            async with self._client.stream("POST", self._url, content=packet, headers=headers) as response:
                kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
                _check(response.status_code, kind)
                return await _whole(response.aiter_raw())
        except Unanswered:
            raise
        except Exception as error:  # noqa: BLE001 - whatever HTTP libraries make of a hostile server is its failure
            raise Unanswered(why(_cause(error))) from None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _check(status: int, kind: str) -> None:
    if status != 200:
        raise Unanswered(f"HTTP status {status}")
    if kind != _TYPE:
        raise Unanswered(f"no DNS message, but {one_line(kind[:80]) or 'something without a type'}")


async def _whole(parts: AsyncIterator[bytes]) -> bytes:
    body = bytearray()
    async for part in parts:
        body += part
        if len(body) > _MOST_BYTES:
            raise Unanswered(f"more than {_MOST_BYTES} bytes")
    return bytes(body)


def _cause(error: BaseException) -> BaseException:
    """The error of TLS that the HTTP client wrapped, or else its own."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    return cause or error
