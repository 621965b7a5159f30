"""Accounts of the team that belong to one person."""

import uuid
from typing import Any

from django.conf import settings
from django.db import models


class StaffIdentity(models.Model):
    """Accounts with the same `person` count as one where two people are asked for; an account without a row, alone."""

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="staff_identity"
    )
    person = models.UUIDField(default=uuid.uuid4, db_index=True)

    class Meta:
        verbose_name_plural = "staff identities"

    def __str__(self) -> str:
        return f"account {self.account_id}"


def same_person(one: Any, other: Any) -> bool:
    """Return whether two accounts are one account, or belong to one person."""
    if one == other:
        return True
    persons = StaffIdentity.objects.filter(account__in=(one, other)).values_list("person", flat=True)
    return len(persons) == 2 and persons[0] == persons[1]
