"""The queue: what falls due, who holds it, and the next action of each row."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from requests_app import clock
from requests_app.models import DataSubjectRequest
from requests_app.models.keys import lookup_digests
from requests_app.operations import desk
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from requests_app.rules.lifecycle import ActionNotAllowed

from . import (
    attachments,
    authority,
    by_hand,
    case,
    changes,
    complaints,
    entry,
    erasure,
    holds,
    limits,
    planner,
    proof,
    recalculation,
    receipt,
    record,
    reports,
    review,
    set_aside,
    several_people,
    simulator,
    source_acts,
    step_acts,
    step_files,
)
from .board import board
from .filters import AgentFilter, DueFilter, HandlerFilter, RightFilter, ViewFilter, day_of, today
from .roles import ReadOnlyAdmin, may, staff_of_desk
from .rows import Page
from .words import named


class BulkForm(helpers.ActionForm):
    """What to do with the ticked rows, and for whom."""

    handler = forms.ModelChoiceField(staff_of_desk(), required=False, empty_label="me", label="Handler")


@admin.register(DataSubjectRequest)
class QueueAdmin(ReadOnlyAdmin):
    """The queue, and the way to each case."""

    list_display = ("case", "right_name", "who", "answer_by", "holds", "handler", "next_step")
    list_display_links = ("case",)
    list_filter = (ViewFilter, RightFilter, DueFilter, HandlerFilter, AgentFilter)
    list_select_related = ("submission", "policy", "assignee")
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    search_fields = ("submission__case_number",)
    ordering = ("due_on", "opened_at")
    sortable_by = ()
    actions = ("assign",)
    action_form = BulkForm
    actions_on_top, actions_on_bottom = False, True

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Page]:
        """A page whose rows are prepared together."""
        return Page

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows, which know who is looking."""
        self.looking = request.user  # the columns below get the row only
        return super().get_queryset(request)

    def get_urls(self) -> list[Any]:
        """The buttons and the entry form first, then Django's own."""
        own = (
            case,
            changes,
            complaints,
            entry,
            erasure,
            holds,
            limits,
            set_aside,
            several_people,
            planner,
            simulator,
            receipt,
            by_hand,
            authority,
            recalculation,
            attachments,
            proof,
            record,
            reports,
            review,
            source_acts,
            step_acts,
            step_files,
        )
        return [*(url for module in own for url in module.urls()), *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Exact only: a case number, or an address by its keyed digests. Nothing is decrypted to search."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if "@" in term:
            return queryset.filter(submission__email_digest__in=lookup_digests(term)), False
        number = "".join(c for c in term if c.isalnum()).upper()
        return queryset.filter(submission__case_number=number), False

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponseBase:
        """Counts and charts on top."""
        if not may(request.user, "look"):
            raise PermissionDenied
        asked = request.GET
        above = board(
            request.user, clock.now(),
            view=asked.get("view", ""), right=asked.get("right", ""), searching=bool(asked.get("q")),
        )  # fmt: skip
        extra = {
            **above,
            "title": date_format(today(), "l j F Y"),
            "due_on": day_of(asked.get("due", "")),
            "one_agent": bool(asked.get("agent")),
            "handled_by": planner.whose(asked.get("handler", "")),
            "entry_url": reverse("admin:requests_app_datasubjectrequest_enter"),
        }
        return super().changelist_view(request, extra_context={**extra, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The case page takes the place of Django's form."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return case.page(request, object_id)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """The timeline on the case page is the history."""
        return self.change_view(request, object_id)

    @admin.display(description="Case")
    def case(self, dsr: DataSubjectRequest) -> str:
        """The case number."""
        return dsr.submission.case_label

    @admin.display(description="Right")
    def right_name(self, dsr: DataSubjectRequest) -> SafeString | str:
        """The right, and whether it was marked."""
        if not dsr.sensitive_since:
            return dsr.get_right_display()
        marked = '{}<span class="under"><span class="badge soon">{}</span></span>'
        return format_html(marked, dsr.get_right_display(), "sensitive data")

    @admin.display(description="Person")
    def who(self, dsr: Any) -> SafeString:
        """Who asks, masked."""
        lines = [dsr.row.person["email"] or "no e-mail: letters"]
        if dsr.row.behalf:
            lines.append(f"asks for somebody else: {dsr.row.behalf}")
        under = format_html_join("", '<span class="under">{}</span>', ((line,) for line in lines))
        missed = format_html('<span class="badge late">{}</span>', "not reached") if dsr.row.unserved else ""
        return format_html("{}{}{}", dsr.row.person["name"], under, missed)

    @admin.display(description="Answer by")
    def answer_by(self, dsr: Any) -> SafeString:
        """Days left, as text and colour."""
        days = dsr.row.days
        return format_html(
            '<span class="badge {}">{}</span><span class="under">{} {}</span>',
            days["tone"], days["text"], days["about"], date_format(dsr.due_on, "D j M Y"),
        )  # fmt: skip

    @admin.display(description="Who holds it")
    def holds(self, dsr: Any) -> SafeString:
        """Who has to act, and the bar of days in small."""
        drawn = render_to_string("requests_app/_bar.html", {"bar": dsr.row.bar, "small": True, "for_staff": True})
        return format_html("{}{}", dsr.row.holder, SafeString(drawn))

    @admin.display(description="Handler")
    def handler(self, dsr: DataSubjectRequest) -> str:
        """Whose it is."""
        return named(dsr.assignee) or "unassigned"

    @admin.display(description="Next")
    def next_step(self, dsr: Any) -> SafeString | str:
        """The next action, as a button where this account can take it."""
        words, act = dsr.row.next_words, dsr.row.next_act
        if act == "case":
            return _button(reverse(case.CASE, args=[dsr.pk]), words, dsr)
        if not act or case.acts.ACTS[act].refusal(dsr, self.looking):
            return words
        return _button(reverse(case.ACT, args=[dsr.pk, act]), words, dsr)

    @admin.action(description="Assign the ticked requests to")
    def assign(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Row by row, each by the operation, each with its report."""
        actor, now = Actor.staff(request.user), clock.now()
        chosen = request.POST.get("handler")  # Django has checked the form: a handler of the list, or nobody
        handler = staff_of_desk().get(pk=chosen) if chosen else request.user
        done = []
        for dsr in queryset.select_related("submission").order_by("due_on", "opened_at"):
            try:
                if why := case.acts.ACTS["assign"].refusal(dsr, request.user):
                    raise Refused(why)
                desk.assign(dsr, assignee=handler, actor=actor, at=now)
                done.append(f"{dsr.submission.case_label} {dsr.get_right_display()}")
            except (Refused, ActionNotAllowed) as refused:
                label = f"{dsr.submission.case_label} {dsr.get_right_display()}"
                self.message_user(request, f"{label}: not assigned. {refused}", messages.ERROR)
        if done:
            name = "you" if handler == request.user else named(handler)
            self.message_user(request, f"{len(done)} assigned to {name}: {', '.join(done)}.", messages.SUCCESS)


def _button(href: str, words: str, dsr: DataSubjectRequest) -> SafeString:
    label = dsr.submission.case_label
    return format_html('<a class="act" href="{}">{}<span class="visually-hidden"> {}</span></a>', href, words, label)
