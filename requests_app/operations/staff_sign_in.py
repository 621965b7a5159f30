"""Which account of the team signs in at the organisation's provider, and which roles the provider gives it.

A superuser is never signed in by the provider: whoever keeps the accounts stays able to when it is away, or lies.
"""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction

from requests_app.models import StaffSignIn
from requests_app.models.keys import subject_digests
from requests_app.rules.addresses import normalise

from . import same_person
from .refused import Refused
from .team import ROLES


def admit(
    *, issuer: str, subject: str, email: str, email_verified: bool, groups: Collection[str], at: datetime
) -> User:
    """Return the account that signs in, with the roles that the provider gives it now. Raises Refused.

    The account is the one bound to this subject; else the one with this address, if the provider has verified it; else
    a new one, where the provider gives it a role. With STAFF_OIDC_ROLES the provider's word on roles is the only one.
    """
    digests = subject_digests(issuer, subject)
    roles = {role for value, role in settings.STAFF_OIDC_ROLES if value in groups}
    try:
        with transaction.atomic():
            account = _admitted(digests, email if email_verified else "", roles, at)
    except IntegrityError:  # somebody's first sign-in, made twice at once
        raise Refused("at once") from None
    if settings.STAFF_OIDC_ROLES and not roles:  # after they are taken away
        raise Refused("no role")
    return account


def _admitted(digests: list[str], email: str, roles: set[str], at: datetime) -> User:
    account = _bound(digests) or _by_address(email, digests, at)
    if account is None and email and roles:
        account = _made(email, digests, at)
    if account is None:
        raise Refused("no account")
    if not account.is_active or not account.is_staff or account.is_superuser:
        raise Refused("account")
    if settings.STAFF_OIDC_ROLES:
        _give(account, roles)
    return account


def _bound(digests: list[str]) -> User | None:
    found = StaffSignIn.objects.select_related("account").filter(subject_digest__in=digests).first()
    return User.objects.select_for_update().get(pk=found.account_id) if found else None


def _by_address(email: str, digests: list[str], at: datetime) -> User | None:
    """The one account of the team with this address that signs in by no other subject yet."""
    if not email:
        return None
    accounts = User.objects.select_for_update().filter(email__iexact=email.strip(), is_superuser=False)
    found = list(accounts.order_by("pk"))
    if len(found) > 1 or StaffSignIn.objects.filter(account__in=found).exists():
        raise Refused("address")
    for account in found:
        StaffSignIn.objects.create(account=account, subject_digest=digests[0], first_at=at)
        _write(account, "Signs in at the organisation's provider from now on.")
    return found[0] if found else None


def _made(email: str, digests: list[str], at: datetime) -> User:
    """A new account, one person with whoever has the same address, such as its owner's superuser account."""
    address = normalise(email)
    name = address[:150]
    if User.objects.filter(username=name).exists():
        raise Refused("name")
    account = User(username=name, email=address, is_staff=True)
    account.set_unusable_password()
    account.save()
    StaffSignIn.objects.create(account=account, subject_digest=digests[0], first_at=at)
    _write(account, "Made at the first sign-in at the organisation's provider.")
    others = User.objects.filter(email__iexact=address).exclude(pk=account.pk)
    if others:
        same_person.link([account, *others])
    return account


def _give(account: User, roles: set[str]) -> None:
    """These roles of the desk and no others; groups that are no roles stay."""
    before = set(account.groups.filter(name__in=ROLES).values_list("name", flat=True))
    if before == roles:
        return
    account.groups.remove(*Group.objects.filter(name__in=before - roles))
    account.groups.add(*[Group.objects.get_or_create(name=role)[0] for role in roles - before])
    _write(account, f"Roles by the organisation's provider: {', '.join(sorted(roles)) or 'none'}.")


def _write(account: User, what: str) -> None:
    """In the history of the account, where acts of the superuser stand too."""
    LogEntry.objects.log_actions(account.pk, [account], CHANGE, change_message=what, single_object=True)
