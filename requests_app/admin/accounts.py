"""Accounts of the team, for whoever keeps them: a lost device, and accounts that belong to one person."""

from allauth.account import admin as address_admin
from allauth.account.models import EmailAddress
from allauth.mfa import admin as device_admin
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest

from requests_app.operations import same_person
from requests_app.operations.refused import Refused

# Their pages would show secrets. Imported first, since each of these modules registers its own.
for library, model in ((device_admin, Authenticator), (address_admin, EmailAddress)):
    if library and admin.site.is_registered(model):
        admin.site.unregister(model)
admin.site.unregister(User)


@admin.register(User)
class AccountAdmin(UserAdmin):
    """Django's own, with three actions; each is written to the history of the account."""

    actions = ("reset_second_factor", "link_accounts", "separate_accounts")

    def _written(self, request: HttpRequest, accounts: "QuerySet[User]", what: str) -> None:
        for account in accounts:
            self.log_change(request, account, what)
        self.message_user(request, what, messages.SUCCESS)

    @admin.action(description="Lost device: ask for a new second factor", permissions=["change"])
    def reset_second_factor(self, request: HttpRequest, queryset: "QuerySet[User]") -> None:
        """Remove devices and recovery codes; open sessions end, the next sign-in sets up a new device."""
        Authenticator.objects.filter(user__in=queryset).delete()
        self._written(request, queryset, "Second factor removed; the next sign-in sets up a new one.")

    @admin.action(description="One person: they count as one in four eyes", permissions=["change"])
    def link_accounts(self, request: HttpRequest, queryset: "QuerySet[User]") -> None:
        """For somebody with two accounts."""
        try:
            same_person.link(queryset)
        except Refused as refused:
            self.message_user(request, str(refused), messages.ERROR)
            return
        names = ", ".join(account.get_username() for account in queryset)
        self._written(request, queryset, f"Belong to one person: {names}.")

    @admin.action(description="Different people: undo it", permissions=["change"])
    def separate_accounts(self, request: HttpRequest, queryset: "QuerySet[User]") -> None:
        """Each account is a person of its own again."""
        same_person.separate(queryset)
        self._written(request, queryset, "Each belongs to a person of its own.")
