"""A wait has a name, a source and a limit."""

import dataclasses
import importlib
import pkgutil

import pytest

from starttls import grammar, protocols
from starttls.core.talk import WHOLE
from starttls.core.wait import Wait


def test_it_reads_behind_waiting_for() -> None:
    assert (
        f"waiting for {Wait('the greeting', 'RFC 5321 §4.2, 220')}" == "waiting for the greeting (RFC 5321 §4.2, 220)"
    )


def test_it_is_a_value() -> None:
    wait = Wait("the greeting", "RFC 5321 §4.2")
    assert wait == Wait("the greeting", "RFC 5321 §4.2", 2048)
    assert {wait: 1}[Wait("the greeting", "RFC 5321 §4.2")] == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        wait.limit = 1 << 30  # type: ignore[misc]


WAITS = [
    pytest.param(value, id=f"{info.name}-{name}")
    for package in (grammar, protocols)
    for info in pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    for name, value in vars(importlib.import_module(info.name)).items()
    if isinstance(value, Wait)
]


def test_there_are_waits_to_look_at() -> None:
    assert len(WAITS) > 20


@pytest.mark.parametrize("wait", WAITS)
def test_every_wait_of_a_dialogue_says_which_rule_it_waits_by(wait: Wait) -> None:
    assert wait.name
    assert wait.name == wait.name.strip()
    assert not wait.name.endswith(".")
    assert wait.source
    assert str(wait).isprintable()
    assert 0 < wait.limit <= WHOLE
