"""manage.py import_consents FILE.csv: what people agreed to, refused or took back before, into the consent ledger."""

import csv
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from requests_app import clock
from requests_app.operations import consent_import
from requests_app.operations.actors import Actor
from requests_app.operations.consents import How

SHOWN = 20  # mistakes; a file with more is wrong as a whole


class Command(BaseCommand):
    """All lines or none; the same file again changes nothing."""

    help = "Import a CSV file with the columns " + ",".join(consent_import.COLUMNS) + " into the consent ledger."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file."""
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        """Read, check, write."""
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                rows = list(csv.DictReader(lines, restkey="", restval=None))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise CommandError(f"{file.name} cannot be read as CSV in UTF-8 ({type(error).__name__}).") from None
        try:
            new = consent_import.take(rows, how=How.IMPORT, actor=Actor.system(), at=clock.now())
        except consent_import.Unfit as unfit:
            told = [f"line {wrong.row + 1}: {wrong.reason}" for wrong in unfit.wrong[:SHOWN]]
            raise CommandError("\n".join([f"{unfit}, so none was written.", *told])) from None
        self.stdout.write(f"{new} of {len(rows)} were new.")
