"""ManageSieve, beyond what its transcripts can say."""

import pytest

from starttls.core.errors import NotOffered, PlaintextAfterGoAhead, Refusal, Refused, TooLong, Unexpected
from starttls.core.facts import ClientSetup, ServerSetup
from starttls.core.outcome import Upgrade
from starttls.core.talk import Talk
from starttls.core.transcript import Side
from starttls.protocols import by_name
from starttls.protocols.managesieve import MANAGESIEVE

GREETING = b'"IMPLEMENTATION" "x"\r\n"STARTTLS"\r\nOK\r\n'


def client(*segments: bytes) -> Talk:
    talk = MANAGESIEVE.as_client(ClientSetup(entropy=bytes(16)))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def server(*segments: bytes) -> Talk:
    talk = MANAGESIEVE.as_server(ServerSetup(entropy=bytes(20), name="mail.example.org"))
    talk.data_to_send()
    for segment in segments:
        talk.receive_data(segment)
    return talk


def test_inside_tls_the_server_speaks_first() -> None:
    """RFC 5804 section 2.2: it lists its capabilities again, unasked."""
    assert MANAGESIEVE.first_inside is Side.SERVER
    assert by_name("sieve") == (MANAGESIEVE, False)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"NO", Refusal.PERMANENT),
        (b'NO "x"', Refusal.PERMANENT),
        (b'no (trylater) "x"', Refusal.TEMPORARY),
        (b"NO (QUOTA/MAXSIZE)", Refusal.PERMANENT),
        (b"BYE", Refusal.TEMPORARY),
        (b'BYE (TRYLATER) "x"', Refusal.TEMPORARY),
        (b'BYE (REFERRAL "sieve://x/")', Refusal.PERMANENT),
    ],
)
def test_how_long_a_refusal_lasts(answer: bytes, kind: Refusal) -> None:
    for before in ([], [GREETING]):
        outcome = client(*before, answer + b"\r\n").outcome
        assert isinstance(outcome, Refused)
        assert outcome.kind is kind


@pytest.mark.parametrize(
    "line",
    [
        *(
            b'"a',
            b'"a" ',
            b'"a"  "b"',
            b'"a" b',
            b'"a" "b',
            b'"a""b"',
            b'"a" "b" "c"',
            b'"\\a"',
            b'"a"b"',
            b'" \\"',
            b'"a{3}\r\nxyz"',
        ),
        *(b"{1}\r\na b", b'{1}\r\na"b"', b'"a" {1}x', b"{1", b"{}", b"{x}", b"a", b" OK", b"OK\t", b"", b"(", b"OKK"),
    ],
)
def test_a_line_that_is_neither_strings_nor_a_status(line: bytes) -> None:
    talk = client(line + b"\r\nOK\r\n")
    assert isinstance(talk.outcome, Unexpected)
    assert talk.data_to_send() == b""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'""', ""),
        (b'"" ""', ""),
        (b'"a" "b c"', "a b c"),
        (b'"a" "\\"\\\\"', 'a "\\\\'),
        (b"{0}\r\n", ""),
        (b'{2}\r\n"a {3}\r\n\r\nb', '"a \\r\\nb'),
        (b'"a" {2+}\r\nOK', "a OK"),
    ],
)
def test_strings_quoted_and_counted(line: bytes, said: str) -> None:
    talk = client(line + b'\r\n"STARTTLS"\r\nOK\r\n', b"OK\r\n")
    assert isinstance(talk.outcome, Upgrade)
    assert talk.outcome.said == {"greeting": ("",), "capabilities": (said, "STARTTLS")}


@pytest.mark.parametrize("name", [b'"STARTTLS"', b'"starttls"', b"{8}\r\nSTARTTLS", b"{8+}\r\nStartTls"])
def test_the_offer_is_a_string_alone(name: bytes) -> None:
    assert client(name + b"\r\nOK\r\n").data_to_send() == b"STARTTLS\r\n"


@pytest.mark.parametrize(
    "name",
    [b'"XSTARTTLS"', b'"STARTTLS" ""', b'"STARTTLS "', b'"STARTTLS" "1"', b'"SASL" "STARTTLS"', b'"STARTTLS "  "x"'],
)
def test_what_only_looks_like_the_offer_is_none(name: bytes) -> None:
    talk = client(name + b"\r\nOK\r\n")
    assert isinstance(talk.outcome, NotOffered | Unexpected)
    assert talk.data_to_send() == b""


def test_every_wait_has_its_name() -> None:
    assert str(client().waiting_for) == "the greeting (RFC 5804 §1.7, capabilities and OK)"
    assert str(client(b'"a" {3}\r\n').waiting_for) == "the rest of a literal (RFC 5804 §4)"
    assert str(client(GREETING).waiting_for) == "the go-ahead (RFC 5804 §2.2, OK)"
    assert str(server().waiting_for) == "a command (RFC 5804 §2)"
    assert str(server(b"NOOP {3+}\r\n").waiting_for) == "the rest of a client's literal (RFC 5804 §4)"


def test_endless_data_ends() -> None:
    assert isinstance(client(*[b'"a"\r\n' * 1000] * 30).outcome, TooLong)
    assert isinstance(client(b'"' + b"x" * 65536).outcome, TooLong)
    assert isinstance(client(b"{99999999999}\r\n").outcome, TooLong)
    assert isinstance(server(b"x" * 65536).outcome, TooLong)
    assert isinstance(server(*[b"NOOP\r\n"] * 3000).outcome, TooLong)


@pytest.mark.parametrize("tag", [b"", b"x", b'"', b'a"b\\c', b"x) OK\r\nOK\r\n", b"\xff", b"\0\n", b"x" * 2000])
def test_a_tag_is_echoed_counted(tag: bytes) -> None:
    talk = server(b"NOOP {%d+}\r\n%b\r\n" % (len(tag), tag))
    assert talk.data_to_send() == b'OK (TAG {%d}\r\n%b) "Done"\r\n' % (len(tag), tag)


@pytest.mark.parametrize("arguments", [b"x", b'"a" "b"', b'"a', b'"a" '])
def test_a_noop_with_no_tag_of_one_string(arguments: bytes) -> None:
    assert server(b"NOOP " + arguments + b"\r\n").data_to_send().startswith(b"NO ")


def test_a_password_is_not_kept() -> None:
    talk = server(b'AUTHENTICATE "PLAIN" "AGpvZQBzZWNyZXQ="\r\n', b'AUTHENTICATE "PLAIN" {4+}\r\nAGpv\r\n')
    assert talk.data_to_send() == b'NO (ENCRYPT-NEEDED) "STARTTLS first"\r\n' * 2
    assert talk.transcript.text.count('AUTHENTICATE "PLAIN" [redacted]') == 2
    assert "AGpv" not in talk.transcript.text


def test_the_list_inside_tls_is_no_business_of_the_server_role() -> None:
    """It would have to know the mechanisms of whoever is behind it; it sends the OK and nothing else."""
    talk = server(b"STARTTLS\r\n")
    assert isinstance(talk.outcome, Upgrade)
    assert talk.data_to_send() == b'OK "Begin TLS now"\r\n'


def test_a_list_before_tls_is_an_injection_although_the_protocol_has_one_inside() -> None:
    outcome = client(GREETING, b'OK\r\n"SASL" "PLAIN"\r\nOK\r\n').outcome
    assert isinstance(outcome, PlaintextAfterGoAhead)
