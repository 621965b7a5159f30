"""The published policy versions, to read. They are loaded by two people with `manage.py load_policy`."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from requests_app.models import PolicyVersion

from .roles import ReadOnlyAdmin


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    """Immutable once published."""

    list_display = ("key", "version", "published_at", "prepared_by", "approved_by")
    fields = ("key", "version", "published_at", "prepared_by", "approved_by", "sha256", "text")
    sortable_by = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Everything."""
        return self.fields
