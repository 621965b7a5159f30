"""Publish a policy file."""

from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from requests_app import clock
from requests_app.operations import policies
from requests_app.operations.refused import Refused
from requests_app.rules.policy import PolicyError


class Command(BaseCommand):
    """`manage.py load_policy FILE --prepared-by NAME --approved-by NAME`; a folder `regimes` beside FILE is read."""

    help = "Publish a policy file in the name of two people. Every mistake is reported; then nothing is loaded."

    def add_arguments(self, parser: CommandParser) -> None:
        """FILE and two accounts."""
        parser.add_argument("file", metavar="FILE", type=Path)
        parser.add_argument("--prepared-by", required=True, metavar="NAME")
        parser.add_argument("--approved-by", required=True, metavar="NAME")

    def handle(self, *args: Any, **options: Any) -> None:
        """One line for each mistake, exit 1 if there is any."""
        try:
            text = options["file"].read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from error
        folder = options["file"].parent / "regimes"
        regimes = policies.regime_texts(folder if folder.is_dir() else None)
        people = [_account(options[role]) for role in ("prepared_by", "approved_by")]
        try:
            version = policies.load(text, prepared_by=people[0], approved_by=people[1], at=clock.now(), regimes=regimes)
        except PolicyError as error:
            for mistake in error.mistakes:
                self.stderr.write(f"{options['file']}: {mistake.place}: {mistake.reason}")
            raise SystemExit(1) from error
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(f"{version} is in force since {version.published_at:%Y-%m-%d %H:%M} UTC.")


def _account(name: str) -> Any:
    found = get_user_model().objects.filter(username=name, is_staff=True, is_active=True).first()
    if found is None:
        raise CommandError(f"There is no active staff account {name!r}. Make it with manage.py bootstrap.")
    return found
