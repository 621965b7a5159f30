"""Publish a policy file, or say first which open requests would have other dates under it."""

from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from requests_app import clock
from requests_app.models import DataSubjectRequest
from requests_app.operations import policies
from requests_app.operations.refused import Refused
from requests_app.operations.what_if import Difference, differing
from requests_app.rules.lifecycle import OPEN
from requests_app.rules.policy import PolicyError


class Command(BaseCommand):
    """`manage.py load_policy FILE --prepared-by NAME --approved-by NAME`; a folder `regimes` beside FILE is read."""

    help = "Publish a policy file in the name of two people. Every mistake is reported; then nothing is loaded."

    def add_arguments(self, parser: CommandParser) -> None:
        """FILE and two accounts, or FILE and --preview."""
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--prepared-by", metavar="NAME")
        parser.add_argument("--approved-by", metavar="NAME")
        parser.add_argument(
            "--preview", action="store_true", help="list the open requests whose dates would differ; load nothing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """One line for each mistake, exit 1 if there is any."""
        try:
            text = options["file"].read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from error
        folder = options["file"].parent / "regimes"
        regimes = policies.regime_texts(folder if folder.is_dir() else None)
        try:
            if options["preview"]:
                self._preview(text, regimes)
            else:
                self._publish(text, regimes, options)
        except PolicyError as error:
            for mistake in error.mistakes:
                self.stderr.write(f"{options['file']}: {mistake.place}: {mistake.reason}")
            raise SystemExit(1) from error

    def _publish(self, text: str, regimes: dict[str, str], options: dict[str, Any]) -> None:
        people = [_account(options[role]) for role in ("prepared_by", "approved_by")]
        try:
            version = policies.load(text, prepared_by=people[0], approved_by=people[1], at=clock.now(), regimes=regimes)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"{version} is in force since {version.published_at:%Y-%m-%d %H:%M} UTC.")

    def _preview(self, text: str, regimes: dict[str, str]) -> None:
        """A line for each request that would differ. Nothing is written: each keeps the version of its receipt."""
        number = 0
        for found in differing(text, regimes=regimes):
            self.stdout.write(_line(found))
            number += 1
        total = DataSubjectRequest.objects.filter(state__in=sorted(OPEN)).count()
        self.stdout.write(
            f"{number} of {total} open requests would have other dates. They keep the version of their receipt;"
            " nothing was loaded."
        )


def _line(found: Difference) -> str:
    dsr = found.dsr
    words = f"{dsr.submission.case_label}  {dsr.right}  now {dsr.due_on}, then {found.due_on}"
    if found.statutory_on == dsr.statutory_on:
        return words
    return f"{words}; by law now {dsr.statutory_on or 'none'}, then {found.statutory_on or 'none'}"


def _account(name: str | None) -> Any:
    if not name:
        raise CommandError("Publication takes two people: give --prepared-by and --approved-by.")
    found = get_user_model().objects.filter(username=name, is_staff=True, is_active=True).first()
    if found is None:
        raise CommandError(f"There is no active staff account {name!r}. Make it with manage.py bootstrap.")
    return found
