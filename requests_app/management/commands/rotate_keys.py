"""Wrap every data key anew under the first of MASTER_KEYS, so that older master keys can be taken away."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from requests_app.operations import rotation


class Command(BaseCommand):
    """`manage.py rotate_keys`; can be repeated and interrupted at will."""

    help = "Put the new key first in MASTER_KEYS, run this, then remove the old one."

    def handle(self, *args: Any, **options: Any) -> None:
        """Say what was wrapped anew; exit 1 if something is under a key that is not there."""
        done = rotation.rotate()
        self.stdout.write(
            f"{done.keys} data keys, {done.notices} notices to staff "
            f"and {done.devices} second factors were wrapped anew."
        )
        if done.unopened:
            raise CommandError(
                f"{done.unopened} rows are under a key that is not in MASTER_KEYS, and cannot be read. "
                "Add the old key at the end of the list, then repeat."
            )
        self.stdout.write("All of it is under the first master key now.")
