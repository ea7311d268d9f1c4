import os
import subprocess
import sys
from pathlib import Path

import pytest

SKIPPING = """
import pytest, unittest

def test_calls_skip():
    pytest.skip("no time")

@pytest.mark.skip(reason="no hands")
def test_is_marked():
    pass

class TestCase(unittest.TestCase):
    @unittest.skipIf(True, "no luck")
    def test_of_unittest(self):
        pass

@pytest.mark.xfail(reason="known", strict=True)
def test_is_expected_to_fail():
    assert False
"""


def run_pytest(folder: Path, root: Path, **environment: str) -> str:
    """Run pytest with our hooks on the tests in `folder` and return what it prints."""
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-q", "-rA"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "STARTTLS"))}
    done = subprocess.run(
        [*command, str(folder)],
        cwd=root,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    return done.stdout


def test_a_skip_is_allowed_to_developers(tmp_path: Path, root: Path) -> None:
    (tmp_path / "test_it.py").write_text(SKIPPING)
    assert "3 skipped, 1 xfailed" in run_pytest(tmp_path, root)


def test_a_skip_fails_where_it_is_forbidden(tmp_path: Path, root: Path) -> None:
    (tmp_path / "test_it.py").write_text(SKIPPING)
    printed = run_pytest(tmp_path, root, STARTTLS_NO_SKIP="1")
    assert "2 failed, 1 xfailed, 1 error" in printed  # a mark skips while setting up, hence the error
    for reason in ("no time", "no hands", "no luck"):
        assert f"STARTTLS_NO_SKIP=1 allows no test to be skipped. Skipped: {reason}" in printed


def test_a_module_may_not_skip_itself_there_either(tmp_path: Path, root: Path) -> None:
    (tmp_path / "test_it.py").write_text('import pytest\npytest.importorskip("no_such_module")\n')
    assert "1 skipped" in run_pytest(tmp_path, root)
    printed = run_pytest(tmp_path, root, STARTTLS_NO_SKIP="1")
    assert "1 error" in printed
    assert "no_such_module" in printed


def test_the_trust_store_of_the_shell_does_not_leak_in(root: Path, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("import os\ndef test_env(): assert 'SSL_CERT_FILE' not in os.environ\n")
    assert "1 passed" in run_pytest(tmp_path, root, SSL_CERT_FILE="/nowhere")


def test_an_interop_test_stays_with_the_others(request: pytest.FixtureRequest) -> None:
    for item in request.session.items:
        inside = "interop" in item.path.parts
        marks = [mark.args for mark in item.iter_markers("xdist_group")]
        assert (("interop",) in marks) == inside
