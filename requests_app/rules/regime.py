"""A regime: what one law asks of the response clock, read from a file; and the date it gives.

`parse` reports every mistake of a file at once. The file format is described in docs/policy-files.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import get_args

from requests_app.rules.policy import RIGHTS, Mistake, PolicyError
from requests_app.rules.response_deadline import (
    PLAIN,
    Calendar,
    DayOfReceipt,
    Deadline,
    MissingMonthDay,
    Pause,
    RollOver,
    Rule,
    Step,
    Unit,
    compute,
    opens_on,
)
from requests_app.rules.toml_table import Table, day, list_of, one_of, place, tables_of, text, weekend, whole, zone

RESTARTS = ("identity", "authority", "fee")  # what the person hands in later, from which the period counts anew
PAUSES = ("identity", "clarification", "cost_share")  # what is outstanding while the period stands still
ANSWER, ACKNOWLEDGEMENT = "answer", "acknowledgement"


@dataclass(frozen=True)
class Period:
    """One time limit; `rights`: those it is for, none named means all."""

    rule: Rule
    extension: int  # in the rule's unit, from the original start; 0: none
    rights: tuple[str, ...]


@dataclass(frozen=True)
class Regime:
    """What one law asks, with a source and a date of last check for each value."""

    key: str
    title: str
    since: date  # what is written here holds for requests received from this day on
    restarts: tuple[str, ...]
    pauses: tuple[str, ...]  # both end days of a pause are disregarded
    periods: Mapping[str, Period] = field(hash=False)
    weekend: tuple[int, ...]
    holidays: str  # country, or country-subdivision; empty: those of the controller
    closures: tuple[tuple[int, int, int, int], ...]  # month, day to month, day: never count, each year
    makeup_working_days: tuple[date, ...]
    western_zone: str  # where its day begins last; empty: that of the controller
    sources: Mapping[str, str] = field(hash=False, repr=False)
    checked: Mapping[str, date] = field(hash=False, repr=False)

    @property
    def checked_on(self) -> date:
        """The day since which no value has been checked again: the oldest of all."""
        return min(self.checked.values())

    def period_for(self, right: str) -> Period:
        """The time limit for the answer to this right."""
        named = (p for name, p in self.periods.items() if name != ACKNOWLEDGEMENT and right in p.rights)
        return next(named, self.periods[ANSWER])

    def rule_for(self, right: str, *, extended: bool = False) -> Rule:
        """The rule for the answer to this right, with the extension if there is one."""
        period = self.period_for(right)
        return replace(period.rule, extension_count=period.extension) if extended else period.rule

    def deadline(
        self,
        received_on: date,
        *,
        right: str,
        calendar: Calendar = PLAIN,
        restarts: Mapping[str, date] = MappingProxyType({}),
        pauses: Mapping[str, Iterable[Pause]] = MappingProxyType({}),
        extended: bool = False,
    ) -> Deadline:
        """Count by this law. Restarts and pauses are given by reason; those the law does not know change nothing.

        A restart is the day on which the requested thing came in (trap 2); a pause runs from the day of
        our question to the day of the answer, both disregarded.
        """
        known = received_on >= self.since
        later = {why: on for why, on in restarts.items() if known and why in self.restarts and on > received_on}
        stood = [p for why, some in pauses.items() if known and why in self.pauses for p in some]
        start = opens_on(received_on, *later.values())
        counted = compute(start, self.rule_for(right, extended=extended), calendar=calendar, pauses=stood)
        if start == received_on:
            return counted
        why = min(why for why, on in later.items() if on == start)
        received = replace(counted.steps[0], params={"on": received_on})
        restarted = Step("restart", {"on": start, "reason": why}, self.sources["restarts"])
        return replace(counted, steps=(received, restarted, *counted.steps[1:]))


def parse(file: str) -> Regime:
    """The regime that a file's text describes. Raises PolicyError with every mistake in it."""
    mistakes: list[Mistake] = []
    sources: dict[str, str] = {}
    checked: dict[str, date] = {}
    top = Table(tables_of(file), "", mistakes, sources, checked)
    periods, days = top.sub("periods"), top.sub("calendar")
    regime = Regime(
        key=top.bare("key", text),
        title=top.sourced("title", text),
        since=top.sourced("since", day, date.min),
        restarts=top.sourced("restarts", list_of(one_of(RESTARTS), empty=True)),
        pauses=top.sourced("pauses", list_of(one_of(PAUSES), empty=True)),
        periods=MappingProxyType(_periods(periods)),
        weekend=days.sourced("weekend", weekend),
        holidays=days.sourced("holidays", place, ""),
        closures=days.sourced("closures", list_of(_closure), ()),
        makeup_working_days=days.sourced("makeup_working_days", list_of(day), ()),
        western_zone=top.sourced("western_zone", zone, ""),
        sources=MappingProxyType(sources),
        checked=MappingProxyType(checked),
    )
    periods.close()
    days.close()
    top.close()
    if mistakes:
        raise PolicyError(tuple(mistakes))
    return regime


def _periods(table: Table) -> dict[str, Period]:
    names = list(dict.fromkeys((ANSWER, *table.left)))
    return {name: period for name in names if (period := _period(table.sub(name), name)) is not None}


def _period(table: Table, name: str) -> Period | None:
    before = len(table.mistakes)
    unit, count = table.sourced("unit", one_of(get_args(Unit))), table.sourced("count", whole(1, 366))
    words = {
        key: table.sourced(key, one_of(get_args(kind)), default)
        for key, kind, default in (
            ("day_of_receipt", DayOfReceipt, "excluded"),
            ("roll_over", RollOver, "none"),
            ("missing_month_day", MissingMonthDay, "last_day"),
        )
    }
    extension = table.sourced("extension", whole(0, 366), 0)
    rights: tuple[str, ...] = ()
    if name not in (ANSWER, ACKNOWLEDGEMENT):
        rights = table.sourced("rights", list_of(one_of(RIGHTS)))
    table.close()
    if len(table.mistakes) > before:
        return None
    return Period(Rule(unit, count, cite=table.sources[table.at("count")], **words), extension, rights)


def _closure(raw: object) -> tuple[int, int, int, int]:
    """`12-25/01-15`: from 25 December to 15 January, each year."""
    found = re.fullmatch(r"(\d\d)-(\d\d)/(\d\d)-(\d\d)", raw) if isinstance(raw, str) else None
    if found is None:
        raise ValueError("has to be two days of the year like 12-25/01-15")
    one, two, three, four = map(int, found.groups())
    date(2023, one, two), date(2023, three, four)  # ValueError for a day that no year has; 29 February is refused
    return one, two, three, four
