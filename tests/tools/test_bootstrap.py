import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pip
import pytest

import bootstrap


@pytest.fixture
def tree(tmp_path: Path, root: Path) -> Path:
    """A source tree with nothing in it but the tools."""
    copy = tmp_path / "tree"
    (copy / "tools").mkdir(parents=True)
    for name in ("bootstrap.py", "fetch_pip.py"):
        shutil.copy(root / "tools" / name, copy / "tools")
    (copy / "pyproject.toml").write_text('[project]\nname = "a"\nversion = "1"\n')
    return copy


@pytest.fixture
def index(tmp_path: Path) -> str:
    """A package index on disk with the pip that runs these tests, packed as a wheel again."""
    site = Path(pip.__file__).parent.parent
    name = f"pip-{pip.__version__}-py3-none-any.whl"
    page = tmp_path / "simple/pip/index.html"
    page.parent.mkdir(parents=True)
    with zipfile.ZipFile(page.parent / name, "w") as wheel:
        for folder in ("pip", f"pip-{pip.__version__}.dist-info"):
            for path in (site / folder).rglob("*"):
                if path.suffix != ".pyc" and path.name not in {"INSTALLER", "REQUESTED", "RECORD"}:
                    wheel.write(path, path.relative_to(site))
        wheel.writestr(f"pip-{pip.__version__}.dist-info/RECORD", "")
    sha256 = hashlib.sha256((page.parent / name).read_bytes()).hexdigest()
    page.write_text(f'<a href="{name}#sha256={sha256}">{name}</a>')
    return f"file://{tmp_path}/simple"


def call(tree: Path, statement: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a statement in the bootstrap of `tree`, with the interpreter outside of any environment."""
    python = Path(sys.base_prefix) / f"bin/python3.{sys.version_info.minor}"
    return subprocess.run(
        [python, "-c", f"import sys; sys.path.insert(0, 'tools'); import bootstrap; {statement}"],
        cwd=tree,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_python_without_ensurepip_gets_pip_from_the_index(tree: Path, index: str, tmp_path: Path) -> None:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden/ensurepip.py").write_text("raise ModuleNotFoundError('as on Debian')\n")
    settings = {"PYTHONPATH": str(tmp_path / "hidden"), "PIP_INDEX_URL": index}
    done = call(tree, "bootstrap.make_venv(); print(bootstrap.is_usable())", **settings)
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr
    assert "fetching pip from the package index" in done.stderr
    assert not list(tree.glob(".venv/*.whl"))
    # The same environment is of no use in another folder: its programs name the old one.
    moved = call(tree.rename(tmp_path / "moved"), "print(bootstrap.is_usable())")
    assert (moved.stdout, moved.returncode) == ("False\n", 0), moved.stderr


def test_an_index_that_cannot_be_reached_is_one_line(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "ensurepip.py").write_text("raise ModuleNotFoundError('as on Debian')\n")
    settings = {"PYTHONPATH": str(tmp_path), "PIP_INDEX_URL": "http://127.0.0.1:1/simple"}
    done = call(tree, "sys.exit(bootstrap.main())", **settings)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("bootstrap: error: cannot fetch pip: http://127.0.0.1:1/simple/pip/: ")
    assert "Traceback" not in done.stderr


def test_an_environment_that_is_up_to_date_is_left_alone(tree: Path) -> None:
    (tree / ".venv/bin").mkdir(parents=True)
    (tree / ".venv/bin/python").touch()
    stamped = "(bootstrap.VENV / '.bootstrap-dev').write_text(bootstrap.fingerprint(['dev']))"
    done = call(tree, f"{stamped}; sys.exit(bootstrap.main())")
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


def test_the_stamp_depends_on_what_is_installed(tree: Path) -> None:
    def fingerprint(extras: str) -> str:
        return call(tree, f"print(bootstrap.fingerprint({extras}))").stdout

    before = fingerprint("['dev']")
    assert before == fingerprint("['dev']")
    assert before != fingerprint("['dev', 'docs']")
    (tree / "pyproject.toml").write_text('[project]\nname = "a"\nversion = "2"\n')
    assert before != fingerprint("['dev']")


def test_a_program_that_fails_shows_what_it_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(bootstrap.Stop, match="it did not work"):
        bootstrap.run(sys.executable, "-c", "print('because'); exit(1)", failure="it did not work")
    assert capsys.readouterr().err == "because\n"
