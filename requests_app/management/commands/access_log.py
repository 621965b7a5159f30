"""Show who looked at what, when and for which purpose: for the supervision of an account, or of a case."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from django.core.management.base import BaseCommand, CommandError

from requests_app.clock import now
from requests_app.models import AccessLog
from requests_app.models.keys import KeyDestroyed


class Command(BaseCommand):
    """One line a look, the oldest first."""

    help = "Show the looks of one account or at one case, with their purposes opened."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Of whom, of what, since when."""
        parser.add_argument("--account", help="the name of an account of the team")
        parser.add_argument("--case", help="a case number, such as 1A2B-3C4D")
        parser.add_argument("--days", type=int, default=30)

    def handle(self, *args: Any, **options: Any) -> None:
        """Read only."""
        if not options["account"] and not options["case"]:
            raise CommandError("Name an account with --account, or a case with --case.")
        looks = AccessLog.objects.filter(at__gt=now() - timedelta(days=options["days"]))
        if options["account"]:
            looks = looks.filter(staff__username=options["account"])
        if options["case"]:
            looks = looks.filter(submission__case_number=options["case"].replace("-", "").upper())
        for look in looks.select_related("staff", "submission").order_by("at", "pk"):
            what = f"{look.submission.case_label}  {look.what}"
            self.stdout.write(f"{look.at:%Y-%m-%d %H:%M}  {look.staff.username}  {what}  {_purpose(look)}".rstrip())


def _purpose(look: AccessLog) -> str:
    try:
        return look.purpose
    except (KeyDestroyed, InvalidTag):
        return "(destroyed)"
