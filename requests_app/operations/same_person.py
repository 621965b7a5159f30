"""Which accounts of the team belong to one person: together they are one where two people are asked for."""

import uuid
from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import transaction

from requests_app.models import StaffIdentity

from .refused import Refused


def link(accounts: Iterable[User]) -> None:
    """Say that these accounts, and all that are linked to one of them already, belong to one person."""
    pks = {account.pk for account in accounts}
    if len(pks) < 2:
        raise Refused("Choose two accounts or more.")
    with transaction.atomic():
        list(User.objects.select_for_update().filter(pk__in=pks).order_by("pk"))
        known = StaffIdentity.objects.filter(account__in=pks).values_list("person", flat=True)
        pks |= set(StaffIdentity.objects.filter(person__in=list(known)).values_list("account", flat=True))
        person = uuid.uuid4()
        for pk in sorted(pks):
            StaffIdentity.objects.update_or_create(account_id=pk, defaults={"person": person})


def separate(accounts: Iterable[User]) -> None:
    """Say that each of these accounts belongs to a person of its own."""
    StaffIdentity.objects.filter(account__in=[account.pk for account in accounts]).delete()
