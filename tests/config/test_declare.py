from typing import Annotated, Literal

import pytest
from msgspec import Meta

from starttls.config.declare import Section, tables


class Inner(Section, frozen=True):
    """What is inside."""

    count: Annotated[int, Meta(ge=1, le=9, description="How many.")] = 3


class Outer(Section, frozen=True):
    """What is
    outside."""

    word: Annotated[str | None, Meta(description="A word.", examples=["hello"])] = None
    words: Annotated[tuple[str, ...], Meta(description="Words.")] = ()
    mode: Annotated[Literal["a", "b"], Meta(description="A mode.")] = "a"
    loud: Annotated[bool, Meta(description="Loud?")] = False
    size: Annotated[float, Meta(gt=0, description="A size.")] = 1.5
    inner: Inner = Inner()


def test_the_tables_of_a_record() -> None:
    outer, inner = tables(Outer)
    assert (outer.name, outer.text) == ("", "What is outside.")
    assert (inner.name, inner.text) == ("inner", "What is inside.")
    assert [(setting.name, setting.kind, setting.default, setting.example) for setting in outer.settings] == [
        ("word", "a string", None, "hello"),
        ("words", "a list of strings", (), ()),
        ("mode", '"a" or "b"', "a", "a"),
        ("loud", "true or false", False, False),
        ("size", "a number above 0", 1.5, 1.5),
    ]
    assert [(setting.name, setting.kind) for setting in inner.settings] == [("count", "a whole number from 1 to 9")]
    assert (outer.path("word"), inner.path("count")) == ("word", "inner.count")


class Undescribed(Section, frozen=True):
    """Has a field that nobody explains."""

    size: int = 1


class Defaultless(Section, frozen=True):
    """Has a field that must be given."""

    size: Annotated[int, Meta(description="A size.")]


class Invisible(Section, frozen=True):
    """Has a field of which an example file could show nothing."""

    word: Annotated[str | None, Meta(description="A word.")] = None


class Unsayable(Section, frozen=True):
    """Has a field that TOML cannot say."""

    blob: Annotated[bytes, Meta(description="A blob.")] = b""


class Undocumented(Section, frozen=True):
    size: Annotated[int, Meta(description="A size.")] = 1


Undocumented.__doc__ = None


@pytest.mark.parametrize(
    ("record", "problem"),
    [
        (Undescribed, "Undescribed.size has no description"),
        (Defaultless, "Defaultless.size has no default"),
        (Invisible, "Invisible.word has neither a default nor an example to show"),
        (Unsayable, "Unsayable.blob is of a type that no configuration file can say"),
        (Undocumented, "Undocumented has no docstring"),
    ],
)
def test_a_declaration_that_nobody_could_understand_is_refused(record: type[Section], problem: str) -> None:
    with pytest.raises(TypeError, match=problem):
        tables(record)
