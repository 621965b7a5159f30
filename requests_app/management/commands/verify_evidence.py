"""Walk the evidence chains."""

from typing import Any

from django.core.management.base import BaseCommand

from requests_app.operations import evidence


class Command(BaseCommand):
    """`manage.py verify_evidence`."""

    help = "Walk every chain of evidence; exit 1 at the first break."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the first break and exit 1, or say that all is whole."""
        first = next(iter(evidence.verify()), None)
        if first is not None:
            self.stderr.write(first)
            raise SystemExit(1)
        self.stdout.write("Every chain of evidence is whole.")
