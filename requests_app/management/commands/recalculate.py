"""Count open requests anew after the holidays changed."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from requests_app import clock
from requests_app.operations import recalculation
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused


class Command(BaseCommand):
    """`manage.py recalculate --dry-run`, then `manage.py recalculate --by NAME`."""

    help = "Count every open request anew with the holidays as they are known now. Look first with --dry-run."

    def add_arguments(self, parser: CommandParser) -> None:
        """--dry-run or --by NAME."""
        how = parser.add_mutually_exclusive_group(required=True)
        how.add_argument("--dry-run", action="store_true", help="print what would change, and change nothing")
        how.add_argument("--by", metavar="NAME", help="the privacy officer in whose name the evidence is written")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line for each request that differs: case number, right, then promised, statutory and cautious date."""
        now, changed = clock.now(), 0
        actor = None if options["dry_run"] else _officer(options["by"])
        # Read whole before the first is written: a cursor does not outlive a transaction on every database.
        for found in list(recalculation.preview(at=now)):
            line = f"{found.dsr.submission.case_label} {found.dsr.right}: {_said(found.before)} -> {_said(found.after)}"
            try:
                if actor is not None:
                    recalculation.recalculate(found.dsr, actor=actor, at=now)
            except Refused as refused:
                self.stderr.write(f"{line}: {refused}")
                continue
            changed += 1
            self.stdout.write(line)
        self.stdout.write(f"{changed} {'would change' if actor is None else 'recalculated'}.")


def _said(dates: recalculation.Dates) -> str:
    return " ".join(day.isoformat() if day else "-" for day in dates)


def _officer(name: str) -> Actor:
    found = get_user_model().objects.filter(username=name, is_staff=True, is_active=True).first()
    if found is None:
        raise CommandError(f"There is no active staff account {name!r}.")
    return Actor.staff(found)
