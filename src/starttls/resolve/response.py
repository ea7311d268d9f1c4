"""One HTTP/1.1 answer that ought to be a policy: bytes in, a body or an error out (RFC 8461 §3.2, §3.3). No I/O."""

import re

import h11

from starttls.core.transcript import printable
from starttls.policy.errors import StsFetchFailed
from starttls.policy.sts import SIZE

__all__ = ["HEAD", "WHOLE", "Response", "request"]

HEAD = 16384
"""Bytes that the headers may have."""

WHOLE = 8 * SIZE
"""Bytes that the answer may have in all: a body in chunks of one byte is six times as long, and more is not meant."""

_EARLY = 8
"""Answers of the 1xx kind that may come before the real one."""


def request(host: str, path: str, agent: str) -> bytes:
    """The bytes that ask for a policy. Nothing is sent that an answer could be cached by (RFC 8461 §3.3)."""
    headers = {
        "Host": host,
        "User-Agent": agent,
        "Accept": "text/plain",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\n{head}\r\n".encode("ascii")


_BYTES = re.compile(r"bytearray\(b('.*')\)")


class Response:
    """The answer to one GET. ``body`` is there when it is complete.

    Whatever comes, `receive_data` takes it, or raises `StsFetchFailed` with one reason.
    """

    __slots__ = ("_early", "_heard", "_http", "_pieces", "_size", "_start", "_url", "body")

    def __init__(self, url: str) -> None:
        self.body: bytes | None = None
        self._early = self._heard = self._size = 0
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD)
        # h11 reads an answer to a request that it knows of.
        self._http.send(h11.Request(method="GET", target="/", headers=[("Host", "-"), ("Connection", "close")]))
        self._http.send(h11.EndOfMessage())
        self._pieces: list[bytes] = []
        self._start = b""
        self._url = url

    def receive_data(self, data: bytes) -> None:
        """Take what came inside TLS; b"" is the end of it. Raises `StsFetchFailed`."""
        self._heard += len(data)
        self._start = (self._start + data)[:60] if len(self._start) < 60 else self._start
        if not self._start:
            raise self._failed("connection closed without an answer")
        try:
            self._http.receive_data(data)
            while self.body is None and self._take(self._http.next_event()):
                pass
        except h11.RemoteProtocolError as error:
            raise self._failed(self._what(error, ended=not data)) from None
        if self.body is None and self._heard > WHOLE:
            raise self._failed(f"no end of the answer within {WHOLE} bytes")

    def _take(self, event: object) -> bool:
        """Take what h11 made of the bytes; False where it needs more."""
        match event:
            case h11.InformationalResponse():
                self._early += 1
                if self._early > _EARLY:
                    raise self._failed(f"more than {_EARLY} answers before the answer (HTTP {event.status_code})")
            case h11.Response():
                self._head(event)
            case h11.Data():
                self._size += len(event.data)
                self._fits(self._size)
                self._pieces.append(bytes(event.data))
            case h11.EndOfMessage():
                self.body = b"".join(self._pieces)  # trailers, if any, are nobody's business
            case _:
                return False
        return True

    def _head(self, answer: h11.Response) -> None:
        headers: dict[bytes, list[bytes]] = {}
        for name, value in answer.headers:
            headers.setdefault(name, []).append(value)
        # RFC 8461 §3.3: "only valid if the HTTP response code is 200 (OK). HTTP 3xx redirects MUST NOT be followed".
        if 300 <= answer.status_code < 400:
            where = printable(b", ".join(headers.get(b"location", [b"nowhere"])), 200)
            raise self._failed(f"HTTP {answer.status_code}, a redirect to '{where}': no redirect may be followed")
        if answer.status_code != 200:
            raise self._failed(f"HTTP {answer.status_code} {printable(answer.reason, 60)}".rstrip())
        # RFC 8461 §3.2: "senders SHOULD validate that the media type is "text/plain" to guard against cases where
        # web servers allow untrusted users to host non-text content". Parameters are ignored.
        types = [value.partition(b";")[0].strip().lower() for value in headers.get(b"content-type", [])]
        if types != [b"text/plain"]:
            given = printable(b", ".join(types), 60) if types else "missing"
            raise self._failed(f"the content type is {given}, not text/plain")
        # No other was asked for, and a small body may hide a large one.
        codings = b", ".join(headers.get(b"content-encoding", [])).strip().lower()
        if codings not in {b"", b"identity"}:
            raise self._failed(f"the content encoding is {printable(codings, 60)}, which was not asked for")
        length = headers.get(b"content-length", [b""])[0]
        if length.isdigit() and b"transfer-encoding" not in headers:
            self._fits(int(length))

    def _fits(self, size: int) -> None:
        if size > SIZE:
            raise self._failed(f"the policy has more than {SIZE} bytes")

    def _what(self, error: h11.RemoteProtocolError, *, ended: bool) -> str:
        if not self._start.startswith(b"HTTP/1."):
            return f"this is no answer in HTTP/1.1: '{printable(self._start)}'"
        if error.error_status_hint == 431:
            return f"headers of more than {HEAD} bytes"
        if ended:
            return "connection closed in the middle of the answer"
        if self._start[8:12] == b" 101":
            return "HTTP 101, a switch to another protocol, which was not asked for"
        # h11 shows bytes as Python writes them, and has escaped what does not print.
        words = _BYTES.sub(lambda found: found[1], str(error))
        return f"the answer is malformed: {words[:100]}"

    def _failed(self, detail: str) -> StsFetchFailed:
        return StsFetchFailed(self._url, detail)
