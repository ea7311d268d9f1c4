"""The files that most tests here use: made once, for they cost milliseconds each."""

import pytest

from tests.tls.pairs import Files, write_files


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return write_files(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """The same names from an authority that nobody trusts."""
    return write_files(tmp_path_factory.mktemp("strangers"))
