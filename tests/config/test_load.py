from pathlib import Path
from typing import Annotated, Literal

import pytest
from msgspec import Meta

from starttls.config.declare import Section
from starttls.config.load import load, loads
from starttls.core.errors import BadConfig


class Times(Section, frozen=True):
    """Seconds."""

    connect: Annotated[float, Meta(gt=0, description="To connect.")] = 10.0
    whole: Annotated[float, Meta(gt=0, description="In all.")] = 60.0


class Sample(Section, frozen=True):
    """A sample."""

    targets: Annotated[tuple[str, ...], Meta(description="Targets.")] = ()
    level: Annotated[Literal["high", "low"], Meta(description="A level.")] = "high"
    count: Annotated[int, Meta(ge=1, le=9, description="A count.")] = 5
    quick: Annotated[bool, Meta(description="Quick?")] = False
    timeouts: Times = Times()


def test_an_empty_file_is_the_defaults() -> None:
    assert loads("", Sample, "a.toml") == Sample()


def test_what_is_said_counts_and_the_rest_is_default() -> None:
    text = 'targets = ["a", "b"]\nlevel = "low"\n[timeouts]\nconnect = 3\n'
    assert loads(text, Sample, "a.toml") == Sample(targets=("a", "b"), level="low", timeouts=Times(connect=3.0))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("levl = 'low'", "a.toml:1: unknown key 'levl': did you mean 'level'?"),
        ("[timeouts]\n\nconect = 3", "a.toml:3: unknown key 'timeouts.conect': did you mean 'timeouts.connect'?"),
        ("timeouts.conect = 3", "a.toml:1: unknown key 'timeouts.conect': did you mean 'timeouts.connect'?"),
        ("[timeout]\nconnect = 3", "a.toml:1: unknown key 'timeout': did you mean 'timeouts'?"),
        ('count = 1\n"connect" = 3', "a.toml:2: unknown key 'connect': did you mean 'timeouts.connect'?"),
        (
            "zzz = 1",
            "a.toml:1: unknown key 'zzz': known are: count, level, quick, targets, timeouts.connect, timeouts.whole",
        ),
        ("count = '5'", "a.toml:1: 'count' must be a whole number from 1 to 9, not \"5\""),
        ("count = true", "a.toml:1: 'count' must be a whole number from 1 to 9, not true"),
        ("count = 10", "a.toml:1: 'count' must be a whole number from 1 to 9, not 10"),
        ("level = 'lower'", 'a.toml:1: \'level\' must be "high" or "low", not "lower"'),
        ("targets = 'a'", "a.toml:1: 'targets' must be a list of strings, not \"a\""),
        ("\ntargets = ['a', 1]", "a.toml:2: 'targets' must be a list of strings, not [\"a\", 1]"),
        ("targets = {a = 1}", "a.toml:1: 'targets' must be a list of strings, not a table"),
        ("quick = 2024-01-01", "a.toml:1: 'quick' must be true or false, not 2024-01-01"),
        ("[timeouts]\nwhole = 0", "a.toml:2: 'timeouts.whole' must be a number above 0, not 0"),
        ("timeouts = 3", "a.toml:1: 'timeouts' must be a table, not 3"),
        ("quick = true\ncount = ?\n", "a.toml:2: no TOML: invalid value"),
        ("count = 1\ncount", "a.toml: no TOML: expected '=' after a key in a key/value pair"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, said: str) -> None:
    with pytest.raises(BadConfig) as raised:
        loads(text, Sample, "a.toml")
    assert str(raised.value) == said


def test_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("count = 2\n")
    assert load(tmp_path / "a.toml", Sample) == Sample(count=2)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"none\.toml: cannot read it: no such file or directory"):
        load(tmp_path / "none.toml", Sample)


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes(b"level = '\xff'\n")
    with pytest.raises(BadConfig, match="not UTF-8"):
        load(tmp_path / "a.toml", Sample)
