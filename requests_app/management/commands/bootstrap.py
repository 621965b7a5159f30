"""The roles and the first accounts of the privacy desk."""

import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError, CommandParser

from requests_app.operations.team import ROLES


class Command(BaseCommand):
    """`manage.py bootstrap [NAME=ROLE ...] [--superuser NAME] [--no-password]`."""

    help = "Create the roles, and accounts with a password that is printed once. Existing accounts stay as they are."

    def add_arguments(self, parser: CommandParser) -> None:
        """The accounts to make."""
        parser.add_argument("accounts", nargs="*", metavar="NAME=ROLE", help=f"ROLE is one of: {', '.join(ROLES)}")
        parser.add_argument("--superuser", metavar="NAME", help="who manages accounts; no desk role by itself")
        parser.add_argument("--no-password", action="store_true", help="unusable passwords, set later")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check all of it first, then create."""
        pairs = [account.partition("=")[::2] for account in options["accounts"]]
        for name, role in pairs:
            if not name or role not in ROLES:
                raise CommandError(f"{name}={role}: give NAME=ROLE, with a role of: {', '.join(ROLES)}.")
        groups = {role: Group.objects.get_or_create(name=role)[0] for role in ROLES}
        for name, role in pairs:
            self._account(name, options["no_password"], group=groups[role])
        if options["superuser"]:
            self._account(options["superuser"], options["no_password"], superuser=True)
        if not pairs and not options["superuser"]:
            self.stdout.write(f"The roles exist: {', '.join(ROLES)}.")

    def _account(self, name: str, no_password: bool, *, group: Any = None, superuser: bool = False) -> None:
        user, made = get_user_model().objects.get_or_create(
            username=name, defaults={"is_staff": True, "is_superuser": superuser}
        )
        if not made:
            self.stdout.write(f"{name}: exists already, left as it is.")
            return
        if group is not None:
            user.groups.add(group)
        password = None if no_password else secrets.token_urlsafe(15)
        user.set_password(password)
        user.save(update_fields=["password"])
        said = (
            f"password {password} (shown once; the first sign-in asks for a second factor)"
            if password
            else "no password yet"
        )
        self.stdout.write(f"{name} ({group or 'superuser'}): {said}")
