"""Tables of figures: printed for people, written as JSON for machines."""

import json
import platform
import ssl
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Table", "median", "write"]

Cell = str | int | float


@dataclass(slots=True)
class Table:
    """One measurement: ``name`` is its key in the JSON, ``title`` says what a number means."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: list[tuple[Cell, ...]] = field(default_factory=list[tuple[Cell, ...]])

    def add(self, *cells: Cell) -> None:
        """One more row."""
        self.rows.append(cells)

    @property
    def text(self) -> str:
        """The table in columns."""
        shown = [self.columns, *(tuple(_shown(cell) for cell in row) for row in self.rows)]
        widths = [max(len(row[column]) for row in shown) for column in range(len(self.columns))]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in shown]
        return "\n".join([self.title, "", *(f"  {line.rstrip()}" for line in lines), ""])


def _shown(cell: Cell) -> str:
    return f"{cell:.3g}" if isinstance(cell, float) else str(cell)


def median(figures: Iterable[float]) -> float:
    """The middle one."""
    return statistics.median(figures)


def write(tables: Iterable[Table], path: Path) -> None:
    """All tables, and what they were measured with."""
    machine = {"python": platform.python_version(), "openssl": ssl.OPENSSL_VERSION, "cpu": platform.machine()}
    content = {
        "machine": machine,
        "tables": {
            table.name: {
                "title": table.title,
                "rows": [dict(zip(table.columns, row, strict=True)) for row in table.rows],
            }
            for table in tables
        },
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
