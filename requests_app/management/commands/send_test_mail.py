"""See whether mail goes out."""

from typing import Any

from django.conf import settings
from django.core.mail import send_mail
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """`manage.py send_test_mail ADDRESS`."""

    help = "Send one test message to ADDRESS with the settings in force."

    def add_arguments(self, parser: CommandParser) -> None:
        """ADDRESS, where to."""
        parser.add_argument("address", metavar="ADDRESS")

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what the mail server said."""
        try:
            send_mail(
                f"Test from {settings.ORGANISATION_NAME}",
                f"This message was sent by hand from {settings.PUBLIC_URL} to see whether mail goes out.\n",
                settings.DEFAULT_FROM_EMAIL,
                [options["address"]],
            )
        except OSError as error:  # every smtplib exception is one
            raise CommandError(f"The mail server did not take it: {error}") from error
        self.stdout.write("The mail server took the message. Look whether it arrives.")
