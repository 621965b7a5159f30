"""What was sent or is to be printed: the letter as rendered, and how it was served when e-mail failed."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse

from requests_app import clock
from requests_app.models import Notice
from requests_app.operations import desk
from requests_app.operations.access import record_look
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused

from . import letters, words
from .presenting import readable
from .roles import ReadOnlyAdmin, may

# Delivery states in which nobody knows that the person was reached.
UNSERVED = frozenset({Notice.Delivery.FAILED, Notice.Delivery.NONE, Notice.Delivery.AMBIGUOUS})


class ChannelForm(forms.Form):
    """How it was served instead."""

    channel = forms.ChoiceField(
        choices=[
            ("", "Choose"), ("letter by post", "Letter by post"), ("registered letter", "Registered letter"),
            ("phone", "Phone"), ("handed over", "Handed over in person"),
        ],
        label="Channel used",
    )  # fmt: skip


class ServiceFilter(admin.SimpleListFilter):
    """What still has to reach somebody."""

    title = "service"
    parameter_name = "service"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Two queues."""
        return [("not_reached", "Not reached"), ("print", "Letters to print")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of the queue."""
        wanted = letters.QUEUES.get(self.value() or "")
        return queryset.filter(pk__in=wanted().values("pk")) if wanted else queryset


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """Notices to persons, and to other addresses of their cases; what staff were told is theirs."""

    list_display = ("what", "case", "written", "became", "check_code")
    list_display_links = ("what",)
    list_filter = (ServiceFilter,)
    list_select_related = ("submission", "contact")
    ordering = ("-created_at",)
    sortable_by = ()
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """None of staff."""
        return super().get_queryset(request).filter(staff=None, submission__isnull=False)

    @admin.display(description="Case")
    def case(self, notice: Notice) -> str:
        """The case number."""
        return notice.submission.case_label if notice.submission else ""

    @admin.display(description="Notice")
    def what(self, notice: Notice) -> str:
        """What it is."""
        return words.kind(notice)

    @admin.display(description="Written on")
    def written(self, notice: Notice) -> str:
        """When, in the controller's zone."""
        return words.moment(notice.created_at, notice.submission.received_zone) if notice.submission else ""

    @admin.display(description="What became of it")
    def became(self, notice: Notice) -> str:
        """Its delivery, in a sentence."""
        return words.delivery(notice, notice.submission.received_zone) if notice.submission else ""

    def get_urls(self) -> list[Any]:
        """The button first, then Django's own."""
        view = self.admin_site.admin_view(self.serve)
        return [path("<uuid:pk>/serve/", view, name="requests_app_notice_serve"), *letters.urls(), *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The letter as it was rendered, ready to print. Opening it is written to the access log."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            notice = get_object_or_404(self.get_queryset(request), pk=UUID(object_id))
        except ValueError as error:
            raise Http404 from error
        return self._page(request, notice, ChannelForm())

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """A notice is never changed."""
        return self.change_view(request, object_id)

    def serve(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """POST: record the channel by which the person was reached."""
        if not may(request.user, "record_other_channel"):
            raise PermissionDenied
        notice = get_object_or_404(self.get_queryset(request), pk=pk)
        form = ChannelForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            channel = form.cleaned_data["channel"]
            try:
                desk.record_other_channel(notice, channel=channel, actor=Actor.staff(request.user), at=clock.now())
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, f"Recorded: {channel}.")
                return HttpResponseRedirect(reverse("admin:requests_app_notice_change", args=[notice.pk]))
        return self._page(request, notice, form)

    def _page(self, request: HttpRequest, notice: Notice, form: ChannelForm) -> HttpResponse:
        assert notice.submission is not None  # of get_queryset
        record_look(notice.submission, what="notice page", actor=Actor.staff(request.user), at=clock.now())
        # A mail with a code proves control of the address: whoever reads it here would pass for the person.
        secret = notice.check_id is not None
        context = {
            **self.admin_site.each_context(request),
            "title": f"Notice {notice.check_code}",
            "notice": notice,
            "opts": self.opts,
            "secret": secret,
            "subject": "" if secret else readable(lambda: notice.subject),
            "text": "" if secret else readable(lambda: notice.text),
            "form": form,
            "can_print": letters.can_print(request, notice),
            "posted_form": letters.posted_form(notice),
            "can_serve": notice.served_at is None and notice.delivery in UNSERVED
            and may(request.user, "record_other_channel"),
        }  # fmt: skip
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/requests_app/notice/letter.html", context, status=status)
