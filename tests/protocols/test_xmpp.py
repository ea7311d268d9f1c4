"""XMPP, beyond what its transcripts can say."""

import pytest

from starttls.core.errors import PlaintextAfterGoAhead, Refusal, Refused, TooLong, Unexpected
from starttls.core.facts import ClientSetup, Protocol, ServerSetup
from starttls.core.outcome import Upgrade
from starttls.core.talk import Talk
from starttls.protocols.xmpp import XMPP, XMPP_SERVER

STREAMS = "http://etherx.jabber.org/streams"
TLS = "urn:ietf:params:xml:ns:xmpp-tls"
SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
HEADER = f"<stream:stream xmlns='jabber:client' xmlns:stream='{STREAMS}' id='1' version='1.0'>".encode()
FEATURES = f"<stream:features><starttls xmlns='{TLS}'/></stream:features>".encode()
STARTTLS = f"<starttls xmlns='{TLS}'/>".encode()
PROCEED = f"<proceed xmlns='{TLS}'/>".encode()

NOT_NOW = {
    "resource-constraint": Refusal.THROTTLED,
    "connection-timeout": Refusal.TEMPORARY,
    "internal-server-error": Refusal.TEMPORARY,
    "remote-connection-failed": Refusal.TEMPORARY,
    "reset": Refusal.TEMPORARY,
    "system-shutdown": Refusal.TEMPORARY,
}
# RFC 6120 §4.9.3, all of them
CONDITIONS = [
    *NOT_NOW,
    *("bad-format", "bad-namespace-prefix", "conflict", "host-gone", "host-unknown", "improper-addressing"),
    *("invalid-from", "invalid-namespace", "invalid-xml", "not-authorized", "not-well-formed", "policy-violation"),
    *("restricted-xml", "see-other-host", "undefined-condition", "unsupported-encoding", "unsupported-feature"),
    *("unsupported-stanza-type", "unsupported-version"),
]


def client(*segments: bytes, protocol: Protocol = XMPP, host: str = "example.org") -> Talk:
    talk = protocol.as_client(ClientSetup(entropy=bytes(16), host=host, me="me.example.org"))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def server(*segments: bytes, entropy: bytes = bytes(20)) -> Talk:
    talk = XMPP.as_server(ServerSetup(entropy=entropy, name="example.org"))
    for segment in segments:
        talk.receive_data(segment)
    return talk


def waiting(talk: Talk) -> str:
    assert talk.outcome is None
    return str(talk.waiting_for)


def test_every_wait_has_its_name() -> None:
    assert waiting(client()) == "the stream header (RFC 6120 §4.7)"
    assert waiting(client(HEADER)) == "the stream features (RFC 6120 §4.3.2)"
    assert waiting(client(HEADER, b"<stream:fea")) == "the stream features (RFC 6120 §4.3.2)"
    assert waiting(client(HEADER, FEATURES)) == "the go-ahead (RFC 6120 §5.4.2.3, <proceed/>)"
    assert waiting(server()) == "the stream header (RFC 6120 §4.7)"
    assert waiting(server(HEADER)) == "the request (RFC 6120 §5.4.2.1, <starttls/>)"


@pytest.mark.parametrize("condition", CONDITIONS)
def test_how_long_a_refusal_lasts(condition: str) -> None:
    said = f"<stream:error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"
    outcome = client(HEADER, said.encode()).outcome
    assert isinstance(outcome, Refused)
    assert outcome.reply == condition
    assert outcome.kind is NOT_NOW.get(condition, Refusal.PERMANENT)


def test_what_was_said_is_kept_and_marked() -> None:
    features = (
        f"<stream:features><starttls xmlns='{TLS}'><required/></starttls>"
        f"<mechanisms xmlns='{SASL}'><mechanism>PLAIN</mechanism><mechanism>X-\u20ac</mechanism></mechanisms>"
        "<sm xmlns='urn:xmpp:sm:3'/></stream:features>"
    ).encode()
    outcome = client(HEADER, features, PROCEED).outcome
    assert isinstance(outcome, Upgrade)
    assert outcome.said == {
        "greeting": ("id=1", "version=1.0"),
        "capabilities": ("starttls required", r"mechanisms PLAIN X-\xe2\x82\xac", "{urn:xmpp:sm:3}sm"),
    }


def test_a_server_keeps_who_was_asked_for() -> None:
    outcome = server(HEADER.replace(b" id='1'", b" to='example.org' from='peer.example.net'"), STARTTLS).outcome
    assert isinstance(outcome, Upgrade)
    assert outcome.said == {"hello": ("from=peer.example.net", "to=example.org", "version=1.0")}


def test_a_client_does_not_say_who_it_is_and_a_server_does() -> None:
    assert b"me.example.org" not in client().data_to_send()
    assert b" from='me.example.org' " in client(protocol=XMPP_SERVER).data_to_send()


@pytest.mark.parametrize(
    ("me", "said"),
    [("[192.0.2.1]", "192.0.2.1"), ("[IPv6:2001:db8::1]", "[2001:db8::1]"), ("me.example.org", "me.example.org")],
)
def test_an_address_is_written_as_xmpp_writes_it(me: str, said: str) -> None:
    """Our own name comes as EHLO has it (RFC 5321 §4.1.3); RFC 7622 §3.2 has other brackets."""
    talk = XMPP_SERVER.as_client(ClientSetup(entropy=bytes(16), host="example.org", me=me))
    assert f" from='{said}' ".encode() in talk.data_to_send()


def test_nothing_is_said_behind_the_request() -> None:
    talk = client(HEADER)
    talk.data_to_send()
    talk.receive_data(FEATURES)
    assert talk.data_to_send() == STARTTLS
    talk.receive_data(PROCEED)
    assert talk.data_to_send() == b""


def test_a_name_that_xml_cannot_carry() -> None:
    said = client(host="\0\ud800\ufffe<&'\"").data_to_send()
    assert " to='\ufffd\ufffd\ufffd&lt;&amp;&apos;&quot;' ".encode() in said


def test_the_stream_id_is_the_callers_chance() -> None:
    ids = {server(HEADER, entropy=bytes([n]) * 20).data_to_send().partition(b" id='")[2][:40] for n in range(3)}
    assert ids == {b"00" * 20, b"01" * 20, b"02" * 20}


@pytest.mark.parametrize(
    ("segments", "limit"),
    [
        ([HEADER[:-1] + b" " * 4096 + b">"], 4096),
        ([b"<a " + b"b" * 5000], 4096),
        ([HEADER, b" " * 16385], 16384),
        ([HEADER, b"<stream:features>" + b"<a/>" * 5000], 16384),
        ([HEADER, b"<stream:features>" + b"x" * 17000], 16384),
        ([HEADER, b"<stream:features>" + b">" * 17000], 16384),
        ([HEADER, b"<stream:features><![CDATA[" + b">" * 17000], 16384),
        ([HEADER, b"<stream:features a='" + b">" * 17000], 16384),
        ([HEADER, FEATURES, PROCEED[:-2] + b" " * 4096 + b"/>"], 4096),
    ],
)
def test_every_read_is_bounded(segments: list[bytes], limit: int) -> None:
    outcome = client(*segments).outcome
    assert isinstance(outcome, TooLong)
    assert outcome.limit == limit


def test_features_may_be_as_long_as_their_limit() -> None:
    empty = b"<stream:features></stream:features>"
    fill = 16384 - len(empty) + 1  # the first "<" is read by itself
    assert waiting(client(HEADER, empty.replace(b"><", b">" + b"x" * fill + b"<"))).startswith("the go-ahead")
    longer = client(HEADER, empty.replace(b"><", b">" + b"x" * (fill + 1) + b"<"))
    assert isinstance(longer.outcome, TooLong)


def test_a_login_is_never_shown() -> None:
    secret = "AGFsaWNlAHNlY3JldA=="
    parts = {secret[at : at + 4] for at in range(len(secret) - 3)}
    login = f"<auth xmlns='{SASL}' mechanism='PLAIN'>{secret}</auth>".encode()
    for cut in range(len(login)):
        # the first half comes with the header, so that our answer stands between the halves
        talk = server(HEADER + login[:cut], login[cut:])
        assert isinstance(talk.outcome, Unexpected)
        assert str(talk.outcome).startswith("xmpp: unexpected '<auth xmlns=")
        shown = talk.transcript.text + str(talk.outcome)
        assert not any(part in shown for part in parts), cut
        assert "[redacted]" in shown


def test_a_login_behind_the_request_is_not_shown() -> None:
    talk = server(HEADER, STARTTLS + f"<auth xmlns='{SASL}'>AGFsaWNlAHNlY3JldA==</auth>".encode())
    assert isinstance(talk.outcome, PlaintextAfterGoAhead)
    assert "AGFs" not in talk.transcript.text + str(talk.outcome) + repr(talk.outcome)


def test_the_records_differ_where_the_protocols_do() -> None:
    assert (XMPP.name, XMPP.implicit, XMPP.alpn) == ("xmpp", "xmpps", ("xmpp-client",))
    assert (XMPP_SERVER.name, XMPP_SERVER.implicit, XMPP_SERVER.alpn) == (
        "xmpp-server",
        "xmpps-server",
        ("xmpp-server",),
    )
    assert XMPP.ports != XMPP_SERVER.ports
    assert XMPP.srv != XMPP_SERVER.srv
