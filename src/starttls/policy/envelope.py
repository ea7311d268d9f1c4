"""What a TLS report travels in: compression, file name, media types, and the header of its mail (RFC 8460 §5).

The report itself is in `starttls.policy.report`.
"""

import re
import zlib

import msgspec

from starttls.policy.errors import BadReport
from starttls.policy.untrusted import domain_name, shown

__all__ = [
    "DOMAIN_HEADER",
    "GZIP",
    "GZIP_TYPE",
    "JSON_TYPE",
    "MAIL_TYPE",
    "SUBMITTER_HEADER",
    "FileName",
    "compressed",
    "decompressed",
    "subject",
]

JSON_TYPE = "application/tlsrpt+json"
GZIP_TYPE = "application/tlsrpt+gzip"
"""RFC 8460 §5.3: the media types of a report, in a mail and over HTTPS."""

MAIL_TYPE = 'multipart/report; report-type="tlsrpt"'
"""RFC 8460 §5.3: the media type of a mail that brings one, but for its boundary."""

DOMAIN_HEADER = "TLS-Report-Domain"
"""RFC 8460 §5.3: the field of the mail's header with the domain that the report is about."""
SUBMITTER_HEADER = "TLS-Report-Submitter"
"""The field with the domain that reports."""

GZIP = b"\x1f\x8b"
"""How compressed data begins (RFC 1952 §2.3.1)."""

_WITH_GZIP_HEADER = 16 + zlib.MAX_WBITS
_DATA = "TLS report"
_FILE = "file name of a TLS report"
_MAIL = "mail of a TLS report"
# RFC 8460 §5.1: "unique-id = 1*(ALPHA / DIGIT)". Senders put their report-id there.
_UNIQUE_ID = re.compile(r"[A-Za-z0-9._+-]{1,128}")
_NAME = re.compile(
    r"(?P<sender>[^!]{1,255})!(?P<domain>[^!]{1,255})!(?P<begin>[0-9]{1,15})!(?P<end>[0-9]{1,15})"
    r"(?:!(?P<id>[A-Za-z0-9._+-]{1,128}?))?\.json(?P<gz>\.gz)?"
)
# RFC 5322 §3.6.4: id-left "@" id-right, both dot-atom-text
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_MESSAGE_ID = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_ATOM}(?:\.{_ATOM})*")


def compressed(data: bytes) -> bytes:
    """Gzip without a name and a time: the same data gives the same bytes, with one version of zlib."""
    packer = zlib.compressobj(wbits=_WITH_GZIP_HEADER)
    return packer.compress(data) + packer.flush()


def decompressed(data: bytes, limit: int) -> bytes:
    """Unpack gzip data to at most ``limit`` bytes, and not a byte more however small it is. Raises `BadReport`."""
    unpacker = zlib.decompressobj(_WITH_GZIP_HEADER)
    try:
        text = unpacker.decompress(data, limit + 1)
    except zlib.error:
        raise BadReport(_DATA, "broken gzip data") from None
    if len(text) > limit:
        raise BadReport(_DATA, f"decompresses to more than {limit} bytes")
    if not unpacker.eof:
        raise BadReport(_DATA, "gzip data that is cut off")
    if unpacker.unused_data:
        raise BadReport(_DATA, f"{len(unpacker.unused_data)} bytes behind the gzip data")
    return text


class FileName(msgspec.Struct, frozen=True, kw_only=True):
    """The name of a report's file (RFC 8460 §5.1): ``mail.sender.example!example.org!1470009600!1470095999.json.gz``.

    Raises `BadReport` for what has no such name. ``begin`` and ``end`` are in seconds since 1970.
    """

    sender: str
    domain: str
    begin: int
    end: int
    unique_id: str = ""
    """Tells reports about one domain and one time apart."""
    gzipped: bool = True

    def __post_init__(self) -> None:
        for name in (self.sender, self.domain):
            if domain_name(name, _FILE) != name:
                raise BadReport(_FILE, f"'{shown(name)}' is not as in the DNS")
        if not 0 <= self.begin <= self.end < 10**15:
            raise BadReport(_FILE, f"{self.begin} to {self.end} is no time")
        if self.unique_id and not _UNIQUE_ID.fullmatch(self.unique_id):
            raise BadReport(_FILE, f"'{shown(self.unique_id)}' cannot tell it from others")

    @classmethod
    def parse(cls, text: str) -> "FileName":
        """Read a name. Raises `BadReport`."""
        found = _NAME.fullmatch(text)
        if found is None:
            raise BadReport(_FILE, f"'{shown(text)}' is not sender!domain!begin!end[!id].json[.gz]")
        return cls(
            sender=domain_name(found["sender"], _FILE),
            domain=domain_name(found["domain"], _FILE),
            begin=int(found["begin"]),
            end=int(found["end"]),
            unique_id=found["id"] or "",
            gzipped=found["gz"] is not None,
        )

    @property
    def text(self) -> str:
        """The name."""
        unique = (self.unique_id,) if self.unique_id else ()
        parts = (self.sender, self.domain, str(self.begin), str(self.end), *unique)
        return "!".join(parts) + (".json.gz" if self.gzipped else ".json")


def subject(domain: str, submitter: str, report_id: str) -> str:
    """The subject of a mail that reports about ``domain``, on one line; ``report_id`` is ``left@right``.

    Raises `BadReport` for what the grammar has no room for: no line of a header can be put in.
    """
    if len(report_id) > 255 or not _MESSAGE_ID.fullmatch(report_id):
        # RFC 8460 §5.3 has a msg-id of RFC 5322 there, which a report's report-id need not be.
        raise BadReport(_MAIL, f"'{shown(report_id)}' is not left@right")
    about, by = (domain_name(name, _MAIL) for name in (domain, submitter))
    return f"Report Domain: {about} Submitter: {by} Report-ID: <{report_id}>"
