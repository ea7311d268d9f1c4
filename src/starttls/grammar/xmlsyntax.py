"""Tags, names and text of the XML that XMPP allows (RFC 6120 §11, XML 1.0, Namespaces in XML 1.0): bytes to values.

What RFC 6120 §11.1 prohibits is refused where it begins, before anything inside it is looked at: comments,
processing instructions, document types, and every entity but the five predefined ones. There is nothing here
that could expand, nest without end, or fetch.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from starttls.core.redact import Redact

__all__ = [
    "ATTRIBUTES",
    "ROOT_SCOPE",
    "Breach",
    "Tag",
    "check_declaration",
    "decode",
    "escape",
    "hide_inside",
    "start_tag",
    "text",
]

ATTRIBUTES = 32
"""Attributes that one tag may have, namespace declarations included."""

_XML = "http://www.w3.org/XML/1998/namespace"
_XMLNS = "http://www.w3.org/2000/xmlns/"
ROOT_SCOPE: Mapping[str, str] = {"": "", "xml": _XML}
"""The prefixes that are declared before a document says anything. The empty prefix is the default namespace."""

_NONE: Mapping[str, str] = MappingProxyType({})
_PREDEFINED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}

_ASCII_FIRST = "A-Z_a-z"
_FIRST = (
    f"{_ASCII_FIRST}\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
# The quantifiers of characters are possessive: whatever a peer sends, a tag is matched in one pass. Those of groups
# are not: before Python 3.11.5 a possessive group that fails half-way keeps the half (python/cpython#106052).
_EQUALS = r"[ \t\r\n]*+=[ \t\r\n]*+"
_VALUE = r"'[^'<]*+'|\"[^\"<]*+\""


def _patterns(first: str, other: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A start tag and an attribute, where a name begins with one of ``first`` and goes on with these and ``other``."""
    name = rf"[{first}][-.0-9{other}{first}]*+"  # NCName: no colon
    qname = rf"{name}(?::{name})?"
    tag = rf"({qname})((?:[ \t\r\n]++{qname}{_EQUALS}(?:{_VALUE}))*)[ \t\r\n]*+(/?)>"
    return re.compile(tag), re.compile(rf"({qname}){_EQUALS}({_VALUE})")


@functools.cache
def _beyond_ascii() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The same for all of Unicode: to compile them takes longer than most handshakes, and few peers ever need them."""
    return _patterns(_FIRST, "\u00b7\u0300-\u036f\u203f\u2040")


_IN_ASCII = _patterns(_ASCII_FIRST, "")
_DECLARATION = re.compile(
    rf"""\?xml[ \t\r\n]++version{_EQUALS}(?:'1\.0'|"1\.0")"""
    rf"""(?:[ \t\r\n]++encoding{_EQUALS}(?:'([A-Za-z][\w.-]*+)'|"([A-Za-z][\w.-]*+)"))?"""
    rf"""(?:[ \t\r\n]++standalone{_EQUALS}(?:'(?:yes|no)'|"(?:yes|no)"))?[ \t\r\n]*+\?>""",
    re.ASCII,
)
_REFERENCE = re.compile("&([^&;]*+)(;?)")
_NUMBER = re.compile("#(?:0*([0-9]{1,7})|x0*([0-9A-Fa-f]{1,6}))")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # XML 1.0 §2.2: all but Char


class Breach(Exception):
    """A rule was broken: the condition of the stream error that says so (RFC 6120 §4.9.3), and the evidence.

    It never leaves this floor: `starttls.grammar.xmlstream.Reader` makes an `Unexpected` of it.
    """

    def __init__(self, condition: str, got: bytes, expected: str) -> None:
        """``got`` is the least that shows the breach: what stands around it may be a secret."""
        self.condition = condition
        self.got = got
        self.expected = expected


class Tag(NamedTuple):
    """A start tag: as written, resolved, with the attributes (resolved too) and the prefixes in scope inside it."""

    written: str
    name: str
    attributes: Mapping[str, str]
    scope: Mapping[str, str]
    empty: bool


def escape(value: str) -> str:
    """Text for an attribute's value, in either kind of quotes. What XML cannot carry becomes U+FFFD."""
    value = _ILLEGAL.sub("\ufffd", value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return value.replace("'", "&apos;").replace('"', "&quot;")


def hide_inside(*names: str) -> Redact:
    """Find what stands inside elements of these names, whatever their prefix, to their end tags.

    This works on anything, well-formed or not: what cannot be read is what most needs to be kept as evidence.
    """
    secret = frozenset(name.encode() for name in names)

    def find(data: bytes) -> Iterator[tuple[int, int]]:
        inside, begin, at = b"", 0, 0
        for piece in data.split(b"<"):
            tag, closed, _ = piece.partition(b">")
            name = re.split(rb"[ \t\r\n/]", tag.removeprefix(b"/"), maxsplit=1)[0].rpartition(b":")[2]
            if inside and name == inside and tag.startswith(b"/"):
                yield begin, at - 1
                inside = b""
            elif not inside and at and name in secret and closed and not tag.startswith(b"/") and tag[-1:] != b"/":
                inside, begin = name, at + len(tag) + 1
            at += len(piece) + 1
        if inside:
            yield begin, len(data)

    return Redact(find)


def check_declaration(raw: bytes) -> None:
    """Refuse an XML declaration (without its ``<``) that does not declare XML 1.0 in UTF-8."""
    match = _DECLARATION.fullmatch(decode(raw))
    if match is None:
        raise Breach("not-well-formed", b"<" + raw, "a declaration of XML 1.0")
    if (match[1] or match[2] or "UTF-8").upper() != "UTF-8":  # RFC 6120 §11.6
        raise Breach("unsupported-encoding", b"<" + raw, "UTF-8")


def start_tag(raw: bytes, scope: Mapping[str, str]) -> Tag:
    """Read a start tag (without its ``<``), and resolve its names: ``{jabber:client}iq``."""
    if raw[0] in b"!?":
        # RFC 6120 §11.1: no comments, no processing instructions, no DTD subsets
        raise Breach("restricted-xml", b"<" + raw, "an element")
    chars = decode(raw)
    tag, attribute = _IN_ASCII if chars.isascii() else _beyond_ascii()
    match = tag.fullmatch(chars)
    if match is None:
        raise Breach("not-well-formed", b"<" + raw, "a tag")
    written, between, slash = match.groups()
    if not between:
        return Tag(written, _resolved(written, scope, raw), _NONE, scope, bool(slash))
    given: dict[str, str] = {}
    for name, value in attribute.findall(between):
        if name in given:
            raise Breach("not-well-formed", b"<" + raw, "each attribute once")
        given[name] = _referred(_lines(value[1:-1]).replace("\n", " ").replace("\t", " "))
    if len(given) > ATTRIBUTES:
        raise Breach("policy-violation", b"<" + raw, f"at most {ATTRIBUTES} attributes")
    scope = _declared(given, scope, raw)
    attributes: dict[str, str] = {}
    for name, value in given.items():
        if name == "xmlns" or name.startswith("xmlns:"):
            continue
        full = _resolved(name, scope, raw) if ":" in name else name  # no prefix: no namespace
        if full in attributes:
            raise Breach("not-well-formed", b"<" + raw, "each attribute once")
        attributes[full] = value
    return Tag(written, _resolved(written, scope, raw), attributes, scope, bool(slash))


def _declared(given: Mapping[str, str], scope: Mapping[str, str], raw: bytes) -> Mapping[str, str]:
    """The scope, with what a tag's attributes declare."""
    new: dict[str, str] = {}
    for name, value in given.items():
        if name == "xmlns" or name.startswith("xmlns:"):
            prefix = name[6:]
            # Namespaces 1.0 §3: "xml" means one namespace and nothing else does; "xmlns" is never declared
            wrong = (prefix == "xml") != (value == _XML) or prefix == "xmlns" or value == _XMLNS
            if wrong or (prefix and not value):
                raise Breach("not-well-formed", b"<" + raw, "namespaces that may be declared")
            new[prefix] = value
    return {**scope, **new} if new else scope


def _resolved(name: str, scope: Mapping[str, str], raw: bytes) -> str:
    prefix, _, local = name.rpartition(":")
    namespace = scope.get(prefix)
    if namespace is None:
        raise Breach("not-well-formed", b"<" + raw, "a prefix that is declared")
    return f"{{{namespace}}}{local}" if namespace else local


def decode(raw: bytes) -> str:
    """UTF-8 to characters that XML allows."""
    try:
        chars = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Breach("unsupported-encoding", raw[error.start : error.end], "UTF-8") from None
    if illegal := _ILLEGAL.search(chars):
        raise Breach("not-well-formed", illegal[0].encode(), "characters that XML allows")
    return chars


def text(raw: bytes, *, cdata: bool = False) -> str:
    """The text between tags, or inside ``<![CDATA[`` and ``]]>``, where nothing is a reference."""
    chars = _lines(decode(raw))
    if cdata:
        return chars
    if "]]>" in chars:
        raise Breach("not-well-formed", b"]]>", "text without it")
    return _referred(chars)


def _lines(chars: str) -> str:
    """Ends of lines as XML 1.0 §2.11 wants them."""
    return chars.replace("\r\n", "\n").replace("\r", "\n") if "\r" in chars else chars


def _referred(chars: str) -> str:
    return _REFERENCE.sub(_reference, chars) if "&" in chars else chars


def _reference(match: re.Match[str]) -> str:
    name, closed = match.groups()
    if closed and name in _PREDEFINED:
        return _PREDEFINED[name]
    number = _NUMBER.fullmatch(name)
    if closed and number:
        point = int(number[1]) if number[1] else int(number[2], 16)
        if point <= 0x10FFFF and not _ILLEGAL.match(chr(point)):
            return chr(point)
    # RFC 6120 §11.1: no entity references, "with the exception of the predefined entities"
    condition = "restricted-xml" if closed and not name.startswith("#") else "not-well-formed"
    raise Breach(condition, match[0][:32].encode(), "a predefined entity or the number of a character")
