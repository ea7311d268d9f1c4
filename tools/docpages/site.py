"""What mkdocs calls while it builds the site: see ``hooks`` in mkdocs.yml."""

import re
from pathlib import Path
from posixpath import normpath
from typing import Any, Protocol

__all__ = ["on_config", "on_page_markdown"]

_LINK = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+[^)#\s]+)(#[^)\s]*)?\)")


class Config(Protocol):
    """What is used of mkdocs' own: its settings."""

    docs_dir: str
    nav: list[Any] | None
    repo_url: str | None


class File(Protocol):
    """And of its files: where the source is, below ``docs``."""

    src_uri: str


class Page(Protocol):
    """And of its pages."""

    file: File


def on_config(config: Config) -> Config:
    """List the decisions."""
    docs = Path(config.docs_dir)
    decisions: list[Any] = [str(path.relative_to(docs)) for path in sorted((docs / "adr").glob("*.md"))]
    config.nav = [*(config.nav or []), {"Decisions": decisions}]
    return config


def on_page_markdown(markdown: str, *, page: Page, config: Config, **_: object) -> str:
    """Links into the source work in the repository; on the site they name the file, or lead to the repository."""
    here = Path(page.file.src_uri).parent.as_posix()

    def link(match: re.Match[str]) -> str:
        target = normpath(f"docs/{here}/{match[2]}")
        if target.startswith("docs/"):
            return match[0]
        return f"[{match[1]}]({config.repo_url}/blob/main/{target})" if config.repo_url else _named(match[1], target)

    return _LINK.sub(link, markdown)


def _named(text: str, target: str) -> str:
    """The file, where its name is not in the text already."""
    bare = text.strip("`")
    if bare in target or bare.startswith("test_"):
        return f"`{bare}`"
    return f"{text} (`{target}`)"
