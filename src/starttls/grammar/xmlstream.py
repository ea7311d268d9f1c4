"""An XML stream, read from a `Talk` to the byte (RFC 6120 §4).

A stream is one long document: the start tag of its root, then one element after the other. `Reader` reads them
when they are asked for and takes no byte behind the ``>`` that ends one, because that is where TLS begins.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starttls.core.errors import TooLong, Unexpected
from starttls.core.talk import Steps, Talk
from starttls.core.wait import Wait
from starttls.grammar import xmlsyntax
from starttls.grammar.xmlsyntax import Breach, Tag

__all__ = ["DEPTH", "Element", "Reader"]

DEPTH = 16
"""Elements that may stand inside each other, below the root."""

_SPACE = b" \t\r\n"
_BALANCED = re.compile(rb"""[^'"]*+(?:(?:'[^']*+'|"[^"]*+")[^'"]*+)*""")  # ends where a quote stays open


@dataclass(frozen=True, slots=True)
class Element:
    """An element. Its name, and those of its attributes, hold their namespace: ``{jabber:client}iq``.

    ``tag`` is the start tag as it came. Text inside it, which may be a secret, is not part of it.
    """

    name: str
    attributes: Mapping[str, str]
    children: tuple["Element", ...]
    text: str
    tag: bytes

    def child(self, name: str) -> "Element | None":
        """The first child of this name."""
        return next((child for child in self.children if child.name == name), None)

    @property
    def is_empty(self) -> bool:
        """Is there nothing inside it?"""
        return not self.children and not self.text


class _Inside:
    """An element whose end tag has not come, and what came of its content."""

    __slots__ = ("children", "raw", "tag", "text")

    def __init__(self, tag: Tag, raw: bytes) -> None:
        self.tag = tag
        self.raw = raw
        self.children: list[Element] = []
        self.text: list[str] = []

    def element(self) -> Element:
        return Element(self.tag.name, self.tag.attributes, tuple(self.children), "".join(self.text), b"<" + self.raw)


class Reader:
    """Reads one stream: `open` its root, then `element` after `element`.

    A wait's limit bounds the whole of what one call reads. ``complain`` is told the condition of a stream error
    (RFC 6120 §4.9.3) just before a breach of the rules is raised as `Unexpected`; a server writes it to its
    client. Bytes that do not begin like XML are raised without a complaint: who sends them would not read it.
    """

    __slots__ = ("_left", "_root", "_talk", "complain")

    def __init__(self, talk: Talk, complain: Callable[[str], None] | None = None) -> None:
        """Read from ``talk``."""
        self._talk = talk
        self.complain = complain
        self._root: Tag | None = None
        self._left = 0

    @property
    def default_namespace(self) -> str:
        """The namespace that the root declares for names without a prefix; empty where it declares none."""
        return self._root.scope[""] if self._root else ""

    def open(self, wait: Wait) -> Steps[Element]:
        """Read the XML declaration, if there is one, and the start tag of the root."""
        self._left = wait.limit
        blank = yield from self._between(wait)
        try:
            raw = yield from self._markup(wait)
            if raw.startswith(b"?xml") and not blank:
                xmlsyntax.check_declaration(raw)
                yield from self._between(wait)
                raw = yield from self._markup(wait)
            self._root = root = xmlsyntax.start_tag(raw, xmlsyntax.ROOT_SCOPE)
        except Breach as breach:
            raise self._refused(breach) from None
        if root.empty:
            raise self._refused(Breach("not-well-formed", b"<" + raw, "a stream that is left open"))
        return Element(root.name, root.attributes, (), "", b"<" + raw)

    def element(self, wait: Wait) -> Steps[Element | None]:
        """Read the next element below the root. None says that the root's end tag came instead."""
        self._left = wait.limit
        try:
            yield from self._between(wait)
            raw = yield from self._markup(wait)
            if raw.startswith(b"/"):
                _end(raw, self._root)
                return None
            tag = xmlsyntax.start_tag(raw, self._root.scope if self._root else xmlsyntax.ROOT_SCOPE)
            if tag.empty:
                return Element(tag.name, tag.attributes, (), "", b"<" + raw)
            return (yield from self._content(_Inside(tag, raw), wait))
        except Breach as breach:
            raise self._refused(breach) from None

    def _refused(self, breach: Breach) -> Unexpected:
        if self.complain is not None:
            self.complain(breach.condition)
        return Unexpected(breach.got, breach.expected)

    def _between(self, wait: Wait) -> Steps[bool]:
        """Take the white space between elements and the ``<`` behind it; return whether there was any."""
        blank = False
        while (byte := (yield from self._talk.exact(1, wait))) != b"<":
            blank = True
            if byte not in _SPACE:
                if self._root is None:
                    raise Unexpected(byte, "'<', which begins an XML stream")
                raise Breach("bad-format", byte, "'<': only white space may stand between elements")
            self._spend(1, wait)
        return blank

    def _markup(self, wait: Wait, begun: bytes = b"") -> Steps[bytes]:
        """Take what stands between a ``<`` and the ``>`` that ends it, the latter included. ``begun`` was taken."""
        piece = begun or (yield from self._to_mark(wait))
        if piece.startswith(b"![CDATA["):
            pieces = [piece]
            while not piece.endswith(b"]]>"):
                piece = yield from self._to_mark(wait)
                pieces.append(piece)
            return b"".join(pieces)
        if piece[0] not in b"/!?" and (quote := _quote(b"", piece)):  # inside quotes, ">" ends nothing
            pieces = [piece]
            while quote:
                piece = yield from self._to_mark(wait)
                pieces.append(piece)
                quote = _quote(quote, piece)
            return b"".join(pieces)
        return piece

    def _content(self, top: _Inside, wait: Wait) -> Steps[Element]:
        """Read what is inside ``top``, to the end of its end tag."""
        inside = [top]
        while True:
            text, mark, raw = (yield from self._to_mark(wait)).partition(b"<")
            while not mark:  # a ">" in the text
                more, mark, raw = (yield from self._to_mark(wait)).partition(b"<")
                text += more
            raw = yield from self._markup(wait, raw)
            inner = inside[-1]
            if text:
                inner.text.append(xmlsyntax.text(text))
            if raw.startswith(b"/"):
                _end(raw, inner.tag)
                element = inside.pop().element()
                if not inside:
                    return element
                inside[-1].children.append(element)
            elif raw.startswith(b"![CDATA["):
                inner.text.append(xmlsyntax.text(raw[8:-3], cdata=True))
            else:
                tag = xmlsyntax.start_tag(raw, inner.tag.scope)
                if tag.empty:
                    inner.children.append(Element(tag.name, tag.attributes, (), "", b"<" + raw))
                elif len(inside) == DEPTH:
                    raise Breach("policy-violation", b"<" + raw, f"at most {DEPTH} elements inside each other")
                else:
                    inside.append(_Inside(tag, raw))

    def _to_mark(self, wait: Wait) -> Steps[bytes]:
        """Take up to and including the next ``>``."""
        data = yield from self._talk.until(b">", wait)
        self._spend(len(data), wait)
        return data

    def _spend(self, count: int, wait: Wait) -> None:
        self._left -= count
        if self._left < 0:
            raise TooLong(wait.limit)


def _end(raw: bytes, tag: Tag | None) -> None:
    written = tag.written if tag else ""
    if raw[1:-1].rstrip(_SPACE) != written.encode():
        raise Breach("not-well-formed", b"<" + raw, f"</{written}>")


def _quote(quote: bytes, piece: bytes) -> bytes:
    """The quote that is open behind ``piece``, if ``quote`` was open before it."""
    start = 0
    if quote:
        start = piece.find(quote) + 1
        if not start:
            return quote
    balanced = _BALANCED.match(piece, start)
    return piece[balanced.end() :][:1] if balanced else b""
