"""The parsers of policies: MTA-STS records and policies, the answer that brings one, TLSRPT records and reports.

Invariant: any bytes give what they say, within its bounds, or the declared error, whose text is one printable line.
"""

import msgspec

from fuzz.target import Target
from starttls.core.errors import StartTLSError
from starttls.policy import datagram
from starttls.policy.answer import TXT, Answer, Question, Status
from starttls.policy.envelope import FileName, compressed
from starttls.policy.errors import BadReport, StsFetchFailed, StsInvalid
from starttls.policy.renewal import announcement
from starttls.policy.report import PolicyType, read, write
from starttls.policy.sts import LINES, MAX_AGE, SIZE, State, matches, parse_policy
from starttls.policy.tlsrpt import reporting
from starttls.resolve.response import Response

__all__ = ["TARGETS"]

URL = "https://mta-sts.example.org/.well-known/mta-sts.txt"
CUT = b"\xf0cut\xf0"
"""Where the input is cut into the strings of TXT records, or into segments; seeds carry it, so the fuzzer learns it."""

POLICY = (
    b"version: STSv1\r\nmode: enforce\r\nmx: mail.example.org\r\nmx: *.example.net\r\nmax_age: 604800\r\nnew: a b\r\n"
)
RECORDS = [
    b"v=STSv1; id=20160831085700Z;",
    b"v=STSv1; id=1; new=field",
    b"v=TLSRPTv1; rua=mailto:a@b.example,https://c.example/%2C; new=field;",
    b"v=spf1 -all" + CUT + b"v=STSv1;id=1",
]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
ANSWERS = [
    OK + b"Content-Length: 7\r\n\r\na: b\r\n\n",
    b"HTTP/1.1 103 Early\r\n\r\n" + OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n",
    b"HTTP/1.1 301 Moved\r\nLocation: /x\r\n\r\n",
]
REPORT = (
    b'{"organization-name":"S","contact-info":"a@b","report-id":"1",'
    b'"date-range":{"start-datetime":"2026-04-01T00:00:00Z","end-datetime":"2026-04-01T23:59:59Z"},'
    b'"policies":[{"policy":{"policy-type":"sts","policy-string":["version: STSv1"],'
    b'"policy-domain":"a.example","mx-host":"*.a.example"},'
    b'"summary":{"total-successful-session-count":1,"total-failure-session-count":2},'
    b'"failure-details":[{"result-type":"dane-required","sending-mta-ip":"192.0.2.1",'
    b'"failed-session-count":2,"receiving-ip":null}]}]}'
)
DATAGRAM = (
    b'{"dpv": "1","d": "a.example","pr": "v=TLSRPTv1;rua=mailto:a@b",'
    b'"policies":[{"policy-type":2,"policy-domain": "a.example","policy-string":["mode: enforce"],'
    b'"mx-host":["*.a.example"],"failure-details":[{"c":204,"s": "192.0.2.1"}],"t":1,"f":1}]}'
)
FILES = [b"a.example!b.example!1!2!001.json.gz", b"a.example!b.example!1!2.json"]


def one_line(error: StartTLSError) -> None:
    """What every declared error is."""
    assert str(error).isprintable(), str(error)


def policy(data: bytes) -> None:
    """A policy's text."""
    try:
        found = parse_policy("example.org", data)
    except StsInvalid as error:
        one_line(error)
        return
    assert len(data) <= SIZE
    assert len(found.lines) <= LINES
    assert 0 <= found.max_age <= MAX_AGE
    for pattern in found.mx:
        assert matches(found, pattern.replace("*", "mx"))
    assert parse_policy("example.org", "\n".join(found.lines).encode()) == found


def records(data: bytes) -> None:
    """The answer to TXT, for both kinds of records."""
    texts = tuple(TXT((piece,)) for piece in data.split(CUT))
    answer = Answer(question=Question("x.example.org", "TXT"), status=Status.SECURE, records=texts)
    announced, found = announcement("example.org", answer), reporting(answer)
    assert (announced.state is State.VALID) == (announced.id is not None)
    assert (found.state is State.VALID) == bool(found.rua)
    assert all(text.isprintable() for text in (announced.error, *found.errors, *found.rua))


def response(data: bytes) -> None:
    """What a web server says."""
    answer = Response(URL)
    try:
        for piece in (*(piece for piece in data.split(CUT) if piece), b""):
            if answer.body is None:
                answer.receive_data(piece)
    except StsFetchFailed as error:
        one_line(error)
    else:
        assert answer.body is not None
        assert len(answer.body) <= SIZE


def report(data: bytes) -> None:
    """A TLS report, which is compressed or not. What can be read can be read again, and what is written is the same."""
    try:
        found = read(data)
    except BadReport as error:
        one_line(error)
        return
    assert found.date_range.start_datetime <= found.date_range.end_datetime
    assert read(compressed(msgspec.json.encode(found))) == found
    try:
        again = read(write(found))
    except BadReport as error:
        one_line(error)
    else:
        assert again == found


def delivery(data: bytes) -> None:
    """A datagram of libtlsrpt."""
    try:
        found = datagram.read(data)
    except BadReport as error:
        one_line(error)
        return
    assert found.domain
    assert all(isinstance(one.policy.policy_type, PolicyType) and one.policy.policy_domain for one in found.policies)


def file_name(data: bytes) -> None:
    """The name of a report's file."""
    try:
        found = FileName.parse(data.decode("utf-8", "surrogateescape"))
    except BadReport as error:
        one_line(error)
        return
    assert FileName.parse(found.text) == found


TARGETS = (
    Target(("mta-sts-policy",), lambda: [POLICY, POLICY.replace(b"enforce", b"none")], policy),
    Target(("policy-records",), lambda: RECORDS, records),
    Target(("policy-answer",), lambda: ANSWERS, response),
    Target(("tls-report",), lambda: [REPORT, compressed(REPORT)], report),
    Target(("tls-report-datagram",), lambda: [DATAGRAM], delivery),
    Target(("tls-report-name",), lambda: FILES, file_name),
)
