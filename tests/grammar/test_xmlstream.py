"""Streams of XML, read to the byte; Expat of the standard library is the oracle."""

from collections.abc import Iterator
from xml.parsers import expat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from starttls.core.errors import PeerError, PlaintextAfterGoAhead, TooLong, Unexpected
from starttls.core.outcome import Upgrade
from starttls.core.talk import Steps, Talk
from starttls.core.transcript import Side
from starttls.core.wait import Wait
from starttls.grammar.xmlstream import Element, Reader
from starttls.grammar.xmlsyntax import ATTRIBUTES

WAIT = Wait("XML", "RFC 6120 §11", 4096)


class Heard:
    """Reads a stream to its end, and keeps what it was."""

    def __init__(self, wait: Wait = WAIT, elements: int = 1000) -> None:
        self.elements: list[Element] = []
        self.ended = False
        self.complaints: list[str] = []
        self.talk = Talk("xml", Side.CLIENT)
        self.reader = Reader(self.talk, self.complaints.append)
        self.talk.begin(self._steps(wait, elements))

    def _steps(self, wait: Wait, elements: int) -> Steps[None]:
        self.elements.append((yield from self.reader.open(wait)))
        for _ in range(elements):
            element = yield from self.reader.element(wait)
            if element is None:
                self.ended = True
                break
            self.elements.append(element)
        self.talk.upgrade()

    def feed(self, data: bytes, size: int = 65536) -> "Heard":
        for start in range(0, len(data), size):
            if self.talk.outcome is None:
                self.talk.receive_data(data[start : start + size])
        return self

    @property
    def error(self) -> PeerError | None:
        return self.talk.outcome if isinstance(self.talk.outcome, PeerError) else None


def test_a_stream_is_read_element_by_element() -> None:
    heard = Heard().feed(b"<?xml version='1.0'?><s xmlns='urn:s' id='1'> <a>t<b c='d'/>u</a>\n<e/>")
    assert heard.error is None
    root, first, second = heard.elements
    assert (root.name, root.attributes, root.tag) == ("{urn:s}s", {"id": "1"}, b"<s xmlns='urn:s' id='1'>")
    assert (first.name, first.text, first.tag) == ("{urn:s}a", "tu", b"<a>")
    assert first.children == (Element("{urn:s}b", {"c": "d"}, (), "", b"<b c='d'/>"),)
    assert first.child("{urn:s}b") is first.children[0]
    assert first.child("b") is None
    assert second.is_empty
    assert not first.is_empty
    assert heard.reader.default_namespace == "urn:s"


@pytest.mark.parametrize("element", [b"<a/>", b"<a></a>", b"<a b='>'/>", b"<a>></a>", b"<a><![CDATA[</a>]]></a >"])
def test_not_one_byte_behind_an_element_is_taken(element: bytes) -> None:
    for behind in (b"", b"\n", b"<", b"</a>", b"\x16\x03\x01"):
        heard = Heard(elements=1).feed(b"<s>" + element + behind)
        assert len(heard.elements) == 2
        if behind:
            assert isinstance(heard.error, PlaintextAfterGoAhead)
            assert heard.error.leftover == behind
        else:
            assert isinstance(heard.talk.outcome, Upgrade)


@pytest.mark.parametrize("element", [b"<a/", b"<a></a", b"<a b='>", b"<a>>", b"<a><![CDATA[>", b"<a><!", b"<"])
def test_an_element_that_has_not_ended_is_waited_for(element: bytes) -> None:
    heard = Heard().feed(b"<s>" + element)
    assert heard.talk.outcome is None
    assert heard.talk.waiting_for == WAIT


def test_one_limit_for_all_that_a_call_reads() -> None:
    small = Wait("XML", "RFC 6120 §11", 40)
    for inside in (b"<b/>" * 20, b"b" * 80, b">" * 80, b"<![CDATA[" + b">" * 80, b"<b c='" + b">" * 80):
        error = Heard(small).feed(b"<s><a>" + inside).error
        assert isinstance(error, TooLong)
        assert error.limit == 40
    # each element has the limit for itself
    assert Heard(small).feed(b"<s>" + b"<a>bbbbbbbbbbbbbbbbbbbbbbbbbb</a>" * 50).error is None


def test_the_depth_has_a_limit() -> None:
    assert Heard().feed(b"<s>" + b"<a>" * 16 + b"<b/>" + b"</a>" * 16).error is None
    heard = Heard().feed(b"<s>" + b"<a>" * 17)
    assert isinstance(heard.error, Unexpected)
    assert heard.complaints == ["policy-violation"]


def test_a_complaint_comes_once_and_not_to_those_who_speak_no_xml() -> None:
    assert Heard().feed(b"<s><a></b>").complaints == ["not-well-formed"]
    assert Heard().feed(b"<!DOCTYPE s>").complaints == ["restricted-xml"]
    assert Heard().feed(b"<s>x").complaints == ["bad-format"]
    assert Heard().feed(b"HTTP/1.1 400").complaints == []
    assert isinstance(Heard().feed(b"HTTP/1.1 400").error, Unexpected)


# -- the oracle ----------------------------------------------------------------------------------------------


class Tree:
    """What Expat makes of the same bytes: the same `Element` values, or a reason to refuse them."""

    def __init__(self, data: bytes) -> None:
        self.elements: list[Element] = []
        self.refused = ""
        self._open: list[tuple[str, dict[str, str], list[Element], list[str]]] = []
        parser = expat.ParserCreate("utf-8", "}")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.XmlDeclHandler = self._declaration
        parser.StartDoctypeDeclHandler = lambda *_: self._refuse("document type")
        parser.CommentHandler = lambda _: self._refuse("comment")
        parser.ProcessingInstructionHandler = lambda *_: self._refuse("processing instruction")
        parser.StartCdataSectionHandler = self._cdata
        try:
            parser.Parse(data, False)
        except expat.ExpatError as error:
            self._refuse(str(error))

    def _refuse(self, reason: str) -> None:
        self.refused = self.refused or reason

    def _declaration(self, version: str, encoding: str | None, _standalone: int) -> None:
        if version != "1.0" or (encoding or "utf-8").lower() != "utf-8":
            self._refuse("another XML")

    def _cdata(self) -> None:
        if len(self._open) < 2:
            self._refuse("CDATA between elements")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        whole = {_clark(key): value for key, value in attributes.items()}
        if not self._open:
            self.elements.append(Element(_clark(name), whole, (), "", b""))
        self._open.append((_clark(name), whole, [], []))
        if len(self._open) > 17 or len(attributes) > ATTRIBUTES:
            self._refuse("too much")

    def _end(self, _name: str) -> None:
        name, attributes, children, text = self._open.pop()
        element = Element(name, attributes, tuple(children), "".join(text), b"")
        if len(self._open) > 1:
            self._open[-1][2].append(element)
        elif self._open:
            self.elements.append(element)

    def _text(self, text: str) -> None:
        self._open[-1][3].append(text)
        if len(self._open) == 1 and text.strip(" \t\r\n"):
            self._refuse("text between elements")


def _clark(name: str) -> str:
    return "{" + name if "}" in name else name


def _bare(element: Element) -> Element:
    """Without the bytes of its tag, which Expat does not keep."""
    children = tuple(_bare(child) for child in element.children)
    return Element(element.name, dict(element.attributes), children, element.text, b"")


PLAIN = ["a", "b", "c"]
NAMES = [*PLAIN, "p:a", "q:a", "p:b", "xml:lang", "xmlns", "xmlns:p", "xmlns:q", "a:b:c", "_.-1", "1"]
VALUES = ["", "urn:1", "urn:2", "x", "&lt;", "&amp;&#65;", "a>b", "\t\n", "\u00e9", "it's"]
ODD_VALUES = [*VALUES, "&x;", "http://www.w3.org/2000/xmlns/", "&#0;", "<"]
TEXTS = ["", " ", "\r\n", "t", "a > b", "&gt;&#x20AC;", "<![CDATA[ & <a> ]]>", "\u20ac"]
ODD_TEXTS = [*TEXTS, "]]>", "&no;", "<!-- -->", "<?a?>", "&"]
NOISE = [b"", b"<", b">", b"/", b"'", b" ", b"&", b"x", b"\xff", b"="]


@st.composite
def documents(draw: st.DrawFn, odd: bool, depth: int = 0) -> str:
    """An element; an odd one may be ill-formed."""
    name = draw(st.sampled_from(NAMES if odd else PLAIN))
    keys, values, texts = (NAMES, ODD_VALUES, ODD_TEXTS) if odd else (PLAIN, VALUES, TEXTS)
    pairs = st.lists(
        st.tuples(st.sampled_from(keys), st.sampled_from(values)), max_size=3, unique_by=lambda pair: pair[0]
    )
    attributes = ""
    for key, value in draw(pairs):
        quote = '"' if "'" in value else "'"
        attributes += f" {key}={quote}{value}{quote}"
    if draw(st.booleans()) or depth > 3:
        return f"<{name}{attributes}/>"
    text = st.sampled_from(texts)
    inside = "".join(draw(text) + draw(documents(odd, depth + 1)) for _ in range(draw(st.integers(0, 2)))) + draw(text)
    return f"<{name}{attributes}>{inside}</{name}>"


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """A stream; at times with odd elements, and at times with bytes put in, taken out or cut off."""
    first = draw(st.sampled_from(["", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='utf-8'?>\n", " "]))
    roots = ["<s xmlns:p='urn:1' xmlns:q='urn:1'>", "<s xmlns='urn:2' a='b'>", "<p:s xmlns:p='urn:3'>"]
    root = draw(st.sampled_from(roots))
    odd = draw(st.booleans())
    body = "".join(
        draw(documents(odd)) + draw(st.sampled_from(["", " ", "\n"])) for _ in range(draw(st.integers(0, 3)))
    )
    data = bytearray((first + root + body).encode())
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 2))] = draw(st.sampled_from(NOISE))
    return bytes(data)


@settings(max_examples=1500)
@given(streams(), st.integers(1, 40))
def test_expat_agrees(data: bytes, size: int) -> None:
    """What we read, Expat reads as the same. What we refuse, it refuses too, or RFC 6120 does."""
    heard, tree = Heard().feed(data, size), Tree(data)
    if heard.error is None:
        # Expat looks ahead into what has not ended; up to there it has seen the same
        assert [_bare(element) for element in heard.elements] == tree.elements[: len(heard.elements)]
        assert not heard.ended or not tree.refused
    elif not tree.refused:
        # refused where it begins, while Expat has not seen its end; or a stream that is closed where it begins
        assert isinstance(heard.error, Unexpected)
        got = heard.error.got
        assert got[:2] in {b"<?", b"<!", b"&"} or (not heard.elements and got.endswith(b"/>"))


def test_expat_agrees_often_enough() -> None:
    """The oracle is worth nothing if nearly everything is refused."""
    examples: list[bool] = []

    @settings(max_examples=300, database=None, derandomize=True)
    @given(streams())
    def collect(data: bytes) -> None:
        heard = Heard().feed(data)
        examples.append(heard.error is None and len(heard.elements) > 1)

    collect()
    assert sum(examples) > 30


def cuts(data: bytes) -> Iterator[list[bytes]]:
    yield [data]
    yield [data[at : at + 1] for at in range(len(data))]
    for at in range(1, len(data)):
        yield [data[:at], data[at:]]


def test_where_it_is_cut_does_not_matter() -> None:
    text = "<?xml version='1.0'?><s xmlns:p='urn:p'> <p:a b=\"'>'\">\u20ac > &amp;<![CDATA[]>]]>]]&gt;</p:a>\n</s>"
    data = text.encode()
    expected = Heard().feed(data).elements
    for pieces in cuts(data):
        heard = Heard()
        for piece in pieces:
            heard.feed(piece)
        assert heard.elements == expected
        assert heard.ended
