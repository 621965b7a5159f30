"""Who may do what at the desk, asked by its pages. What a role includes stands in operations.team, once."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from requests_app.operations import team


def roles_of(user: Any) -> frozenset[str]:
    """The desk roles of whoever is signed in. Read once per page: `request.user` is a new object for each."""
    if not hasattr(user, "_desk_roles"):
        user._desk_roles = team.roles_of(user)
    return user._desk_roles  # type: ignore[no-any-return]


def may(user: Any, verb: str) -> bool:
    """Whether one of the roles includes it."""
    return bool(roles_of(user) & team.MAY[verb])


def staff_of_desk() -> Any:
    """Accounts that a request can be assigned to."""
    return team.holders(*team.DESK).order_by("username")


class ReadOnlyAdmin(admin.ModelAdmin):
    """Shown to whoever has a role; nothing is added, changed or deleted in place."""

    show_facets = admin.ShowFacets.NEVER

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the app shows in the index."""
        return may(request.user, "look")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever has a role."""
        return may(request.user, "look")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Django looks the row up first, and so tells anybody of the staff whether it exists."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)
