"""Make ``.venv`` and install this project into it, editable, with what its developers need.

Needs Python 3.11 and nothing else: no pip, no ensurepip (Debian keeps it in python3-venv), no root.
Run again, it does nothing until pyproject.toml, this file, the folder or the version of Python (3.x) changes.

    python3 tools/bootstrap.py           the `dev` extra
    python3 tools/bootstrap.py docs      and the `docs` extra
"""

# For the annotations alone: an older Python must get as far as the message that it is too old.
from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
OLDEST = (3, 11)


class Stop(Exception):
    """Set-up cannot go on; the text says why and what to do."""


def say(text: str) -> None:
    """Tell the user, beside whatever the programs print."""
    print(f"bootstrap: {text}", file=sys.stderr, flush=True)


def fingerprint(extras: list[str]) -> str:
    """Return what the finished environment depends on, as one hash."""
    parts = [str(sys.version_info[:2]), str(ROOT), ",".join(extras)]
    files = [ROOT / "pyproject.toml", Path(__file__)]
    return hashlib.sha256("\0".join([*parts, *map(Path.read_text, files)]).encode()).hexdigest()


def run(*command: str | Path, failure: str) -> None:
    """Run a program quietly; if it fails, show the end of what it printed and stop."""
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode:
        printed = (done.stdout + done.stderr).decode(errors="replace").strip().splitlines()
        print("\n".join(printed[-15:]), file=sys.stderr)
        raise Stop(failure)


def is_usable() -> bool:
    """Is there an environment of this 3.x, in this very folder, with pip?"""
    made = VENV / "pyvenv.cfg"
    if not (PYTHON.exists() and made.exists()):
        return False
    # The programs in its bin name the folder that it was made in, so it must not have been moved since.
    if f" {VENV}\n" not in made.read_text():
        return False
    question = "import pip, sys; print(sys.version_info[:2], end='')"
    answer = subprocess.run([PYTHON, "-c", question], capture_output=True, text=True, check=False)
    return answer.stdout == str(sys.version_info[:2])


def make_venv() -> None:
    """Make an empty environment in `.venv`, with pip in it."""
    say("making .venv")
    try:
        run(sys.executable, "-m", "venv", "--clear", "--without-pip", VENV, failure="")
    except Stop:
        raise Stop("cannot make .venv: see above (Debian: apt install python3-venv)") from None
    if not install_bundled_pip():
        install_fetched_pip()


def install_bundled_pip() -> bool:
    """Install the pip that comes with Python, where the system did not cut it out."""
    ensurepip = [str(PYTHON), "-m", "ensurepip", "--default-pip"]
    return subprocess.run(ensurepip, cwd=ROOT, capture_output=True, check=False).returncode == 0


def install_fetched_pip() -> None:
    """Fetch pip's wheel from the package index and let it install itself."""
    # Imported here: only this path needs the network, and the usual run must stay quick.
    import fetch_pip  # noqa: PLC0415

    say("this Python has no ensurepip: fetching pip from the package index")
    try:
        wheel = fetch_pip.download(VENV)
    except (OSError, ValueError) as error:
        raise Stop(f"cannot fetch pip: {error}") from error
    with tempfile.TemporaryDirectory(dir=VENV) as folder:  # unpacked: with Python 3.13, pip 24.2 fails inside a zip
        shutil.unpack_archive(wheel, folder, format="zip")
        pip = Path(folder, "pip")
        options = "--quiet", "--no-index", "--ignore-installed"  # the unpacked one counts as installed
        run(PYTHON, pip, "install", *options, wheel, failure=f"cannot install {wheel.name}")
    wheel.unlink()


def install_project(extras: list[str]) -> None:
    """Install this project as it lies here, and what it and its developers need."""
    say(f"installing starttls[{','.join(extras)}] into .venv (a minute, the first time)")
    pip = ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    run(PYTHON, *pip, "--editable", f".[{','.join(extras)}]", failure="pip could not install the dependencies")


def bootstrap(extras: list[str]) -> None:
    """Bring `.venv` up to date, unless its stamp says that it is."""
    stamp = VENV / f".bootstrap-{'-'.join(extras)}"
    wanted = fingerprint(extras)
    lock = os.open(ROOT, os.O_RDONLY)
    fcntl.flock(lock, fcntl.LOCK_EX)  # two of us at once would break each other's work; freed at exit
    if stamp.exists() and PYTHON.exists() and stamp.read_text() == wanted:
        return
    if not is_usable():
        make_venv()
    install_project(extras)
    stamp.write_text(wanted)
    say("ready")


def main() -> int:
    """Bring `.venv` up to date; return the exit status."""
    if sys.version_info < OLDEST:
        say(f"error: needs Python 3.11 or newer, not {sys.version.split()[0]} (make PYTHON=python3.x ...)")
        return 1
    try:
        bootstrap(["dev", *sys.argv[1:]])
    except (Stop, OSError) as reason:
        say(f"error: {reason}")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
