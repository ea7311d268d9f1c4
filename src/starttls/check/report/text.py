"""The result for people: one block a target, the verdict first, then what it rests on.

::

    verified       smtp://mail.example.org  upgraded at 192.0.2.1:25
      offered      SIZE 52428800, STARTTLS
      TLS          TLSv1.3, TLS_AES_256_GCM_SHA384, X25519MLKEM768
      certificate  mail.example.org, smtp.example.org
                   verified, 43 days left (2026-05-01 to 2026-07-30), by CN=R11,O=Let's Encrypt,C=US
      policy       dane: TLS is required, with a certificate that matches one of them (RFC 7672 §2.2)

The last line is there where the DNS was asked what to demand. The services of a domain stand below its name.
Whatever a peer said is escaped, and never read as markup.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from rich.console import Console
from rich.text import Text

from starttls.check.observe import Certificate, Decided, Observation, State
from starttls.tls.level import Level

__all__ = ["TextReport", "escaped", "verdict"]

_COLUMN = 15
_NAMES = 8
"""Names of a certificate that are shown; some have hundreds."""
_SOON = 14
"""Days before its end at which a certificate is shown in yellow."""


class TextReport:
    """Prints observations to ``console`` as they come. ``now`` is what days are counted from."""

    def __init__(self, console: Console, *, now: datetime, verbose: bool = False) -> None:
        self._console = console
        self._domain: str | None = None
        self._now = now
        self._verbose = verbose
        self._verdicts: Counter[str] = Counter()

    def add(self, seen: Observation) -> None:
        """Print one block."""
        if self._verdicts:
            self._console.print()
        if seen.domain is not None and seen.domain != self._domain:
            self._console.print(Text(f"{escaped(seen.domain)}\n", "bold underline"), soft_wrap=True)
        self._domain = seen.domain
        self._verdicts[verdict(seen)] += 1
        self._row(verdict(seen), _headline(seen), _style(seen), indent=0)
        for label, value in self._rows(seen):
            self._row(label, value, "dim")
        if self._verbose and seen.transcript:
            self._row("transcript", Text(), "dim")
            for line in seen.transcript.rstrip("\n").split("\n"):
                self._console.print(Text(f"    {line}".rstrip()), soft_wrap=True)

    def end(self) -> None:
        """Print the sum, where there is something to sum up."""
        total = self._verdicts.total()
        if total > 1:
            parts = ", ".join(f"{count} {word}" for word, count in self._verdicts.items())
            self._console.print(Text(f"\n{total} targets: {parts}", "bold"))

    def _rows(self, seen: Observation) -> Iterator[tuple[str, Text]]:
        if seen.offered is not None:
            yield "offered", Text(escaped(", ".join(seen.offered)) or "nothing")
        if seen.tls is not None:
            yield "TLS", Text(", ".join(filter(None, (seen.tls.version, seen.tls.cipher, seen.tls.group))))
        if seen.certificate is not None:
            yield "certificate", Text(escaped(_names(seen.certificate)))
            yield "", self._worth(seen.certificate, seen.level)
        if seen.decided is not None:
            yield from self._policy(seen.decided)
        if seen.error is not None:
            yield "error", Text(escaped(seen.error.message), _style(seen))

    def _policy(self, decided: Decided) -> Iterator[tuple[str, Text]]:
        """What was demanded, and the last step to it; with all steps where the conversations are printed, too."""
        label, words = "policy", f"{decided.action}: "
        for reason in decided.reasons if self._verbose else decided.reasons[-1:]:
            yield label, Text(escaped(f"{words}{reason.text} ({reason.reference})"))
            label = words = ""
        if not decided.authentic:
            yield "", Text("nothing proves that the service belongs to this host", "yellow")

    def _worth(self, certificate: Certificate, level: Level) -> Text:
        if certificate.verified:
            text = Text().append("matches the TLSA records" if level is Level.DANE else "verified", "green")
        else:
            text = Text().append(escaped(f"not verified: {certificate.reason}"), "yellow")
        text.append(", ").append(*self._lasting(certificate))
        text.append(f" ({certificate.not_before:%Y-%m-%d} to {certificate.not_after:%Y-%m-%d})")
        return text.append(escaped(f", by {certificate.issuer}"))

    def _lasting(self, certificate: Certificate) -> tuple[str, str]:
        """How long it is still good for, in words and in colour."""
        days = (certificate.not_after - self._now).days
        if self._now < certificate.not_before:
            return "not valid yet", "red"
        if days < 0:
            return f"expired {-days} days ago", "red"
        return f"{days} days left", "yellow" if days < _SOON else ""

    def _row(self, label: str, value: Text, style: str, indent: int = 2) -> None:
        """Print ``value`` beside its label; on a terminal it is wrapped, and stays in its column."""
        width = max(self._console.width - _COLUMN, 20)
        lines = value.wrap(self._console, width) if self._console.is_terminal else [value]
        head = Text(" " * indent).append(label.ljust(_COLUMN - indent), style)
        for line in lines:
            row = head.append_text(line)
            row.rstrip()
            self._console.print(row, soft_wrap=True)
            head = Text(" " * _COLUMN)


def verdict(seen: Observation) -> str:
    """The one word that counts: the level that was reached, or why none was."""
    return str(seen.level) if seen.level is not Level.NONE else seen.state.replace("-", " ")


def escaped(text: str) -> str:
    """``text`` without what could move a cursor, change a direction or hide: that is shown as an escape."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def _style(seen: Observation) -> str:
    if seen.satisfies(Level.VERIFIED):
        return "bold green"
    return "bold yellow" if seen.level is Level.ENCRYPTED or seen.state is State.UNREACHABLE else "bold red"


def _headline(seen: Observation) -> Text:
    how = {State.UPGRADED: "upgraded", State.IMPLICIT: "implicit TLS"}.get(seen.state, "")
    where = " ".join(filter(None, (how, f"at {seen.address}" if seen.address else "")))
    return Text().append(escaped(seen.target), "bold").append(f"  {where}" if where else "")


def _names(certificate: Certificate) -> str:
    names = certificate.names
    if not names:
        return certificate.subject or "no name at all"
    more = len(names) - _NAMES
    return ", ".join(names[:_NAMES]) + (f" and {more} more" if more > 0 else "")
