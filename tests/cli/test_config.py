from pathlib import Path
from typing import Any

import pytest

from starttls.cli.config import RECORDS
from starttls.config.declare import tables


@pytest.mark.parametrize("name", RECORDS)
def test_an_example_can_be_checked(cli: Any, tmp_path: Path, name: str) -> None:
    example = cli("config", "example", name)
    assert (example.code, example.err) == (0, "")
    file = tmp_path / f"{name}.toml"
    file.write_text(example.out)
    done = cli("config", "check", "--for", name, str(file))
    assert (done.code, done.out, done.err) == (0, f"{file}: good for 'starttls {name}'\n", "")


@pytest.mark.parametrize("name", RECORDS)
def test_a_reference_has_every_key(cli: Any, name: str) -> None:
    page = cli("config", "reference", name).out
    for table in tables(RECORDS[name]):
        assert all(f"| `{setting.name}` |" in page for setting in table.settings)


def test_what_is_wrong_is_one_line(cli: Any, tmp_path: Path) -> None:
    file = tmp_path / "check.toml"
    file.write_text("[timeouts]\nconect = 3\n")
    done = cli("config", "check", str(file))
    assert (done.code, done.out) == (2, "")
    known = "unknown key 'timeouts.conect': did you mean 'timeouts.connect'?"
    assert done.err == f"starttls: error: {file}:2: {known}\n"


def test_what_does_not_exist(cli: Any) -> None:
    assert cli("config").code == 2
    assert cli("config", "example", "nothing").code == 2
    done = cli("config", "check", "/nowhere/check.toml")
    assert (done.code, done.err) == (
        2,
        "starttls: error: /nowhere/check.toml: cannot read it: no such file or directory\n",
    )
