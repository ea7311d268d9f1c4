"""Write the pages of the documentation that are made from the code, or say which are out of date.

.venv/bin/python tools/generate_docs.py             writes what differs
.venv/bin/python tools/generate_docs.py --check     writes nothing; exit status 1 where something differs
.venv/bin/python tools/generate_docs.py --run       also runs what the tutorial and the guides show
"""

import argparse
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType

from docpages import api, cli, errors, json_contract, protocols, rfcs
from docpages.docstrings import ROOT

__all__ = ["PAGES", "main", "page"]

PAGES: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "docs/reference/api.md": api.page,
        "docs/reference/cli.md": cli.page,
        "docs/reference/errors.md": errors.page,
        "docs/reference/json.md": json_contract.page,
        "docs/reference/protocols.md": protocols.page,
        "docs/reference/rfcs.md": rfcs.page,
    }
)
"""Each generated page, and who makes it."""

_MARK = "\n<!-- made by tools/generate_docs.py: change the code, not this page -->\n"


def page(name: str) -> str:
    """A page as it should be."""
    return PAGES[name]() + _MARK


def main() -> int:
    """Write or check; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--run", action="store_true")
    arguments = parser.parse_args()
    pages = {name: page(name) for name in PAGES}
    if arguments.run:
        pages |= _run()
    stale = [name for name, text in pages.items() if not (ROOT / name).exists() or (ROOT / name).read_text() != text]
    for name in stale:
        print(f"{'out of date' if arguments.check else 'written'}: {name}")
        if not arguments.check:
            (ROOT / name).write_text(pages[name])
    return int(arguments.check and bool(stale))


def _run() -> dict[str, str]:
    from docpages.sessions import PLAYED, played  # noqa: PLC0415 - starts servers, and for this option alone

    return {name: played((ROOT / name).read_text()) for name in PLAYED}


if __name__ == "__main__":
    sys.exit(main())
