import io
from collections.abc import Mapping, Sequence

from rich.console import Console

from starttls.check.prospect import LiveSeen
from starttls.check.report.prospect import print_prospect
from starttls.policy.profiles import SENDERS
from starttls.policy.senders import Sender
from starttls.resolve.fake import FakeWorld
from starttls.tls.level import Level
from tests.check.test_examine import ENFORCED, STS, seen
from tests.policy.mail import PLAIN, SIGNED, unsigned


def printed(
    world: FakeWorld,
    *,
    verbose: bool = False,
    senders: Sequence[Sender] = SENDERS,
    reached: Mapping[str, LiveSeen] | None = None,
) -> str:
    out = io.StringIO()
    console = Console(file=out, width=160, markup=False, emoji=False, highlight=False)
    print_prospect(console, seen(world, senders=senders, reached=reached), verbose=verbose)
    return out.getvalue()


def test_a_tree_with_the_verdict_first() -> None:
    text = printed(FakeWorld.parse(SIGNED), senders=())
    lines = text.splitlines()
    assert lines[0] == "example.org: no mail host can be downgraded"
    assert lines[1] == "├── MX          secure  10 mx.example.org"
    assert "├── mx.example.org: dane  preference 10" in lines
    assert "│   ├── A           secure  192.0.2.1" in lines
    assert "│   ├── TLSA        3 1 1 abababababababababababab... at _25._tcp.mx.example.org" in lines
    assert any(line.startswith("│   ├── because     ") for line in lines)
    assert "(RFC 7672 §" in text


def test_policies_and_reports() -> None:
    world = unsigned(PLAIN + STS)
    world.policy("example.org", ENFORCED)
    text = printed(world, senders=())
    assert "├── MTA-STS     valid  enforce, mx mx.example.org, max_age 86400, id 7" in text
    assert "└── TLSRPT      valid  mailto:tls@example.org" in text


def test_what_went_wrong_is_shown() -> None:
    world = FakeWorld.parse(PLAIN + STS + "_25._tcp.mx.example.org. TLSA ; bogus EDE 7: too late")
    world.policy("example.org", "nonsense")
    text = printed(world, senders=())
    assert text.startswith("example.org: it could not be told whether it can be downgraded\n")
    assert "mx.example.org: defer" in text
    assert "├── MTA-STS     invalid\n│   └── " in text


def test_no_mail_is_neither_good_nor_bad() -> None:
    assert printed(FakeWorld.parse("example.org. MX 0 ."), senders=()).startswith("example.org: it takes no mail\n")


def test_who_went_there_says_so() -> None:
    met = LiveSeen(met=True, level=Level.DANE, address="192.0.2.1:25", error=None)
    fell = LiveSeen(met=False, level=Level.NONE, address="192.0.2.1:25", error="STARTTLS is not offered")
    world = FakeWorld.parse(SIGNED)
    assert "live        met, dane at 192.0.2.1:25" in printed(world, reached={"mx.example.org": met})
    assert "live        not met at 192.0.2.1:25: STARTTLS is not offered" in printed(
        world, reached={"mx.example.org": fell}
    )


def test_the_table_of_senders() -> None:
    text = printed(unsigned(PLAIN))
    rows = {line[: len(one.name)]: line for one in SENDERS for line in text.splitlines() if line.startswith(one.name)}
    assert len(rows) == len(SENDERS)
    assert rows["Gmail"].split("  ", 1)[1].strip().startswith("delivers encrypted  delivers in clear")


def test_verbose_shows_every_lookup() -> None:
    text = printed(FakeWorld.parse(SIGNED), verbose=True, senders=())
    assert "lookups" in text
    assert "_25._tcp.mx.example.org TLSA  secure  ttl 3600" in text


def test_nothing_that_the_dns_says_is_markup_or_moves_a_cursor() -> None:
    world = FakeWorld.parse(PLAIN + '_smtp._tls.example.org. TXT "v=TLSRPTv1; rua=[red]x[/red]\x1b[31m"')
    text = printed(world, verbose=True, senders=())
    assert "\x1b" not in text
    assert "[red]" in text


def test_a_promise_that_is_not_kept_is_in_the_headline() -> None:
    fell = LiveSeen(met=False, level=Level.NONE, address="192.0.2.1:25", error="STARTTLS is not offered")
    text = printed(FakeWorld.parse(SIGNED), reached={"mx.example.org": fell})
    assert text.startswith("example.org: no mail host can be downgraded, but a host does not keep its promise\n")


def test_who_takes_no_mail_needs_no_senders() -> None:
    assert "Gmail" not in printed(FakeWorld.parse("example.org. MX 0 ."))


def test_that_we_could_not_ask_says_nothing_of_others() -> None:
    assert "Gmail" not in printed(FakeWorld.parse("example.org. MX ; indeterminate"))
    assert "Gmail" in printed(FakeWorld.parse("example.org. MX ; bogus"))
