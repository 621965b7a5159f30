"""Put missing append-only triggers back."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from requests_app.operations import triggers


class Command(BaseCommand):
    """`manage.py install_triggers`; any number of times."""

    help = "Install the triggers that keep evidence and receipts from being changed. Removes nothing."
    requires_system_checks = ()  # the check that sends people here would else refuse to let them in

    def handle(self, *args: Any, **options: Any) -> None:
        """Print which were missing."""
        gone = triggers.missing(connection)
        triggers.install(connection)
        self.stdout.write("\n".join(f"installed: {name}" for name in gone) or "Nothing was missing.")
