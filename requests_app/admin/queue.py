"""The queue: what falls due, who holds it, and the next action of each row."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from requests_app import clock
from requests_app.models import DataSubjectRequest, Notice
from requests_app.models.keys import lookup_digests
from requests_app.models.request import RIGHTS
from requests_app.operations import desk, intake, timeline
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from requests_app.rules.lifecycle import OPEN, ActionNotAllowed, State

from . import case, entry
from .presenting import days_left, holder, local_day, next_action, person
from .roles import ROLES, ReadOnlyAdmin, roles_of

_OPEN = Q(state__in=sorted(OPEN))
CARDS = ("overdue", "today", "approve", "person", "not_reached", "set_aside")
CHIPS = ("open", "overdue", "today", "mine", "unassigned", "person", "approve", "not_reached", "ended")
WORDS = {
    "open": "All open",
    "overdue": "Overdue",
    "today": "Due today",
    "approve": "To approve",
    "person": "Waiting for the person",
    "not_reached": "Not reached",
    "set_aside": "Set aside",
    "mine": "Mine",
    "unassigned": "Unassigned",
    "ended": "Ended",
}


def today() -> date:
    """The controller's date, by the policy in force."""
    return local_day(clock.now(), intake.current_policy())


def views(user: Any, day: date) -> dict[str, Q]:
    """What each count and filter means."""
    unserved = Notice.objects.filter(
        submission=OuterRef("submission"), recipient="person", delivery=Notice.Delivery.FAILED, served_at=None
    ).filter(Q(dsr=None) | Q(dsr=OuterRef("pk")))
    unserved = unserved.exclude(failure_code="expired")  # an old code reaches nobody, and need not
    return {
        "open": _OPEN,
        "overdue": _OPEN & Q(due_on__lt=day),
        "today": _OPEN & Q(due_on=day),
        "approve": Q(state=State.AWAITING_APPROVAL) & ~Q(decided_by=user.pk),
        "person": _OPEN & (Q(waiting_since__isnull=False) | Q(state=State.AWAITING_VERIFICATION)),
        "not_reached": Q(Exists(unserved)),
        "set_aside": Q(set_aside_at__isnull=False),
        "mine": _OPEN & Q(assignee=user.pk),
        # What the person has not confirmed yet is not work to hand out.
        "unassigned": _OPEN & Q(assignee=None) & ~Q(state__in=[State.RECEIVED, State.AWAITING_VERIFICATION]),
        "ended": ~_OPEN,
    }


class ViewFilter(admin.SimpleListFilter):
    """One view of the queue; without a choice, everything that is open (a search looks at everything)."""

    title = "view"
    parameter_name = "view"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The views by name."""
        return list(WORDS.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the view."""
        chosen = self.value()
        if chosen is None:
            return queryset if request.GET.get("q") else queryset.filter(_OPEN)
        return queryset.filter(views(request.user, today()).get(chosen, _OPEN))


class RightFilter(admin.SimpleListFilter):
    """By right."""

    title = "right"
    parameter_name = "right"

    def lookups(self, request: HttpRequest, model_admin: Any) -> tuple[tuple[str, str], ...]:
        """The rights by name."""
        return RIGHTS

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the right."""
        return queryset.filter(right=self.value()) if self.value() else queryset


@admin.register(DataSubjectRequest)
class QueueAdmin(ReadOnlyAdmin):
    """The queue, and the way to each case."""

    list_display = ("case", "right_name", "who", "answer_by", "holds", "handler", "next_step")
    list_display_links = ("case",)
    list_filter = (ViewFilter, RightFilter)
    list_select_related = ("submission", "policy", "assignee")
    list_per_page = 25
    show_full_result_count = False
    search_fields = ("submission__case_number",)
    search_help_text = "A case number (with or without the hyphen) or a whole e-mail address."
    ordering = ("due_on", "opened_at")
    sortable_by = ()
    actions = ("assign_to_me",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """The rows, which know who is looking."""
        self.looking = request.user  # the columns below get the row only
        return super().get_queryset(request)

    def get_urls(self) -> list[Any]:
        """The buttons and the entry form first, then Django's own."""
        return [*case.urls(), *entry.urls(), *super().get_urls()]

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
        """Counts as links on top."""
        if not roles_of(request.user) & frozenset(ROLES):
            raise PermissionDenied
        day, meaning = today(), views(request.user, today())
        count = {name: DataSubjectRequest.objects.filter(q).count() for name, q in meaning.items()}
        chosen, right = request.GET.get("view", ""), request.GET.get("right", "")

        def link(**params: str) -> str:
            return "?" + urlencode({k: v for k, v in params.items() if v})

        extra = {
            "title": date_format(day, "l j F Y"),
            "cards": [{"key": k, "n": count[k], "words": WORDS[k], "href": link(view=k)} for k in CARDS],
            "chips": [
                {"words": WORDS[k], "n": count[k], "href": link(view=k, right=right),
                 "here": k == (chosen or ("open" if not request.GET.get("q") else ""))}
                for k in CHIPS
            ],
            "rights": [
                {"words": words, "href": link(view=chosen, right="" if key == right else key), "here": key == right}
                for key, words in RIGHTS
            ],
            "entry_url": reverse("admin:requests_app_datasubjectrequest_enter"),
        }  # fmt: skip
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
    def right_name(self, dsr: DataSubjectRequest) -> str:
        """The right."""
        return dsr.get_right_display()

    @admin.display(description="Person")
    def who(self, dsr: DataSubjectRequest) -> SafeString:
        """Who asks, masked."""
        seen = person(dsr.submission)
        contact = seen["email"] or "no e-mail: letters"
        return format_html('{}<span class="under">{}</span>', seen["name"], contact)

    @admin.display(description="Answer by")
    def answer_by(self, dsr: DataSubjectRequest) -> SafeString:
        """Days left, as text and colour."""
        days = days_left(dsr, local_day(clock.now(), dsr.policy))
        return format_html(
            '<span class="badge {}">{}</span><span class="under">{}</span>',
            days["tone"], days["text"], date_format(dsr.due_on, "D j M Y"),
        )  # fmt: skip

    @admin.display(description="Who holds it")
    def holds(self, dsr: DataSubjectRequest) -> SafeString:
        """Who has to act, and the bar of days in small."""
        bar = timeline.holder_bar(dsr, until=local_day(clock.now(), dsr.policy))
        drawn = render_to_string("requests_app/_bar.html", {"bar": bar, "small": True, "for_staff": True})
        return format_html("{}{}", holder(dsr), SafeString(drawn))

    @admin.display(description="Handler")
    def handler(self, dsr: DataSubjectRequest) -> str:
        """Whose it is."""
        return (dsr.assignee.get_full_name() or dsr.assignee.get_username()) if dsr.assignee else "unassigned"

    @admin.display(description="Next")
    def next_step(self, dsr: DataSubjectRequest) -> SafeString | str:
        """The next action, as a button where this account can take it."""
        words, act = next_action(dsr, self.looking)
        if not act or case.acts.ACTS[act].refusal(dsr, self.looking):
            return words
        return format_html('<a class="act" href="{}">{}</a>', reverse(case.ACT, args=[dsr.pk, act]), words)

    @admin.action(description="Assign to me")
    def assign_to_me(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Row by row, each by the operation, each with its report."""
        actor, now = Actor.staff(request.user), clock.now()
        done = 0
        for pk in request.POST.getlist(helpers.ACTION_CHECKBOX_NAME):
            dsr = queryset.filter(pk=pk).select_related("submission").first()
            if dsr is None:
                continue
            try:
                if why := case.acts.ACTS["assign"].refusal(dsr, request.user):
                    raise Refused(why)
                desk.assign(dsr, assignee=request.user, actor=actor, at=now)
                done += 1
            except (Refused, ActionNotAllowed) as refused:
                self.message_user(request, f"{dsr}: not assigned. {refused}", messages.ERROR)
        if done:
            self.message_user(request, f"{done} assigned to you.", messages.SUCCESS)
