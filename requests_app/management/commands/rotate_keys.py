"""Wrap every data key anew under the first of MASTER_KEYS, so that older master keys can be taken away."""

from typing import Any

from cryptography.fernet import InvalidToken
from django.core.management.base import BaseCommand, CommandError

from requests_app.models import Notice, SubmissionKey
from requests_app.models.keys import master

SEALED = ("subject_sealed", "text_sealed", "html_sealed")


class Command(BaseCommand):
    """`manage.py rotate_keys`; can be repeated and interrupted at will."""

    help = "Put the new key first in MASTER_KEYS, run this, then remove the old one."

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare and set, row by row: a key destroyed meanwhile is not brought back."""
        keys = texts = 0
        try:
            for row in SubmissionKey.objects.iterator():
                fresh = master().rotate(bytes(row.wrapped))
                keys += SubmissionKey.objects.filter(pk=row.pk, wrapped=row.wrapped).update(wrapped=fresh)
            # Notices to staff belong to no submission: the master key seals them itself.
            for notice in Notice.objects.filter(submission=None).iterator():
                sealed = {c: bytes(getattr(notice, c)) for c in SEALED}
                anew = {c: master().rotate(text) if text else text for c, text in sealed.items()}
                texts += Notice.objects.filter(pk=notice.pk, **sealed).update(**anew)
        except InvalidToken as error:
            raise CommandError(
                "A row is wrapped by a key that is not in MASTER_KEYS. Add that key at the end of the list, then repeat."  # noqa: E501
            ) from error
        self.stdout.write(f"{keys} data keys and {texts} notices to staff are under the first master key now.")
