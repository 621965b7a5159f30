"""What becomes of a table at an erasure, as options and data maps say it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from requests_app.rules.policy import Text

from .described import text
from .work import Way

DELETE, MASK, KEEP = AT_ERASURE = ("delete", "mask", "keep")
WAY_OF = {DELETE: Way.ERASE, MASK: Way.ANONYMISE, KEEP: Way.KEEP}
LONGEST = 100  # years
OPTIONS = frozenset({"at_erasure", "keep", "keep_columns", "rectify"})
EMPTIED = Text("All values are emptied.", "Tutti i valori vengono cancellati.")


@dataclass(frozen=True, slots=True)
class Keeping:
    """Why a table is kept, and for how long after the latest day that stands in the column `counted_from`."""

    reason: Text
    years: int = 0
    days: int = 0
    counted_from: str = ""

    def until(self, values: Iterable[Any]) -> date | None:
        """Return the last day, counted from the latest of these values; None where that is not known."""
        known = [day for day in map(_day, values) if day is not None]
        if not known or not self.counted_from:
            return None
        latest = max(known)
        try:
            moved = latest.replace(year=latest.year + self.years)
        except ValueError:  # the 29th of February
            moved = latest.replace(year=latest.year + self.years, day=28)
        return moved + timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Treatment:
    """`stays`: columns that keep their values where the others are masked; `rectify`: those that may be put right."""

    way: Way = Way.ERASE
    keeping: Keeping | None = None
    stays: frozenset[str] = frozenset()
    rectify: frozenset[str] = frozenset()

    @property
    def why(self) -> Text:
        """Of what is kept the ground, of what is masked the method."""
        if self.way == Way.KEEP and self.keeping:
            return self.keeping.reason
        if self.way == Way.ANONYMISE:
            return emptied(self.stays)
        return Text("", "")


def emptied(stays: Iterable[str]) -> Text:
    """Return the method in words: values are emptied, but for some columns."""
    if not (named := ", ".join(sorted(stays))):
        return EMPTIED
    return Text(f"All values are emptied, except {named}.", f"Tutti i valori vengono cancellati, tranne {named}.")


def treatment(given: Mapping[str, Any], columns: Iterable[str], place: str) -> Treatment:
    """Read what the options of a table say; ValueError names the place."""
    known = set(columns)
    named = {key: _columns(given.get(key, ()), known, f"{place}.{key}") for key in ("keep_columns", "rectify")}
    keeping = keeping_of(given["keep"], known, f"{place}.keep") if "keep" in given else None
    said = given.get("at_erasure", KEEP if keeping else DELETE)
    if said not in AT_ERASURE:
        raise ValueError(f"{place}.at_erasure is not one of {', '.join(AT_ERASURE)}")
    if keeping and said != KEEP:
        raise ValueError(f"{place}.keep gives the reason for what is kept, and at_erasure says {said}")
    return Treatment(WAY_OF[said], keeping, named["keep_columns"], named["rectify"])


def keeping_of(given: Any, columns: Iterable[str], place: str) -> Keeping:
    """Read {reason, years or days, from}; ValueError names the place."""
    if not isinstance(given, Mapping) or set(given) - {"reason", "years", "days", "from"} or not given.get("reason"):
        raise ValueError(f'{place} has to be {{ reason = ..., years = ..., from = "column" }}')
    counts = [given.get("years", 0), given.get("days", 0)]
    if any(isinstance(one, bool) or not isinstance(one, int) for one in counts):
        raise ValueError(f"{place}: years and days have to be whole numbers")
    years, days = counts
    if not (0 <= years <= LONGEST and 0 <= days <= 366 * LONGEST):
        raise ValueError(f"{place}: at most {LONGEST} years")
    counted = str(given.get("from", ""))
    if bool(years or days) != bool(counted) or (counted and counted not in set(columns)):
        raise ValueError(f"{place}: years or days are counted from a column of the table, named by from")
    return Keeping(text(given["reason"], f"{place}.reason"), years, days, counted)


def _columns(given: Any, known: set[str], place: str) -> frozenset[str]:
    if not isinstance(given, list | tuple) or (unknown := {str(one) for one in given} - known):
        words = f": there is no column {', '.join(sorted(unknown))}" if isinstance(given, list | tuple) else ""
        raise ValueError(f"{place} has to be a list of columns{words}")
    return frozenset(given)


def _day(value: Any) -> date | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else None
