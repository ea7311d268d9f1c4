"""Tags, names and text of the XML that XMPP allows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starttls.grammar import xmlsyntax
from starttls.grammar.xmlsyntax import ROOT_SCOPE, Breach, hide_inside

SCOPE = {**ROOT_SCOPE, "": "urn:default", "p": "urn:p", "q": "urn:p"}


def tag(text: str) -> xmlsyntax.Tag:
    return xmlsyntax.start_tag(text.encode(), SCOPE)


@pytest.mark.parametrize(
    ("text", "name", "attributes", "empty"),
    [
        ("a>", "{urn:default}a", {}, False),
        ("a/>", "{urn:default}a", {}, True),
        ("a />", "{urn:default}a", {}, True),
        ("p:a>", "{urn:p}a", {}, False),
        ("a b='1' c=\"2\">", "{urn:default}a", {"b": "1", "c": "2"}, False),
        ("a\n\tb = '1'\r\n>", "{urn:default}a", {"b": "1"}, False),
        ("a p:b='1' b='2'>", "{urn:default}a", {"{urn:p}b": "1", "b": "2"}, False),
        ("a b='\"' c=\"'\">", "{urn:default}a", {"b": '"', "c": "'"}, False),
        ("a b='x>y/>'>", "{urn:default}a", {"b": "x>y/>"}, False),
        ("a b='&lt;&gt;&amp;&quot;&apos;'>", "{urn:default}a", {"b": "<>&\"'"}, False),
        ("a b='&#65;&#x42;&#x0043;&#0068;'>", "{urn:default}a", {"b": "ABCD"}, False),
        ("a b='&#x1F510;&#9;&#10;'>", "{urn:default}a", {"b": "\U0001f510\t\n"}, False),
        ("a b='1\t2\r\n3\r4\n5'>", "{urn:default}a", {"b": "1 2 3 4 5"}, False),
        ("a xmlns='urn:x'>", "{urn:x}a", {}, False),
        ("a xmlns=''>", "a", {}, False),
        ("y:a xmlns:y='urn:y' y:b='1'>", "{urn:y}a", {"{urn:y}b": "1"}, False),
        ("a xml:lang='en'>", "{urn:default}a", {"{http://www.w3.org/XML/1998/namespace}lang": "en"}, False),
        ("a xmlns:xml='http://www.w3.org/XML/1998/namespace'>", "{urn:default}a", {}, False),
        ("_-.1 xmlnsx='1'>", "{urn:default}_-.1", {"xmlnsx": "1"}, False),
        ("\u00e9\u0300\u65e5/>", "{urn:default}\u00e9\u0300\u65e5", {}, True),
    ],
)
def test_tags(text: str, name: str, attributes: dict[str, str], empty: bool) -> None:
    read = tag(text)
    assert (read.name, dict(read.attributes), read.empty) == (name, attributes, empty)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        (">", "not-well-formed"),
        ("/>", "not-well-formed"),
        (" a>", "not-well-formed"),
        ("1>", "not-well-formed"),
        ("-a>", "not-well-formed"),
        ("a:>", "not-well-formed"),
        (":a>", "not-well-formed"),
        ("a:b:c>", "not-well-formed"),
        ("a b>", "not-well-formed"),  # what a possessive group takes for a tag (python/cpython#106052)
        ("a b=>", "not-well-formed"),
        ("a b=1>", "not-well-formed"),
        ("a b='1\">", "not-well-formed"),
        ("a b='1'c='2'>", "not-well-formed"),
        ("a b='1' b='2'>", "not-well-formed"),
        ("a p:b='1' q:b='2'>", "not-well-formed"),
        ("a b='<'>", "not-well-formed"),
        ("a b='&'>", "not-well-formed"),
        ("a b='&;'>", "restricted-xml"),
        ("a b='&lt'>", "not-well-formed"),
        ("a b='&LT;'>", "restricted-xml"),
        ("a b='&nbsp;'>", "restricted-xml"),
        ("a b='&#;'>", "not-well-formed"),
        ("a b='&#x;'>", "not-well-formed"),
        ("a b='&#X41;'>", "not-well-formed"),
        ("a b='&#-1;'>", "not-well-formed"),
        ("a b='&#\u0663;'>", "not-well-formed"),
        ("a b='&#8;'>", "not-well-formed"),
        ("a b='&#xFFFE;'>", "not-well-formed"),
        ("a b='&#xD800;'>", "not-well-formed"),
        ("a b='&#1114112;'>", "not-well-formed"),
        ("a b='&#x" + "F" * 9000 + ";'>", "not-well-formed"),
        ("a b='\x01'>", "not-well-formed"),
        ("a b='\ufffe'>", "not-well-formed"),
        ("a//>", "not-well-formed"),
        ("a/ >", "not-well-formed"),
        ("r:a>", "not-well-formed"),
        ("a r:b='1'>", "not-well-formed"),
        ("a xmlns:p=''>", "not-well-formed"),
        ("a xmlns:='x'>", "not-well-formed"),
        ("a xmlns:xmlns='urn:x'>", "not-well-formed"),
        ("xmlns:a>", "not-well-formed"),
        ("a xmlns:xml='urn:x'>", "not-well-formed"),
        ("a xmlns:y='http://www.w3.org/XML/1998/namespace'>", "not-well-formed"),
        ("a xmlns='http://www.w3.org/2000/xmlns/'>", "not-well-formed"),
        ("!-- a -->", "restricted-xml"),
        ("!DOCTYPE a>", "restricted-xml"),
        ("![CDATA[a]]>", "restricted-xml"),
        ("?a?>", "restricted-xml"),
        ("?xml version='1.0'?>", "restricted-xml"),
        ("a " + " ".join(f"b{n}=''" for n in range(33)) + ">", "policy-violation"),
    ],
)
def test_tags_that_are_none(text: str, condition: str) -> None:
    with pytest.raises(Breach) as caught:
        tag(text)
    assert caught.value.condition == condition
    assert caught.value.got
    assert caught.value.expected


@pytest.mark.parametrize("raw", [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x82", b"\x80"])
def test_bytes_that_are_not_utf_8(raw: bytes) -> None:
    for piece in (b"a b='%b'>" % raw, b"a%b>" % raw):
        with pytest.raises(Breach) as caught:
            xmlsyntax.start_tag(piece, SCOPE)
        assert caught.value.condition == "unsupported-encoding"
        assert caught.value.got in raw  # the evidence is the breach, not what stands around it


@pytest.mark.parametrize(
    "raw",
    [
        b"?xml version='1.0'?>",
        b'?xml version="1.0"?>',
        b"?xml\tversion =\r\n'1.0' encoding='UTF-8'?>",
        b"?xml version='1.0' encoding=\"utf-8\" standalone='yes' ?>",
        b"?xml version='1.0' standalone='no'?>",
    ],
)
def test_declarations(raw: bytes) -> None:
    xmlsyntax.check_declaration(raw)


@pytest.mark.parametrize(
    ("raw", "condition"),
    [
        (b"?xml?>", "not-well-formed"),
        (b"?xml version='1.1'?>", "not-well-formed"),
        (b"?xml version='1.0\"?>", "not-well-formed"),
        (b"?xmlversion='1.0'?>", "not-well-formed"),
        (b"?xml encoding='UTF-8' version='1.0'?>", "not-well-formed"),
        (b"?xml version='1.0'encoding='UTF-8'?>", "not-well-formed"),
        (b"?xml version='1.0' standalone='maybe'?>", "not-well-formed"),
        (b"?xml version='1.0' x='y'?>", "not-well-formed"),
        (b"?xml version='1.0'>", "not-well-formed"),
        (b"?xml version='1.0' encoding=''?>", "not-well-formed"),
        (b"?xml version='1.0' encoding='UTF-16'?>", "unsupported-encoding"),
        (b"?xml version='1.0' encoding='UTF-8x'?>", "unsupported-encoding"),
        (b"?xml version='1.0' encoding='ascii'?>", "unsupported-encoding"),
    ],
)
def test_declarations_that_are_none(raw: bytes, condition: str) -> None:
    with pytest.raises(Breach) as caught:
        xmlsyntax.check_declaration(raw)
    assert caught.value.condition == condition


def test_text() -> None:
    assert xmlsyntax.text(b"a &amp; b\r\nc\rd > e") == "a & b\nc\nd > e"
    assert xmlsyntax.text(b"a &amp; ]]> b", cdata=True) == "a &amp; ]]> b"
    with pytest.raises(Breach):
        xmlsyntax.text(b"a ]]> b")


@given(st.text())
def test_escape_survives_either_quotes(value: str) -> None:
    """What was escaped is read as it was, but for what XML cannot carry and for white space, which becomes spaces."""
    escaped = xmlsyntax.escape(value)
    assert not set("<>\"'") & set(escaped)
    expected = "".join(char if xmlsyntax.escape(char) != "\ufffd" else "\ufffd" for char in value)
    for char in ("\r\n", "\r", "\n", "\t"):
        expected = expected.replace(char, " ")
    for quote in "'\"":
        assert tag(f"a b={quote}{escaped}{quote}>").attributes == {"b": expected}


REDACT = hide_inside("auth", "password")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (b"<auth>secret</auth>", b"<auth>[redacted]</auth>"),
        (b"<auth a='b'>secret</auth><x/>", b"<auth a='b'>[redacted]</auth><x/>"),
        (b"<s:auth>secret</s:auth>", b"<s:auth>[redacted]</s:auth>"),
        (b"<auth\n>secret</auth >", b"<auth\n>[redacted]</auth >"),
        (b"<a><password>secret</password>b</a>", b"<a><password>[redacted]</password>b</a>"),
        (b"<auth><![CDATA[secret]]></auth>", b"<auth>[redacted]</auth>"),
        (b"<auth><x>secret</x>secret</auth>z", b"<auth>[redacted]</auth>z"),
        (b"<auth>secret", b"<auth>[redacted]"),
        (b"<auth>secret<", b"<auth>[redacted]"),
        (b"<auth x='>'>secret</auth>", b"<auth x='>[redacted]</auth>"),
        (b"<auth>secret</auth", b"<auth>[redacted]</auth"),
        (b"<auth>a</auth><auth>b</auth>", b"<auth>[redacted]</auth><auth>[redacted]</auth>"),
        (b"<auth/>kept", b"<auth/>kept"),
        (b"<auth a='b' />kept", b"<auth a='b' />kept"),
        (b"<auth></auth>", b"<auth></auth>"),
        (b"<authx>kept</authx>", b"<authx>kept</authx>"),
        (b"<auth", b"<auth"),
        (b"auth>kept", b"auth>kept"),
        (b"", b""),
        (b"\x16\x03\x01<\0>", b"\x16\x03\x01<\0>"),
    ],
)
def test_what_stands_inside_is_hidden(said: bytes, shown: bytes) -> None:
    assert REDACT(said) == shown
    assert REDACT(shown) == shown


@given(st.lists(st.sampled_from([b"<", b">", b"/", b"auth", b"SECRET", b" ", b"a", b"![CDATA[", b"]]", b"'"])))
def test_hiding_only_hides(pieces: list[bytes]) -> None:
    """Whatever comes, all that is shown was said, in the same order."""
    said = b"".join(pieces)
    at = 0
    for part in REDACT(said).split(b"[redacted]"):
        at = said.index(part, at) + len(part)
