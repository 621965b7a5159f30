"""The watch from outside: for cron, each minute."""

import fcntl
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from requests_app import clock
from requests_app.operations import watchdog


class Command(BaseCommand):
    """`manage.py watchdog`."""

    help = (
        "Mail the privacy officers and WATCHDOG_EMAIL when enforcement has been silent for five minutes, "
        "at most once an hour, and when it is back. Exit status 1 while it is silent."
    )
    requires_system_checks = ()  # some ask the database, and it may be what is away

    def handle(self, *args: Any, **options: Any) -> None:
        """Look once. Two at a time would tell twice: the second leaves at once."""
        folder = Path(settings.VAR_DIR)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "watchdog.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            try:
                verdict = watchdog.watch(clock.now(), folder / "watchdog.json")
            except OSError as error:
                raise CommandError(f"Enforcement is silent or just back, and nobody could be told: {error}") from error
        if verdict.silent:
            raise CommandError(f"Silent since {verdict.silent_since:%Y-%m-%d %H:%M} UTC: {', '.join(verdict.silent)}")
