"""Who may do what at the desk. Roles are groups; being superuser gives none of them."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.http import HttpRequest

HANDLER, APPROVER, OFFICER = "handler", "approver", "privacy officer"
ROLES = (HANDLER, APPROVER, OFFICER)

ANYONE = frozenset(ROLES)
APPROVERS = frozenset({APPROVER, OFFICER})
OFFICERS = frozenset({OFFICER})


def roles_of(user: Any) -> frozenset[str]:
    """The desk roles of an active staff account, none for anybody else. Read once per user object."""
    if not (user.is_active and user.is_staff):
        return frozenset()
    if not hasattr(user, "_desk_roles"):
        user._desk_roles = frozenset(user.groups.values_list("name", flat=True)) & ANYONE
    return user._desk_roles  # type: ignore[no-any-return]


def staff_of_desk() -> Any:
    """Accounts that a request can be assigned to."""
    return (
        get_user_model()
        .objects.filter(is_active=True, is_staff=True, groups__name__in=ROLES)
        .distinct()
        .order_by("username")
    )


class ReadOnlyAdmin(admin.ModelAdmin):
    """Shown to whoever has a role; nothing is added, changed or deleted in place."""

    show_facets = admin.ShowFacets.NEVER

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the app shows in the index."""
        return bool(roles_of(request.user))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever has a role."""
        return bool(roles_of(request.user))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False
