import io
from datetime import UTC, datetime

import msgspec
import pytest
from rich.console import Console

from starttls.check.observe import TLS, Certificate, Decided, Failure, Observation, Reason, State
from starttls.check.report.text import TextReport, escaped, verdict
from starttls.tls.level import Level

NOW = datetime(2026, 6, 17, tzinfo=UTC)
CERTIFICATE = Certificate(
    subject="CN=mail.example.org",
    issuer="CN=R11,O=Let's Encrypt,C=US",
    names=("mail.example.org", "smtp.example.org"),
    not_before=datetime(2026, 5, 1, tzinfo=UTC),
    not_after=datetime(2026, 7, 30, tzinfo=UTC),
    sha256="ab" * 32,
    verified=True,
    reason=None,
)
VERIFIED = Observation(
    target="smtp://mail.example.org",
    address="192.0.2.1:25",
    protocol="smtp",
    state=State.UPGRADED,
    level=Level.VERIFIED,
    offered=("SIZE 52428800", "STARTTLS"),
    tls=TLS(version="TLSv1.3", cipher="TLS_AES_256_GCM_SHA384", group="X25519MLKEM768"),
    certificate=CERTIFICATE,
    error=None,
    transcript="protocol: smtp\nside: client\n\nS: 220 mail.example.org\n",
    seconds=0.1,
)
REJECTED = msgspec.structs.replace(
    VERIFIED,
    target="imaps://mail.example.org",
    state=State.REJECTED,
    level=Level.NONE,
    offered=None,
    tls=None,
    certificate=msgspec.structs.replace(CERTIFICATE, verified=False, reason="issuer unknown"),
    error=Failure(kind="CertificateRejected", message="imap: certificate rejected: issuer unknown"),
)


def printed(
    *observations: Observation, width: int = 0, colour: bool = False, verbose: bool = False, now: datetime = NOW
) -> str:
    out = io.StringIO()
    console = Console(
        file=out,
        width=width or 80,
        force_terminal=bool(width),
        color_system="standard" if colour else None,
        no_color=not colour,
        highlight=False,
        markup=False,
        emoji=False,
    )
    report = TextReport(console, now=now, verbose=verbose)
    for seen in observations:
        report.add(seen)
    report.end()
    return out.getvalue()


def test_one_block() -> None:
    assert printed(VERIFIED) == (
        "verified       smtp://mail.example.org  upgraded at 192.0.2.1:25\n"
        "  offered      SIZE 52428800, STARTTLS\n"
        "  TLS          TLSv1.3, TLS_AES_256_GCM_SHA384, X25519MLKEM768\n"
        "  certificate  mail.example.org, smtp.example.org\n"
        "               verified, 43 days left (2026-05-01 to 2026-07-30), by CN=R11,O=Let's Encrypt,C=US\n"
    )


def test_many_blocks_and_their_sum() -> None:
    text = printed(VERIFIED, REJECTED, VERIFIED)
    assert (
        "\n\nrejected       imaps://mail.example.org  at 192.0.2.1:25\n"
        "  certificate  mail.example.org, smtp.example.org\n"
        "               not verified: issuer unknown, 43 days left (2026-05-01 to 2026-07-30), by CN=R11,O=Let's "
        "Encrypt,C=US\n"
        "  error        imap: certificate rejected: issuer unknown\n\n"
    ) in text
    assert text.endswith("\n\n3 targets: 2 verified, 1 rejected\n")


def test_on_a_terminal_lines_stay_in_their_column() -> None:
    text = printed(VERIFIED, width=60)
    assert max(map(len, text.splitlines())) <= 60
    assert (
        "               verified, 43 days left (2026-05-01 to\n"
        "               2026-07-30), by CN=R11,O=Let's Encrypt,C=US\n"
    ) in text


def test_elsewhere_lines_are_not_cut() -> None:
    long = msgspec.structs.replace(VERIFIED, offered=tuple(f"CAPABILITY-{number}" for number in range(100)))
    assert "CAPABILITY-98, CAPABILITY-99\n" in printed(long)


def test_colours_are_for_the_verdict() -> None:
    assert printed(VERIFIED, width=80, colour=True).startswith("\x1b[1;32mverified")
    assert printed(REJECTED, width=80, colour=True).startswith("\x1b[1;31mrejected")
    assert "\x1b" not in printed(VERIFIED, REJECTED, verbose=True)


def test_verbose_shows_the_conversation() -> None:
    text = printed(VERIFIED, verbose=True)
    assert text.endswith("  transcript\n    protocol: smtp\n    side: client\n\n    S: 220 mail.example.org\n")


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (NOW, "43 days left"),
        (datetime(2026, 7, 29, 12, tzinfo=UTC), "0 days left"),
        (datetime(2026, 8, 2, tzinfo=UTC), "expired 3 days ago"),
        (datetime(2026, 4, 1, tzinfo=UTC), "not valid yet"),
    ],
)
def test_how_long_a_certificate_lasts(now: datetime, words: str) -> None:
    assert words in printed(VERIFIED, now=now)


def test_of_many_names_some_are_shown() -> None:
    many = msgspec.structs.replace(CERTIFICATE, names=tuple(f"{number}.example.org" for number in range(100)))
    text = printed(msgspec.structs.replace(VERIFIED, certificate=many))
    assert "7.example.org and 92 more\n" in text
    assert "8.example.org" not in text


def test_a_certificate_without_names_shows_its_subject() -> None:
    nameless = msgspec.structs.replace(CERTIFICATE, names=())
    assert "certificate  CN=mail.example.org\n" in printed(msgspec.structs.replace(VERIFIED, certificate=nameless))
    nobody = msgspec.structs.replace(nameless, subject="")
    assert "certificate  no name at all\n" in printed(msgspec.structs.replace(VERIFIED, certificate=nobody))


def test_what_a_peer_says_is_neither_markup_nor_a_command() -> None:
    evil = msgspec.structs.replace(
        VERIFIED,
        offered=("[bold red]STARTTLS[/]", "\x1b[2J", ":smile:", "\u202egnp"),
        certificate=msgspec.structs.replace(CERTIFICATE, names=("[/]\x9b2J",), issuer="CN=\r\nverified"),
        error=Failure(kind="Unexpected", message="[link=http://evil]x[/link]\x07"),
    )
    text = printed(evil, width=200)
    assert r"[bold red]STARTTLS[/], \x1b[2J, :smile:, \u202egnp" in text
    assert r"[/]\x9b2J" in text
    assert r"CN=\r\nverified" in text
    assert r"[link=http://evil]x[/link]\x07" in text


@pytest.mark.parametrize(("text", "shown"), [("Müller", "Müller"), ("a\tb", r"a\tb"), ("\u200b", r"\u200b"), ("", "")])
def test_escapes(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_the_word_that_counts() -> None:
    assert verdict(VERIFIED) == "verified"
    assert verdict(msgspec.structs.replace(VERIFIED, level=Level.ENCRYPTED)) == "encrypted"
    stripped = msgspec.structs.replace(VERIFIED, state=State.NOT_OFFERED, level=Level.NONE)
    assert verdict(stripped) == "not offered"


def test_an_empty_offer_is_said_to_be_one() -> None:
    assert "offered      nothing\n" in printed(msgspec.structs.replace(VERIFIED, offered=()))


DANE = msgspec.structs.replace(
    VERIFIED,
    level=Level.DANE,
    decided=Decided(
        action="dane",
        authentic=True,
        reasons=(
            Reason(text="the MX records are signed", reference="RFC 7672 §2.2.1"),
            Reason(text="TLS is required", reference="RFC 7672 §2.2"),
        ),
    ),
)


def test_what_was_demanded_and_why() -> None:
    text = printed(DANE)
    assert text.startswith("dane           smtp://mail.example.org  upgraded")
    assert "\n               matches the TLSA records, 43 days left (" in text
    assert "\n  policy       dane: TLS is required (RFC 7672 §2.2)\n" in text
    assert "the MX records are signed" not in text
    long = (
        "\n  policy       dane: the MX records are signed (RFC 7672 §2.2.1)\n"
        + 15 * " "
        + "TLS is required (RFC 7672 §2.2)\n"
    )
    assert long in printed(DANE, verbose=True)


def test_what_nothing_proves() -> None:
    assert DANE.decided is not None
    half = msgspec.structs.replace(DANE, decided=msgspec.structs.replace(DANE.decided, authentic=False))
    assert "\n               nothing proves that the service belongs to this host\n" in printed(half)


def test_the_services_of_a_domain_stand_below_its_name() -> None:
    one, other = (msgspec.structs.replace(VERIFIED, domain=f"{name}.example") for name in "ab")
    lines = [line for line in printed(one, one, other, VERIFIED).splitlines() if line and not line.startswith(" ")]
    block = "verified       smtp://mail.example.org  upgraded at 192.0.2.1:25"
    assert lines == ["a.example", block, block, "b.example", block, block, "4 targets: 4 verified"]
