"""The rules of the house that no linter knows. import-linter holds the floors, ruff and mypy the rest."""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src/starttls"
PROGRAMS = ("tools", "bench", "fuzz", "examples")

FILE_LINES = 300
FUNCTION_LINES = 40
PROTOCOL_LINES = range(100, 201)
ROOM_LINES = {"asyncio": 420, "sync": 150}  # docs/adr/0004: the ways to a service are tried in each room
DIAL_LINES = 72  # docs/adr/0003: connecting sockets has a budget of its own; 0004: addresses that are known
STDLIB_ALONE = ("core", "grammar", "protocols")
FORBIDDEN_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "base", "misc"}
HEAVY = {"asyncio", "ssl", "socket", "logging", "click", "rich", "cryptography", "msgspec", "uvloop"}

# A home, or a workplace, of one machine. Written so that this line does not match itself.
MACHINE_PATH = re.compile(r"(?<![\w.$}~-])/(?:root|work|(?:home|Users)/[\w.-]+)(?=[/\s\"'`:]|$)", re.MULTILINE)


def tracked() -> list[Path]:
    """The committed files; in an unpacked archive, all files."""
    if not (ROOT / ".git").exists():
        return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    # The folder may belong to someone else, as in a container of CI.
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def python_files(*folders: Path) -> list[Path]:
    return sorted(path for folder in folders for path in folder.rglob("*.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


MODULES = python_files(SOURCE)
PROTOCOLS = [path for path in MODULES if path.parent.name == "protocols" and path.stem != "__init__"]
ALL_PYTHON = [*MODULES, *python_files(ROOT / "tests", *(ROOT / name for name in PROGRAMS))]

each_module = pytest.mark.parametrize("path", MODULES, ids=name_of)


# --- measures --------------------------------------------------------------------------------------


def docstrings(tree: ast.AST) -> Iterator[ast.Expr]:
    """The docstrings of a module and of all that it defines."""
    for node in ast.walk(tree):
        match node:
            case ast.Module(body=body) | ast.ClassDef(body=body):
                pass
            case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
                pass
            case _:
                continue
        match body:
            case [ast.Expr(value=ast.Constant(value=str())) as first, *_]:
                yield first


def lines_of(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def function_lengths(source: str) -> dict[str, int]:
    """The lines of each function without its docstring and decorators."""
    tree = ast.parse(source)
    texts = {line for text in docstrings(tree) for line in lines_of(text)}
    return {
        f"{node.name} (line {node.lineno})": len(set(lines_of(node)) - texts)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def code_lines(source: str) -> int:
    """The lines that hold code: no docstrings, no comments, no blank lines."""
    texts = {line for text in docstrings(ast.parse(source)) for line in lines_of(text)}
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    code = {
        line
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in silent
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(code - texts)


def imports_of(source: str) -> set[str]:
    """The full names a module imports, `from a import b` as `a.b`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def holds_code(source: str) -> bool:
    """Does a module do more than import, list its names and describe itself?"""
    body = ast.parse(source).body
    return any(isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) for node in body)


def twins_of(path: Path) -> list[Path]:
    """The places where the test of a module may be."""
    room = path.relative_to(SOURCE).parent
    if path.stem == "__init__":
        return [ROOT / "tests" / room / f"test_{path.parent.name}.py"]
    twins = [ROOT / "tests" / room / f"test_{path.stem}.py"]
    if room.name == "protocols":
        twins.append(ROOT / "tests/transcripts" / path.stem)
    return twins


# --- budgets ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ALL_PYTHON, ids=name_of)
def test_no_file_is_too_long(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= FILE_LINES


@pytest.mark.parametrize("path", [*MODULES, *python_files(ROOT / "tools")], ids=name_of)
def test_no_function_is_too_long(path: Path) -> None:
    lengths = function_lengths(path.read_text())
    assert {name: length for name, length in lengths.items() if length > FUNCTION_LINES} == {}


@pytest.mark.parametrize("path", PROTOCOLS, ids=name_of)
def test_a_protocol_has_the_size_of_a_page_or_two(path: Path) -> None:
    assert len(path.read_text().splitlines()) in PROTOCOL_LINES


@pytest.mark.parametrize("room", ROOM_LINES)
def test_the_rooms_that_move_bytes_stay_thin(room: str) -> None:
    lines = {path.stem: code_lines(path.read_text()) for path in python_files(SOURCE / room)}
    assert lines.pop("dial") <= DIAL_LINES
    assert sum(lines.values()) <= ROOM_LINES[room]


# --- names and twins -------------------------------------------------------------------------------


@each_module
def test_every_module_has_its_test(path: Path) -> None:
    if path.stem == "__main__" or (path.stem == "__init__" and not holds_code(path.read_text())):
        return  # nothing to test: it starts the command line, or lists names
    twins = twins_of(path)
    assert any(twin.exists() for twin in twins), f"write {name_of(twins[0])}"


def test_no_module_has_a_name_that_says_nothing() -> None:
    named = {name_of(path): {path.stem, path.parent.name} & FORBIDDEN_NAMES for path in ALL_PYTHON}
    assert {path: names for path, names in named.items() if names} == {}


# --- imports ---------------------------------------------------------------------------------------


@each_module
def test_nobody_inside_imports_from_the_front_door(path: Path) -> None:
    rooms = {child.stem for child in SOURCE.iterdir() if not child.name.startswith("_")}
    parts = [name.split(".") for name in imports_of(path.read_text())]
    assert not [name for name in parts if name[0] == "starttls" and (len(name) == 1 or name[1] not in rooms)]


@pytest.mark.parametrize("path", python_files(*(SOURCE / room for room in STDLIB_ALONE)), ids=name_of)
def test_the_lower_floors_need_the_standard_library_alone(path: Path) -> None:
    packages = {name.partition(".")[0] for name in imports_of(path.read_text())}
    assert packages - sys.stdlib_module_names <= {"starttls"}


@each_module
def test_no_import_is_only_for_the_type_checker(path: Path) -> None:
    assert "TYPE_CHECKING" not in path.read_text()


def fresh_python(program: str) -> str:
    """Run a program in a new interpreter, warnings being errors, and return what it prints."""
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=50)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_importing_the_package_loads_nothing_heavy() -> None:
    program = "import sys; before = set(sys.modules); import starttls; print(*(set(sys.modules) - before))"
    loaded = set(fresh_python(program).split())
    assert "starttls" in loaded
    assert loaded & HEAVY == set()


def test_importing_any_module_has_no_effect() -> None:
    names = [".".join(path.relative_to(SOURCE.parent).with_suffix("").parts) for path in MODULES]
    modules = [name.removesuffix(".__init__") for name in names if not name.endswith("__main__")]
    program = f"""
import importlib, os, signal, threading
def state():
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    return dict(os.environ), os.getcwd(), handlers, threading.active_count()
before = state()
for name in {modules}:
    importlib.import_module(name)
assert state() == before
"""
    assert fresh_python(program) == ""


# --- what is committed -----------------------------------------------------------------------------


def test_no_committed_file_knows_a_machine() -> None:
    found = {}
    for path in tracked():
        if match := MACHINE_PATH.search(path.read_bytes().decode(errors="replace")):
            found[name_of(path)] = match[0]
    assert found == {}


# --- the measures measure --------------------------------------------------------------------------

SAMPLE = '''"""Two lines
of docstring."""

import os  # a comment


@decorated
async def one():
    """Says nothing."""
    # a comment
    return """a
    text"""
'''


def test_lines_are_counted_as_the_rules_say() -> None:
    assert code_lines(SAMPLE) == 5
    assert function_lengths(SAMPLE) == {"one (line 8)": 4}


def test_imports_are_read() -> None:
    source = "import starttls\nfrom starttls import connect\ndef lazy():\n    from starttls.core.talk import Talk\n"
    assert imports_of(source) == {"starttls", "starttls.connect", "starttls.core.talk.Talk"}


@pytest.mark.parametrize("text", ["{}root/x", "cd {}work/main", 'p = "{}home/someone"', "{}Users/someone/a"])
def test_paths_of_a_machine_are_seen(text: str) -> None:
    assert MACHINE_PATH.search(text.format("/"))


WORK = "work"  # apart from its slashes, lest a plainer search than ours finds a path here


@pytest.mark.parametrize("text", ["chroot/x", f"$HOME/{WORK}/x", f"a/{WORK}/b", "{}home", "{}rootless", f"~/{WORK}/x"])
def test_other_paths_are_not(text: str) -> None:
    assert not MACHINE_PATH.search(text.format("/"))
