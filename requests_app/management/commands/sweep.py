"""Run the sweeps once, by hand or from cron, without a broker."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from requests_app import clock
from requests_app.operations.sweeps import SWEEPS


class Command(BaseCommand):
    """`manage.py sweep [NAME ...]`."""

    help = "Run every sweep once, or the named ones. Safe at any time and any number of times."

    def add_arguments(self, parser: CommandParser) -> None:
        """NAME, none for all."""
        parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(SWEEPS)}")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print how many rows each sweep took."""
        unknown = [name for name in options["names"] if name not in SWEEPS]
        if unknown:
            self.stderr.write(f"No such sweep: {', '.join(unknown)}. There are: {', '.join(SWEEPS)}.")
            raise SystemExit(1)
        for name in options["names"] or SWEEPS:
            self.stdout.write(f"{name}: {SWEEPS[name](clock.now())}")
