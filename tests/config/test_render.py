import re
from pathlib import Path
from typing import Annotated

import pytest
from msgspec import Meta

from starttls.check.settings import CheckSettings
from starttls.config import render
from starttls.config.declare import Section
from starttls.config.load import loads

RECORDS = [("check", CheckSettings)]
each_record = pytest.mark.parametrize(("name", "record"), RECORDS, ids=[name for name, _ in RECORDS])


class Inner(Section, frozen=True):
    """Inside."""

    size: Annotated[float, Meta(gt=0, description="A size.")] = 1.5


class Outer(Section, frozen=True):
    """Outside."""

    word: Annotated[str | None, Meta(description="A word | two.", examples=['say "hi"'])] = None
    inner: Inner = Inner()


def test_an_example_shows_every_key() -> None:
    assert render.example(Outer) == (
        '# Outside.\n\n# A word | two. A string.\n# word = "say \\"hi\\""\n\n'
        "# Inside.\n[inner]\n\n# A size. A number above 0.\n# size = 1.5\n"
    )


def test_a_reference_page_is_a_table_of_keys() -> None:
    assert render.reference(Outer, "Sample") == (
        "# Sample\n\nOutside.\n\n"
        "| key | value | default | meaning |\n|---|---|---|---|\n| `word` | a string | none | A word \\| two. |\n\n"
        "## `[inner]`\n\nInside.\n\n"
        "| key | value | default | meaning |\n|---|---|---|---|\n| `size` | a number above 0 | `1.5` | A size. |\n"
    )


@each_record
def test_an_example_as_it_stands_is_the_defaults(name: str, record: type[Section]) -> None:
    assert loads(render.example(record), record, name) == record()


@each_record
def test_every_line_of_an_example_can_be_used(name: str, record: type[Section]) -> None:
    used, count = re.subn(r"(?m)^# (\w+ = )", r"\1", render.example(record))
    assert count > 5
    loads(used, record, name)


@each_record
def test_the_committed_example_is_the_rendered_one(root: Path, name: str, record: type[Section]) -> None:
    committed = (root / f"examples/{name}.toml").read_text()
    assert committed == render.example(record), f"write it again: starttls config example {name}"


@each_record
def test_the_committed_page_is_the_rendered_one(root: Path, name: str, record: type[Section]) -> None:
    committed = (root / f"docs/reference/config-{name}.md").read_text()
    page = render.reference(record, f"Configuration of `starttls {name}`")
    assert committed == page, f"write it again: starttls config reference {name}"


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), (1.5, "1.5"), ("a\n", '"a\\n"'), (("a", "b"), '["a", "b"]'), ({"a": 1}, "a table"), (7, "7")],
)
def test_values_as_toml_writes_them(value: object, text: str) -> None:
    assert render.toml(value) == text
