"""What an answer has to be. How it comes over the network is in test_https.py."""

import tracemalloc
from collections.abc import Iterator

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from starttls.policy.errors import StsFetchFailed
from starttls.policy.sts import SIZE
from starttls.resolve.response import HEAD, WHOLE, Response, request

URL = "https://mta-sts.example.org/.well-known/mta-sts.txt"
OK = b"HTTP/1.1 200 OK\r\n"
TEXT = b"Content-Type: text/plain\r\n"
BODY = b"version: STSv1\nmode: none\nmax_age: 1\n"
LENGTH = b"Content-Length: %d\r\n" % len(BODY)
GOOD = OK + TEXT + LENGTH + b"\r\n" + BODY


def body(*pieces: bytes) -> bytes | None:
    response = Response(URL)
    for piece in pieces:
        if response.body is None:
            response.receive_data(piece)
    return response.body


def refused(*pieces: bytes) -> str:
    with pytest.raises(StsFetchFailed) as caught:
        body(*pieces)
    assert caught.value.url == URL
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400
    return caught.value.detail


def test_the_request_is_one_that_a_server_understands() -> None:
    server = h11.Connection(h11.SERVER)
    server.receive_data(request("mta-sts.example.org", "/.well-known/mta-sts.txt", "starttls/1"))
    asked = server.next_event()
    assert isinstance(asked, h11.Request)
    assert (asked.method, asked.target, asked.http_version) == (b"GET", b"/.well-known/mta-sts.txt", b"1.1")
    assert dict(asked.headers) == {
        b"host": b"mta-sts.example.org",
        b"user-agent": b"starttls/1",
        b"accept": b"text/plain",
        b"accept-encoding": b"identity",
        b"connection": b"close",
    }
    assert isinstance(server.next_event(), h11.EndOfMessage)


@pytest.mark.parametrize(
    "answer",
    [
        GOOD,
        OK + b"content-type:TEXT/Plain ; charset=iso-8859-1; x=y\r\n" + LENGTH + b"\r\n" + BODY,
        OK + TEXT + LENGTH + b"Content-Encoding: identity\r\n\r\n" + BODY,
        OK + TEXT + LENGTH + b"Age: 1\r\nCache-Control: max-age=60\r\nSet-Cookie: a=b\r\n\r\n" + BODY,
        OK + TEXT + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
        OK + TEXT + b"Transfer-Encoding: chunked\r\n\r\n%x;x=y\r\n%b\r\n0\r\nTrailer: z\r\n\r\n" % (len(BODY), BODY),
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + GOOD,
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + GOOD,
        GOOD.replace(b"HTTP/1.1", b"HTTP/1.0"),
        GOOD + b"HTTP/1.1 200 OK\r\n\r\nmore",  # nobody asked for a second one
    ],
)
def test_answers_that_give_a_policy(answer: bytes) -> None:
    assert body(answer) == BODY
    assert body(*(answer[at : at + 1] for at in range(len(answer)))) == BODY


def test_a_body_may_end_with_the_connection() -> None:
    assert body(b"HTTP/1.0 200 OK\r\n" + TEXT + b"\r\n" + BODY) is None
    assert body(b"HTTP/1.0 200 OK\r\n" + TEXT + b"\r\n" + BODY, b"") == BODY


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        # -- the status
        (
            b"HTTP/1.1 301 Moved\r\nLocation: https://example.org/x\r\n\r\n",
            "HTTP 301, a redirect to 'https://example.org/x': no redirect may be followed",
        ),
        (
            b"HTTP/1.1 302 Found\r\nLocation: \x1b[2J\r\n\r\n",
            None,
        ),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", "HTTP 304, a redirect to 'nowhere': no redirect may be followed"),
        (b"HTTP/1.1 404 Not Found\r\n\r\n", "HTTP 404 Not Found"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "HTTP 204 No Content"),
        (b"HTTP/1.1 206 Partial\r\n" + TEXT + b"\r\n", "HTTP 206 Partial"),
        (b"HTTP/1.1 503\r\n\r\n", "HTTP 503"),
        (b"HTTP/1.1 999 Go Away\r\n\r\n", "HTTP 999 Go Away"),
        # -- the type and the coding
        (OK + LENGTH + b"\r\n", "the content type is missing, not text/plain"),
        (OK + b"Content-Type: text/html; charset=utf-8\r\n\r\n", "the content type is text/html, not text/plain"),
        (OK + b"Content-Type: text/plainer\r\n\r\n", "the content type is text/plainer, not text/plain"),
        (OK + b"Content-Type: ;text/plain\r\n\r\n", "the content type is , not text/plain"),
        (OK + TEXT + b"Content-Type: text/html\r\n\r\n", "the content type is text/plain, text/html, not text/plain"),
        (OK + TEXT + b"Content-Encoding: gzip\r\n\r\n", "the content encoding is gzip, which was not asked for"),
        (
            OK + TEXT + b"Content-Encoding: identity\r\nContent-Encoding: br\r\n\r\n",
            "the content encoding is identity, br, which was not asked for",
        ),
        (OK + TEXT + b"Transfer-Encoding: gzip, chunked\r\n\r\n", None),
        # -- the length
        (OK + TEXT + b"Content-Length: 65537\r\n\r\n", "the policy has more than 65536 bytes"),
        (OK + TEXT + b"Content-Length: 9999999999999999999\r\n\r\n", "the policy has more than 65536 bytes"),
        (OK + TEXT + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", None),
        (OK + TEXT + b"Content-Length: -1\r\n\r\n", None),
        (OK + TEXT + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", None),
        (OK + TEXT + b"\r\n" + b"x" * (SIZE + 1), "the policy has more than 65536 bytes"),
        (
            OK + TEXT + b"Transfer-Encoding: chunked\r\n\r\n10001\r\n" + b"x" * 65537,
            "the policy has more than 65536 bytes",
        ),
        (OK + TEXT + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 30 + b"\r\n", None),
        (OK + TEXT + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n", None),
        # -- what is no HTTP
        (b"220 mx.example.org ESMTP\r\n\r\n", "this is no answer in HTTP/1.1: '220 mx.example.org ESMTP\\r\\n\\r\\n'"),
        (b"<html>\r\n\r\n", "this is no answer in HTTP/1.1: '<html>\\r\\n\\r\\n'"),
        (b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\r\n\r\n", None),
        (b"HTTP/2 200\r\n\r\n", "this is no answer in HTTP/1.1: 'HTTP/2 200\\r\\n\\r\\n'"),
        (b"HTTP/1.1 2x0 OK\r\n\r\n", "the answer is malformed: illegal status line: 'HTTP/1.1 2x0 OK'"),
        (
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
            "HTTP 101, a switch to another protocol, which was not asked for",
        ),
        (OK + b"no colon\r\n\r\n", "the answer is malformed: illegal header line: 'no colon'"),
        (OK + b"A: b\x00c\r\n\r\n", None),
        (b"HTTP/1.1 103 Early\r\n\r\n" * 9, "more than 8 answers before the answer (HTTP 103)"),
    ],
)
def test_answers_that_give_none(answer: bytes, detail: str | None) -> None:
    said = refused(answer, b"")
    in_pieces = refused(*(answer[at : at + 7] for at in range(0, len(answer), 7)), b"")
    assert detail is None or said == in_pieces == detail


@pytest.mark.parametrize("end", range(1, len(GOOD)))
def test_an_answer_that_is_cut_gives_none(end: int) -> None:
    words = {"connection closed in the middle of the answer", f"this is no answer in HTTP/1.1: '{GOOD[:end].decode()}'"}
    assert refused(GOOD[:end], b"") in words


def test_no_answer_at_all() -> None:
    assert refused(b"") == "connection closed without an answer"


def test_a_body_in_chunks_that_is_cut_gives_none() -> None:
    said = refused(OK + TEXT + b"Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n", b"")
    assert said == "connection closed in the middle of the answer"


# -- what never ends --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "filling", "detail"),
    [
        (b"", b"x", f"this is no answer in HTTP/1.1: '{'x' * 60}'"),
        (b"HTTP/1.1 200 ", b"x", f"headers of more than {HEAD} bytes"),
        (OK, b"A: b\r\n", f"headers of more than {HEAD} bytes"),
        (OK + b"A: ", b"x", f"headers of more than {HEAD} bytes"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", "more than 8 answers before the answer (HTTP 100)"),
        (OK + TEXT + b"\r\n", b"x", f"the policy has more than {SIZE} bytes"),
        (OK + TEXT + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", f"the policy has more than {SIZE} bytes"),
        (
            OK + TEXT + b"Transfer-Encoding: chunked\r\n\r\n",
            b"1;" + b"y" * 200 + b"\r\nx\r\n",
            f"no end of the answer within {WHOLE} bytes",
        ),
        (OK + TEXT + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n", f"headers of more than {HEAD} bytes"),
    ],
    ids=["line", "status line", "headers", "header", "1xx", "body", "chunks", "chunk extensions", "trailers"],
)
def test_what_never_ends_is_ended(start: bytes, filling: bytes, detail: str) -> None:
    def endless() -> Iterator[bytes]:
        yield start or filling
        while True:
            yield filling * (8192 // len(filling))

    tracemalloc.start()
    try:
        assert refused(*_some(endless(), 2 * WHOLE)) == detail
        assert tracemalloc.get_traced_memory()[1] < 8 * WHOLE
    finally:
        tracemalloc.stop()


def _some(pieces: Iterator[bytes], count: int) -> Iterator[bytes]:
    for piece in pieces:
        if count < 0:
            return
        count -= len(piece)
        yield piece


# -- whatever comes -----------------------------------------------------------------------------------


@given(pieces=st.lists(st.binary(max_size=100) | st.sampled_from([OK, TEXT, LENGTH, b"\r\n", BODY, b"0\r\n\r\n"])))
def test_any_bytes_give_a_body_or_the_declared_error(pieces: list[bytes]) -> None:
    try:
        found = body(*(piece for piece in pieces if piece), b"")
    except StsFetchFailed as error:
        assert str(error).isprintable()  # noqa: PT017 - either will do
    else:
        assert found is None or len(found) <= SIZE
