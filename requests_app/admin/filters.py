"""What each count and each filter of the queue means, once for both."""

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_date

from requests_app import clock
from requests_app.models import Authority, DataSubjectRequest, ManualVerification, Notice, ReceiptCorrection, Submission
from requests_app.models.request import RIGHTS
from requests_app.operations import delivery, intake
from requests_app.operations.workload import IS_OPEN, WAITS_FOR_PERSON, WEEK
from requests_app.rules.lifecycle import ENDED, State

from .presenting import local_day

NOBODY = "nobody"  # instead of a handler, in an address and in words
WORDS = {
    "open": "All open",
    "overdue": "Overdue",
    "today": "Due today",
    "week": "Due in 7 days",
    "approve": "To approve",
    "mine": "Mine",
    "unassigned": "Unassigned",
    "person": "Waiting for the person",
    "not_reached": "Not reached",
    "set_aside": "Set aside",
    "behalf": "Asked for others",
    "children": "Accounts of children",
    "erasing": "Being erased",
    "ended": "Ended",
}
EMPTY = {
    "open": "Nothing is open. Every request has its answer.",
    "overdue": "Nothing is overdue.",
    "today": "Nothing falls due today.",
    "week": "Nothing falls due in the coming seven days.",
    "approve": "Nothing waits for your approval.",
    "mine": "Nothing open is assigned to you.",
    "unassigned": "Every request that can be worked on has a handler.",
    "person": "No request waits for the person.",
    "not_reached": "Every notice has reached its person, or is on its way.",
    "set_aside": "The clock works on every request.",
    "behalf": "Nobody asks for somebody else.",
    "children": "No account of a child under 14 is reported.",
    "erasing": "No deletion is being carried out.",
    "ended": "No request has ended yet.",
}


def today() -> date:
    """The controller's date, by the policy in force."""
    return local_day(clock.now(), intake.current_policy())


def day_of(text: str) -> date | None:
    """The day that an address names, or none."""
    try:
        return parse_date(text)
    except ValueError:
        return None


def unserved(**which: Any) -> QuerySet[Notice]:
    """Notices that e-mail could not announce to the person, or bring to a contact, and no other channel served yet."""
    return delivery.not_reached().filter(**which)


def views(user: Any, day: date) -> dict[str, Q]:
    """The rows of each view."""
    missed = unserved(submission=OuterRef("submission")).filter(Q(dsr=None) | Q(dsr=OuterRef("pk")))
    proposals = [
        model._default_manager.filter(submission=OuterRef("submission"), approved_at=None, withdrawn_at=None)
        for model in (ReceiptCorrection, ManualVerification)
    ]
    correction, by_hand = (Exists(rows.exclude(proposed_by=user.pk)) for rows in proposals)
    looked_at = Authority.objects.filter(submission=OuterRef("submission"), accepted_at=None)
    authority = Exists(looked_at.exclude(proposed_at=None).exclude(proposed_by=user.pk))
    return {
        "open": IS_OPEN,
        "overdue": IS_OPEN & Q(due_on__lt=day),
        "today": IS_OPEN & Q(due_on=day),
        "week": IS_OPEN & Q(due_on__range=(day, day + WEEK)),
        "approve": (Q(state=State.AWAITING_APPROVAL) & ~Q(decided_by=user.pk))
        | (IS_OPEN & (correction | by_hand | authority)),
        "mine": IS_OPEN & Q(assignee=user.pk),
        # What the person has not confirmed yet is not work to hand out.
        "unassigned": IS_OPEN & Q(assignee=None) & ~Q(state__in=[State.RECEIVED, State.AWAITING_VERIFICATION]),
        "person": WAITS_FOR_PERSON,
        "not_reached": Q(Exists(missed)),
        "set_aside": Q(set_aside_at__isnull=False),
        "behalf": IS_OPEN & Q(submission__authority__kind__in=("agent", "guardian")),
        "children": IS_OPEN & Q(submission__authority__kind="report"),
        "erasing": Q(state=State.EXECUTING),
        "ended": Q(state__in=sorted(ENDED)),
    }


def counts(user: Any, day: date) -> dict[str, int]:
    """How many rows each view has, in one question to the database."""
    return DataSubjectRequest.objects.aggregate(
        **{name: Count("pk", filter=meaning) for name, meaning in views(user, day).items()}
    )


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
            return queryset if request.GET.get("q") else queryset.filter(IS_OPEN)
        return queryset.filter(views(request.user, today()).get(chosen, IS_OPEN))


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


class DueFilter(admin.SimpleListFilter):
    """What falls due on one day: where a bar of the chart leads."""

    title = "due date"
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The day that was asked for; a filter without any lookup would be dropped."""
        return [(request.GET.get("due", ""), "due date")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the day; a day that is none has no rows."""
        if not self.value():
            return queryset
        day = day_of(str(self.value()))
        return queryset.filter(due_on=day) if day else queryset.none()


class HandlerFilter(admin.SimpleListFilter):
    """What one handler has, or nobody: where a number of the calendar leads."""

    title = "handler"
    parameter_name = "handler"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The account that was asked for; a filter without any lookup would be dropped."""
        return [(request.GET.get("handler", ""), "handler")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the handler; what is no account has no rows."""
        chosen = self.value()
        if not chosen:
            return queryset
        if chosen == NOBODY:
            return queryset.filter(assignee=None)
        return queryset.filter(assignee=int(chosen)) if chosen.isdecimal() else queryset.none()


class AgentFilter(admin.SimpleListFilter):
    """What one agent filed for others: where the page of an authority leads. Other people's requests are not in it."""

    title = "agent"
    parameter_name = "agent"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The case that was asked for; a filter without any lookup would be dropped."""
        return [(request.GET.get("agent", ""), "agent")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of whoever filed this case; what is no case has no rows."""
        if not self.value():
            return queryset
        try:
            case = UUID(str(self.value()))
        except ValueError:
            return queryset.none()
        digests = Submission.objects.filter(pk=case).exclude(email_digest="").values("email_digest")
        return queryset.filter(submission__authority__isnull=False, submission__email_digest__in=digests)
