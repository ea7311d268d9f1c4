"""RFC 8460 §5: what a report travels in. Field forms are those of Google, Microsoft and mox, made up anew."""

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starttls.policy import envelope
from starttls.policy.envelope import FileName, compressed, decompressed, subject
from starttls.policy.errors import BadReport

MIB = 1024 * 1024


# -- transport: gzip ---------------------------------------------------------------------------------


@given(data=st.binary(max_size=500))
def test_gzip_is_the_one_that_everybody_reads(data: bytes) -> None:
    assert gzip.decompress(compressed(data)) == data
    assert decompressed(gzip.compress(data), len(data)) == data
    assert compressed(data) == compressed(data)
    assert compressed(data).startswith(envelope.GZIP)


def test_gzip_with_a_name_and_a_comment_in_its_header() -> None:
    plain = compressed(b"{}")
    named = plain[:3] + b"\x18" + plain[4:10] + b"report.json\x00a comment\x00" + plain[10:]
    assert decompressed(named, 2) == b"{}"


@pytest.mark.parametrize("size", [10 * MIB + 1, 400 * MIB])
def test_a_bomb_is_not_unpacked(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = compressed(bytes(size))
    assert len(bomb) < size / 900
    asked: list[int] = []
    real = zlib.decompressobj

    class Watched:
        def __init__(self, bits: int) -> None:
            self._real = real(bits)

        def decompress(self, data: bytes, most: int) -> bytes:
            text = self._real.decompress(data, most)
            asked.append(len(text))
            return text

    monkeypatch.setattr("zlib.decompressobj", Watched)
    with pytest.raises(BadReport, match=f"TLS report: decompresses to more than {10 * MIB} bytes"):
        decompressed(bomb, 10 * MIB)
    assert asked == [10 * MIB + 1]


def test_just_small_enough() -> None:
    assert decompressed(compressed(bytes(1000)), 1000) == bytes(1000)
    with pytest.raises(BadReport, match="more than 999 bytes"):
        decompressed(compressed(bytes(1000)), 999)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "cut off"),
        (b"\x1f\x8b", "cut off"),
        (compressed(b"{}")[:-1], "cut off"),
        (b"\x1f\x8b\x07" + compressed(b"{}")[3:], "broken"),
        (compressed(b"{}")[:-8] + bytes(8), "broken"),  # its checksum
        (b"{}", "broken"),
        (compressed(b"{}") + b"\x00", "1 bytes behind"),
        (compressed(b"{}") * 2, "22 bytes behind"),
        (zlib.compress(b"{}"), "broken"),
    ],
)
def test_no_gzip(data: bytes, why: str) -> None:
    with pytest.raises(BadReport, match=why):
        decompressed(data, MIB)


# -- transport: file from!domain!begin!end[!id].json.gz ------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (
            "mail.sender.example!example.org!1470009600!1470095999!001.json.gz",
            FileName(
                sender="mail.sender.example", domain="example.org", begin=1470009600, end=1470095999, unique_id="001"
            ),
        ),
        (
            "sender.example!example.org!1470009600!1470095999.json",
            FileName(sender="sender.example", domain="example.org", begin=1470009600, end=1470095999, gzipped=False),
        ),
        (
            "sender.example!xn--bcher-kva.example!0!0!133604787689984837.json",
            FileName(
                sender="sender.example",
                domain="xn--bcher-kva.example",
                begin=0,
                end=0,
                unique_id="133604787689984837",
                gzipped=False,
            ),
        ),
        (
            "sender.example!example.org!1!2!1339_a-b+example.org.json.gz",
            FileName(sender="sender.example", domain="example.org", begin=1, end=2, unique_id="1339_a-b+example.org"),
        ),
    ],
)
def test_file_names(text: str, name: FileName) -> None:
    assert FileName.parse(text) == name
    assert name.text == text


def test_a_file_name_is_read_into_the_form_of_the_dns() -> None:
    assert FileName.parse("Sender.Example!example.org.!1!2.json").text == "sender.example!example.org!1!2.json"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "report.json",
        "sender.example!example.org!1.json",
        "sender.example!example.org!1!2.xml.gz",
        "sender.example!example.org!1!2.json.zip",
        "sender.example!example.org!1!2.json.gz\n",
        "sender.example!example.org!2!1.json",
        "sender.example!example.org!-1!1.json",
        "sender.example!example.org!1!" + "9" * 5000 + ".json",
        "sender.example!example.org!\u0661!2.json",
        "sender.example!example.org!1!2!.json",
        "sender.example!example.org!1!2!a!b.json",
        "sender.example!example.org!1!2!" + "a" * 129 + ".json",
        "!example.org!1!2.json",
        "../sender.example!example.org!1!2.json",
        "sender.example!example/org!1!2.json",
        "a" * 64 + "!example.org!1!2.json",
    ],
)
def test_no_file_names(text: str) -> None:
    with pytest.raises(BadReport) as caught:
        FileName.parse(text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    "change",
    [
        {"sender": "a/b"},
        {"sender": "Sender.example"},
        {"domain": "b\xfccher.example"},
        {"domain": "a!b"},
        {"begin": 3},
        {"begin": -1},
        {"end": 10**15},
        {"unique_id": "a!b"},
        {"unique_id": "a/b"},
    ],
)
def test_what_has_no_file_name(change: dict[str, str | int]) -> None:
    good: dict[str, str | int] = {"sender": "sender.example", "domain": "example.org", "begin": 1, "end": 2}
    with pytest.raises(BadReport):
        FileName(**good | change)  # type: ignore[arg-type]


LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
DOMAIN = st.lists(LABEL, min_size=1, max_size=4).map(".".join)


@given(
    sender=DOMAIN,
    domain=DOMAIN,
    times=st.tuples(st.integers(0, 10**12), st.integers(0, 10**12)),
    unique_id=st.from_regex(r"[A-Za-z0-9]{0,9}", fullmatch=True),
    gzipped=st.booleans(),
)
def test_any_file_name_can_be_read(
    sender: str, domain: str, times: tuple[int, int], unique_id: str, *, gzipped: bool
) -> None:
    name = FileName(
        sender=sender, domain=domain, begin=min(times), end=max(times), unique_id=unique_id, gzipped=gzipped
    )
    assert FileName.parse(name.text) == name


@given(text=st.text() | st.from_regex(envelope._NAME))
def test_any_text_is_a_file_name_or_a_declared_error(text: str) -> None:
    try:
        name = FileName.parse(text)
    except BadReport:
        return
    assert FileName.parse(name.text) == name


# -- transport: the mail --------------------------------------------------------------------------------


def test_the_media_types_and_the_header() -> None:
    assert envelope.JSON_TYPE == "application/tlsrpt+json"
    assert envelope.GZIP_TYPE == "application/tlsrpt+gzip"
    assert envelope.MAIL_TYPE == 'multipart/report; report-type="tlsrpt"'
    assert (envelope.DOMAIN_HEADER, envelope.SUBMITTER_HEADER) == ("TLS-Report-Domain", "TLS-Report-Submitter")


def test_the_subject() -> None:
    assert (
        subject("Example.org", "mail.sender.example", "2016.04.01+x@sender.example")
        == "Report Domain: example.org Submitter: mail.sender.example Report-ID: <2016.04.01+x@sender.example>"
    )


@pytest.mark.parametrize(
    ("domain", "submitter", "report_id"),
    [
        ("example.org\r\nBcc: a@b", "sender.example", "1@b"),
        ("example.org", "sender.example\nX: y", "1@b"),
        ("example.org", "sender.example", "1@b>\r\nX: y"),
        ("example.org", "sender.example", "1@b\n"),
        ("example.org", "sender.example", "1"),
        ("example.org", "sender.example", ""),
        ("example.org", "sender.example", "a b@c"),
        ("example.org", "sender.example", "2016-04-01T00:00:00Z@c"),
        ("example.org", "sender.example", "a..b@c"),
        ("example.org", "sender.example", "a" * 255 + "@c"),
        ("example.org", "", "1@b"),
    ],
)
def test_nothing_can_be_put_into_the_header(domain: str, submitter: str, report_id: str) -> None:
    with pytest.raises(BadReport) as caught:
        subject(domain, submitter, report_id)
    assert str(caught.value).isprintable()
