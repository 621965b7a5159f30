"""The published policy versions, to read. They are loaded by two people with `manage.py load_policy`."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from requests_app.models import PolicyVersion
from requests_app.operations.policies import regimes_of

from .roles import ReadOnlyAdmin


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    """Immutable once published."""

    list_display = ("key", "version", "published_at", "prepared_by", "approved_by")
    fields = ("key", "version", "published_at", "prepared_by", "approved_by", "sha256", "laws", "text")
    sortable_by = ()

    @admin.display(description="Laws frozen with it")
    def laws(self, version: PolicyVersion) -> str:
        """Which laws bind, and since when nobody has held their file against the source."""
        found = regimes_of(version).values()
        return "; ".join(f"{law.title}, last checked on {law.checked_on}" for law in found) or "none"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Everything."""
        return self.fields
