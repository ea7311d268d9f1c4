"""``python -m bench [NAME...] [--short] [--json FILE]``: measure, print a table each, write JSON.

Compare within one run only: the machine is shared and its speed drifts. Every figure that has a peer is measured
in turn with it and given as a ratio.
"""

import argparse
import importlib
import sys
from pathlib import Path

from bench.report import Table, write

NAMES = ("negotiation", "connections", "memory", "lookups", "dnssec")


def main() -> int:
    """Run what was asked for, or everything."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of: {', '.join(NAMES)} (default: all)")
    parser.add_argument("--short", action="store_true", help="one quick round: does the bench still work?")
    parser.add_argument("--json", type=Path, default=Path("bench/results/latest.json"), help="where to write figures")
    asked = parser.parse_args()
    if unknown := set(asked.names) - set(NAMES):
        parser.error(f"no bench is called {', '.join(sorted(unknown))}")
    tables: list[Table] = []
    for name in asked.names or NAMES:
        for table in importlib.import_module(f"bench.{name}").run(short=asked.short):
            print(table.text, flush=True)
            tables.append(table)
    write(tables, asked.json)
    print(f"written to {asked.json}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
