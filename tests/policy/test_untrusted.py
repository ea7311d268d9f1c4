import msgspec
import pytest

from starttls.policy.errors import BadReport
from starttls.policy.untrusted import COUNT, decoded, domain_name, shown


class Inner(msgspec.Struct, rename="kebab"):
    some_text: str


class Outer(msgspec.Struct, rename="kebab"):
    inner_things: tuple[Inner, ...]


DECODER = msgspec.json.Decoder(Outer)


def test_a_record() -> None:
    assert decoded(DECODER, b'{"inner-things": [{"some-text": "x", "new": {}}]}', "thing") == Outer((Inner("x"),))


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "thing: no JSON: input data was truncated"),
        (b"{", "thing: no JSON: input data was truncated"),
        (b"x", "thing: no JSON: JSON is malformed: invalid character (byte 0)"),
        (b"null", "thing: expected `object`, got `null`"),
        (b"{}", "thing: object missing required field `inner-things`"),
        (b'{"inner-things": 5}', "thing: expected `array`, got `int` at $.inner-things"),
        (b'{"inner-things": [{}]}', "thing: object missing required field `some-text` at $.inner-things[0]"),
        (
            b'{"inner-things": [{"some-text": "a"}, {"some-text": 1}]}',
            "thing: expected `str`, got `int` at $.inner-things[1].some-text",
        ),
        (b'{"inner-things": [{"some-text": "\xff"}]}', "thing: no JSON: a text in it is not UTF-8"),
        (b'{"inner-things": [], "new": ' + b"[" * 100_000, "thing: nested too deeply"),
        (b'{"inner-things": [], "new": ' + b'{"a":' * 100_000, "thing: nested too deeply"),
    ],
)
def test_nonsense_is_one_error_that_says_where(data: bytes, text: str) -> None:
    with pytest.raises(BadReport) as caught:
        decoded(DECODER, data, "thing")
    assert str(caught.value) == text
    assert caught.value.__cause__ is None


def test_half_of_a_surrogate_pair_is_no_text() -> None:
    for half in (rb"\ud800", rb"\udc00", rb"\ud800x"):
        with pytest.raises(BadReport, match="no JSON"):
            decoded(DECODER, b'{"inner-things": [{"some-text": "' + half + b'"}]}', "thing")


def test_counts_are_exact_wherever_they_are_read() -> None:
    assert float(COUNT) == COUNT
    assert int(float(COUNT + 2)) != COUNT + 2


@pytest.mark.parametrize(
    ("name", "normal"),
    [
        ("example.org", "example.org"),
        ("Example.ORG.", "example.org"),
        ("b\xfccher.example", "xn--bcher-kva.example"),
        (".".join(["a" * 62] * 4), ".".join(["a" * 62] * 4)),
    ],
)
def test_domains(name: str, normal: str) -> None:
    assert domain_name(name, "thing") == normal


@pytest.mark.parametrize(
    "name", ["", ".", "a..b", "a b", "a\nb", "[192.0.2.1]", "a!b", "*.example.org", "fa\xdf.example", "a" * 64]
)
def test_no_domains(name: str) -> None:
    with pytest.raises(BadReport) as caught:
        domain_name(name, "thing", "$.d")
    assert caught.value.path == "$.d"
    assert str(caught.value).isprintable()


def test_what_is_far_too_long_is_not_looked_at() -> None:
    with pytest.raises(BadReport) as caught:
        domain_name("\xfc" * 1_000_000, "thing")
    assert len(str(caught.value)) < 400


def test_what_an_error_shows_is_short_and_on_one_line() -> None:
    assert shown("a\r\n\x1b\xfc\ud800") == "a\\r\\n\\x1b\\xc3\\xbc\\\\ud800"
    assert len(shown("\U0001f600" * 1_000_000)) < 300
