"""The documentation tells the truth: generated pages are current, links lead somewhere, code compiles."""

import ast
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from rich.console import Console

import generate_docs
import starttls
from docpages import api, cli, rfcs
from docpages.docstrings import markdown
from docpages.sessions import PLAYED, played
from starttls.check.examine import examine
from starttls.check.report.prospect import print_prospect
from starttls.core import errors
from starttls.policy import errors as policy_errors
from starttls.policy.profiles import SENDERS
from starttls.resolve.fake import FakeWorld
from tests.conftest import ROOT

PAGES = sorted(path for path in (ROOT / "docs").rglob("*.md"))
PROSE = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *PAGES]
FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]+)\)")
SNIPPET = re.compile(r'^--8<-- "([^"]+)"$', re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(*languages: str) -> list[object]:
    """Every block of code of these languages in what people write; the reference has signatures."""
    return [
        pytest.param(body, id=f"{name_of(path)}-{number}")
        for path in PROSE
        if path.parent.name != "reference" or "python" not in languages
        for number, (language, body) in enumerate(FENCE.findall(path.read_text()))
        if language in languages and not SNIPPET.match(body)
    ]


# --- generated pages -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", generate_docs.PAGES)
def test_a_generated_page_is_current(name: str) -> None:
    assert (ROOT / name).read_text() == generate_docs.page(name), "run .venv/bin/python tools/generate_docs.py"


def test_the_generator_says_what_is_out_of_date(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(sys, "argv", ["generate_docs.py", "--check"])
    assert generate_docs.main() == 0
    monkeypatch.setattr(generate_docs, "PAGES", {"docs/reference/cli.md": lambda: "something else\n"})
    assert generate_docs.main() == 1
    assert capsys.readouterr().out == "out of date: docs/reference/cli.md\n"


@pytest.mark.parametrize(
    ("docstring", "page"),
    [
        ("Sample::\n\n    S: 220\n\nMore.", "Sample:\n\n```text\nS: 220\n```\n\nMore."),
        ("Args:\n    verify: check the chain\n        and the name.", "- `verify`: check the chain\n  and the name."),
        ("level:  a\nname:   b\nkey: c", "- `level`: a\n- `name`: b\n- `key`: c"),
        ("=== ===\na   b\n=== ===", "```text\n=== ===\na   b\n=== ===\n```"),
        (None, ""),
    ],
)
def test_docstrings_become_markdown(docstring: str | None, page: str) -> None:
    assert markdown(docstring) == page


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("name", PLAYED)
def test_what_a_page_shows_is_what_its_commands_print(name: str) -> None:
    assert played((ROOT / name).read_text()) == (ROOT / name).read_text(), "tools/generate_docs.py --run"


# --- completeness ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "command"), list(cli.verbs()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_verb_and_option_is_documented(name: str, command: click.Command) -> None:
    page = (ROOT / "docs/reference/cli.md").read_text()
    assert command.help
    assert f"# {name}\n" in page
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{name} {option.opts[0]} has no help"
            assert f"`{option.opts[0]}" in page


def test_every_public_name_is_documented() -> None:
    listed = {name for names in api.SECTIONS.values() for name in names}
    names = (*errors.__all__, *policy_errors.__all__)
    assert listed | set(names) | {"protocols", "sync", "__version__"} == set(starttls.__all__)
    page = (ROOT / "docs/reference/errors.md").read_text()
    assert [name for name in names if f"# {name}\n" not in page] == ["Refusal", "StartTLSError"]


@pytest.mark.parametrize("document", rfcs.documents(), ids=lambda document: document.id)
def test_an_rfc_says_what_is_here_and_where(document: rfcs.Document) -> None:
    assert document.support in {"Yes", "Partial", "No"}
    assert document.note
    assert bool(document.where) == (document.support != "No")
    assert [name for name in document.where if not (ROOT / name).is_file()] == []


def test_every_rfc_that_a_protocol_names_is_listed() -> None:
    listed = {document.id for document in rfcs.documents()}
    named = {protocol.rfcs[0] for protocol in starttls.protocols.ALL}
    assert {name for name in named if name.startswith("RFC")} <= listed


def test_every_page_can_be_found() -> None:
    site = (ROOT / "mkdocs.yml").read_text()
    pages = {str(path.relative_to(ROOT / "docs")) for path in PAGES if path.parent.name != "adr"}
    assert {page for page in pages if f" {page}\n" not in site} == set()


# --- links and code --------------------------------------------------------------------------------


def anchors(path: Path) -> set[str]:
    """The anchors of a page's headings, as both GitHub and mkdocs make them."""
    headings = HEADING.findall(FENCE.sub("", path.read_text()))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PROSE, ids=name_of)
def test_every_link_leads_somewhere(path: Path) -> None:
    text = FENCE.sub("", path.read_text())
    lost = []
    for _, target in LINK.findall(text):
        file, _, anchor = target.partition("#")
        if target.startswith("https://"):
            continue
        found = (path.parent / file).resolve() if file else path
        if not found.exists() or (anchor and anchor not in anchors(found)):
            lost.append(target)
    assert lost == []


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_included_file_is_there(path: Path) -> None:
    assert [name for name in SNIPPET.findall(path.read_text()) if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("code", blocks("python"))
def test_python_compiles(code: str) -> None:
    compile(code, "page", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.mark.parametrize("text", blocks("json"))
def test_json_is_json(text: str) -> None:
    json.loads(text)


def test_json_that_commands_print_is_json() -> None:
    [printed] = re.findall(r"^\{\n.*?^\}$", (ROOT / "docs/howto/check-in-ci.md").read_text(), re.MULTILINE | re.DOTALL)
    assert [one["state"] for one in json.loads(printed)["targets"]] == ["upgraded", "not-offered"]


PROVIDER = """
    example.org.               MX    10 mx1.example.org.
    example.org.               MX    20 mx.example.net.
    mx1.example.org.           A     192.0.2.1
    _25._tcp.mx1.example.org.  TLSA  3 1 1 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    example.net.               ZONE  ; insecure
    mx.example.net.            A     192.0.2.2
    _smtp._tls.example.org.    TXT   "v=TLSRPTv1; rua=mailto:tls@example.org"
"""


async def test_what_starttls_policy_prints() -> None:
    world, shown = FakeWorld.parse(PROVIDER), io.StringIO()
    senders = [sender for sender in SENDERS if sender.name in {"Gmail", "Microsoft 365", "Postfix may"}]
    print_prospect(Console(file=shown, width=140), await examine("example.org", world, world, senders=senders))
    page = (ROOT / "docs/howto/no-downgrade.md").read_text()
    assert "\n".join(line.rstrip() for line in shown.getvalue().splitlines()) in page


def test_each_past_vulnerability_names_tests_that_exist() -> None:
    page = ROOT / "docs/explain/past-vulnerabilities.md"
    sections = page.read_text().split("\n## ")[1:-1]  # the last one says what is not covered
    for section in sections:
        title = section.partition("\n")[0]
        named = [(text, page.parent / target) for text, target in LINK.findall(section) if "tests/" in target]
        assert named, f"{title}: nothing proves it"
        tests = [(text, file) for text, file in named if text.startswith("test_")]
        missing = [text for text, file in tests if f"def {text}(" not in file.read_text()]
        assert missing == [], title
        assert [
            text for text, file in named if file.suffix == ".txt" and text != f"{file.parent.name}/{file.stem}"
        ] == []
