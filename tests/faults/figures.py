"""What was measured, against what must be reached: kept while the faults run, printed as a table at their end.

`make faults` names a file in FAULT_FIGURES and sets FAULTS to `full`; in the everyday run the same checks are smaller.
"""

import json
import os
import random
from dataclasses import asdict, dataclass
from pathlib import Path

FULL = os.environ.get("FAULTS") == "full"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table; the seed says how to see it again."""

    fault: str
    what: str
    figure: float
    limit: str
    held: bool
    seed: str = ""


def scaled(everyday: int, full: int) -> int:
    """How much of it: little each day, all of it in `make faults`."""
    return full if FULL else everyday


def fresh_seed() -> int:
    """Another one in each run, unless FAULT_SEED asks for an old one."""
    return int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(10**9))


def at_most(fault: str, what: str, figure: float, limit: float, *, seed: object = "") -> None:
    """Keep the figure; fail if it is above the limit."""
    _keep(Figure(fault, what, round(figure, 1), f"<= {limit}", figure <= limit, str(seed)))


def exactly(fault: str, what: str, figure: float, limit: float, *, seed: object = "") -> None:
    """Keep the figure; fail if it is another one."""
    _keep(Figure(fault, what, figure, f"{limit}", figure == limit, str(seed)))


def at_least(fault: str, what: str, figure: float, limit: float, *, seed: object = "") -> None:
    """Keep the figure; fail if it is below the limit."""
    _keep(Figure(fault, what, round(figure, 1), f">= {limit}", figure >= limit, str(seed)))


def _keep(row: Figure) -> None:
    if file := os.environ.get("FAULT_FIGURES"):
        with Path(file).open("a", encoding="utf-8") as out:
            out.write(json.dumps(asdict(row)) + "\n")
    assert row.held, f"{row.fault}: {row.what} is {row.figure}, must be {row.limit} (seed {row.seed or 'none'})"


def kept(file: Path) -> list[Figure]:
    """The rows in the order in which they were measured."""
    return [Figure(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]


def table(rows: list[Figure]) -> str:
    """The rows as text, by fault."""
    cells = [("fault", "what", "figure", "limit", "held", "seed")]
    for row in sorted(rows, key=lambda row: row.fault):
        cells.append((row.fault, row.what, f"{row.figure:g}", row.limit, "yes" if row.held else "NO", row.seed))
    widths = [max(len(line[n]) for line in cells) for n in range(len(cells[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)
