"""Check the response clock against a file of dated examples (schema deadline-vectors/1)."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from requests_app.rules import response_deadline as clock


class Command(BaseCommand):
    """`manage.py deadline_vectors FILE`: a line per mismatch, exit status 1 if there is any."""

    help = "Check the response clock against a JSON file of examples; one line per mismatch, exit 1 if any."
    requires_system_checks = []  # needs no database

    def add_arguments(self, parser: CommandParser) -> None:
        """FILE, the examples."""
        parser.add_argument("file", metavar="FILE", type=Path, help="JSON file, schema deadline-vectors/1")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print every mismatch; CommandError if the file cannot be read at all."""
        try:
            vectors = json.loads(options["file"].read_text(encoding="utf-8"))["vectors"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CommandError(f"{options['file']}: not a file of deadline vectors: {error}") from error
        if not isinstance(vectors, list):
            raise CommandError(f"{options['file']}: 'vectors' is not a list")
        lines = [line for number, vector in enumerate(vectors, 1) for line in mismatches(vector, number)]
        for line in lines:
            self.stdout.write(line)
        if lines:
            raise SystemExit(1)


def mismatches(vector: Any, number: int = 0) -> Iterator[str]:
    """One line for each expectation that this example does not meet, or for why it cannot be read."""
    name = str(vector.get("id", f"#{number}")) if isinstance(vector, dict) else f"#{number}"
    try:
        for field, expected, got in _differences(vector):
            yield f"{name}: {field} expected {expected}, got {got}"
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError) as error:
        yield f"{name}: unreadable, {type(error).__name__}: {' '.join(str(error).split())}"


def _differences(vector: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    day, tz = date.fromisoformat(vector["received_on"]), vector.get("tz")
    if instant := vector.get("received_instant_utc"):
        derived = clock.received_on(_utc(instant), tz or "UTC")
        if derived != day:
            yield "received_on", day.isoformat(), derived.isoformat()
        day = derived
    deadline = clock.compute(
        day,
        clock.Rule(**vector["rule"]),
        calendar=_calendar(vector.get("calendar") or {}),
        pauses=[clock.Pause(*span) for span in _spans(vector.get("pauses"))],
    )
    expected = vector["expected"]
    due_on = date.fromisoformat(expected["due_on"])
    if "raw_end" in expected and date.fromisoformat(expected["raw_end"]) != deadline.raw_end:
        yield "raw_end", expected["raw_end"], deadline.raw_end.isoformat()
    if due_on != deadline.due_on:
        yield "due_on", due_on.isoformat(), deadline.due_on.isoformat()
    if second := expected.get("due_last_second_utc"):
        got = clock.last_second(deadline.due_on, tz or "UTC")
        if _utc(second) != got:
            yield "due_last_second_utc", second, got.strftime("%Y-%m-%dT%H:%M:%SZ")


def _utc(text: str) -> datetime:
    """An instant of a field that ends in `_utc`: UTC, whether it says so or not."""
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _calendar(data: dict[str, Any]) -> clock.Calendar:
    return clock.Calendar(
        weekend=frozenset(data.get("weekend_iso", (6, 7))),
        holidays=frozenset(map(date.fromisoformat, data.get("holidays", ()))),
        holiday_ranges=tuple(_spans(data.get("holiday_ranges"))),
        makeup_working_days=frozenset(map(date.fromisoformat, data.get("makeup_working_days", ()))),
    )


def _spans(items: list[dict[str, str]] | None) -> list[tuple[date, date]]:
    return [(date.fromisoformat(item["from"]), date.fromisoformat(item["to"])) for item in items or ()]
