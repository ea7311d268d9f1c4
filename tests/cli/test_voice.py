import pytest

from starttls.cli import voice
from starttls.cli.voice import Exit
from starttls.core.errors import (
    BadConfig,
    CannotConnect,
    CertificateRejected,
    Misuse,
    NotOffered,
    StartTLSError,
    TimedOut,
)


def test_four_voices_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    voice.note("3 of 10 targets checked")
    voice.warning("nobody vouches for it")
    voice.error("no URL to check")
    voice.hint("try another")
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        "starttls: 3 of 10 targets checked\n"
        "starttls: warning: nobody vouches for it\n"
        "starttls: error: no URL to check\n"
        "starttls: hint: try another\n"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("No such option: '--x'.", "no such option: '--x'"),
        ("Missing argument\n  'URL'.", "missing argument 'URL'"),
        ("TLS is missing.", "TLS is missing"),
        ("'a' is not HOST:PORT", "'a' is not HOST:PORT"),
        ("", ""),
    ],
)
def test_another_librarys_sentence_in_our_form(text: str, said: str) -> None:
    assert voice.sentence(text) == said


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotOffered("STARTTLS"), Exit.FELL_SHORT),
        (CertificateRejected("issuer unknown"), Exit.FELL_SHORT),
        (TimedOut(3), Exit.COULD_NOT_TELL),
        (CannotConnect("a:25", "connection refused"), Exit.COULD_NOT_TELL),
        (Misuse("no"), Exit.WRONG),
        (BadConfig("a.toml", "no"), Exit.WRONG),
    ],
)
def test_what_an_error_says_to_the_caller(error: StartTLSError, code: Exit) -> None:
    assert voice.exit_for(error) is code


def test_the_codes_are_a_contract() -> None:
    assert {code.name: code.value for code in Exit} == {
        "VERIFIED": 0,
        "FELL_SHORT": 1,
        "WRONG": 2,
        "COULD_NOT_TELL": 3,
        "INTERRUPTED": 130,
        "BROKEN_PIPE": 141,
    }


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_who_wants_colour(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], wanted: bool) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert voice.wants_colour() is wanted
