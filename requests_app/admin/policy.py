"""The published policy versions, to read. They are loaded by two people with `manage.py load_policy`."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from requests_app.models import PolicyVersion
from requests_app.operations.policies import regimes_of

from .roles import ReadOnlyAdmin, may
from .words import named


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ReadOnlyAdmin):
    """Immutable once published."""

    list_display = ("key", "version", "published", "prepared", "approved")
    list_select_related = ("prepared_by", "approved_by")
    fields = ("key", "version", "published", "prepared", "approved", "sha256", "laws", "as_filed")
    ordering = ("-published_at",)
    sortable_by = ()

    @admin.display(description="Laws frozen with it")
    def laws(self, version: PolicyVersion) -> str:
        """Which laws bind, and since when nobody has held their file against the source."""
        found = regimes_of(version).values()
        return "; ".join(f"{law.title}, last checked on {law.checked_on}" for law in found) or "none"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Everything."""
        return self.fields

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With the way to what newer holidays would change, for whoever may change it."""
        extra = {"recalculates": may(request.user, "recalculate"), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, extra)

    @admin.display(description="Published on")
    def published(self, version: PolicyVersion) -> str:
        """The day and time, in UTC."""
        return date_format(version.published_at, "l j F Y, H:i") + " UTC"

    @admin.display(description="Prepared by")
    def prepared(self, version: PolicyVersion) -> str:
        """The first person."""
        return named(version.prepared_by)

    @admin.display(description="Approved by")
    def approved(self, version: PolicyVersion) -> str:
        """The second person."""
        return named(version.approved_by)

    @admin.display(description="Text as it was published")
    def as_filed(self, version: PolicyVersion) -> SafeString:
        """The file, line by line."""
        return format_html('<pre class="policy" tabindex="0">{}</pre>', version.text)
