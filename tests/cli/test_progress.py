import sys

import pytest

from starttls.cli.progress import Progress


def test_off_a_terminal_there_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(5)
    progress.show()
    progress.clear()
    assert capsys.readouterr() == ("", "")


def test_of_one_target_there_is_none(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    Progress(1).show()
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal_it_counts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    progress = Progress(5)
    progress.done = 3
    progress.show()
    progress.clear()
    assert capsys.readouterr() == ("", "\r\x1b[Kstarttls: 3 of 5 targets checked\r\x1b[K")
