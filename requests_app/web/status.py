"""The status page and what can be done from it: cancel, open again, undo, write, the date for a calendar."""

from datetime import UTC, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from requests_app.clock import now
from requests_app.connectors import openid
from requests_app.models import DataSubjectRequest, SignIn, Submission
from requests_app.models.contact_change import unvouched
from requests_app.operations import identity, incomplete, on_file, person
from requests_app.operations.authorities import person_confirms
from requests_app.operations.circumstances import asked_of
from requests_app.operations.refused import Refused
from requests_app.operations.scanning import ScannerIsAway
from requests_app.rules.identity import CONTACT, CONTACT_ON_FILE
from requests_app.rules.lifecycle import OPEN, ActionNotAllowed, State
from requests_app.templatetags.days import day

from . import behalf, cards, visitor
from .forms import ReplyForm, mistake

RETRY_AFTER = "300"  # seconds


@never_cache
@require_http_methods(["GET", "HEAD"])
def status(request: HttpRequest) -> HttpResponse:
    """Everything about one submission; who has none in this session finds it by address and code."""
    submission = visitor.submission(request)
    if submission is not None:
        return show(request, submission)
    if request.session.get("filed"):
        messages.info(request, _("Your address was confirmed in another browser. To go on here, ask for a code."))
    return redirect("find")


def show(
    request: HttpRequest,
    submission: Submission,
    *,
    reply: dict[UUID, dict[str, str]] | None = None,
    http_status: int = 200,
    **mistakes: Any,
) -> HttpResponse:
    """Render the page with what came back: code_error, address_error and address_value; `reply` by request."""
    if not visitor.may_act(request, submission):
        return behalf.closed(request, submission)
    at = now()
    requests = submission.requests.select_related("submission__authority", "policy", "package")
    reads, side = visitor.reads_answer(request, submission), visitor.side(request, submission)
    own = [cards.card(dsr, at=at) | (reply or {}).get(dsr.pk, {}) for dsr in requests.order_by("right")]
    own = [card if reads else cards.without_answer(card) for card in own]
    if side != visitor.Side.SELF:
        own = [card | {"can_complain": False} for card in own]
    if side == visitor.Side.PERSON and not visitor.goes_on_alone(request, submission):
        own = [card | cards.NOT_THE_REQUESTERS for card in own]
    if side == visitor.Side.AGENT and person_confirms(submission, at=at):
        own = [card | {"erase_asked": False} for card in own]
    own.sort(
        key=lambda card: (card["package"] is None, card["ended"])
    )  # what waits for the person, what goes on, the rest
    verified = submission.assurance > 0
    waits_for_code = any(c["dsr"].state == "awaiting_verification" and not c["document"] for c in own)
    context = {
        "submission": submission,
        "verified": verified,
        "needs_code": side != visitor.Side.PERSON and (waits_for_code or _held_without_code(submission, own)),
        "waits_for_code": waits_for_code,
        "code_standing": identity.standing(submission, purpose="verify", at=at),
        "can_begin": not verified and visitor.is_fresh(request, submission, at=at),
        "offers_sign_in": side == visitor.Side.SELF and _offers_sign_in(submission, [card["dsr"] for card in own]),
        "can_change_address": not verified and visitor.is_filer(request, submission),
        "on_file_box": side == visitor.Side.SELF and verified and on_file.is_asked(submission),
        "just_filed": bool(request.session.pop("just_filed", False)),
        "cards": own,
        "change": unvouched(submission),
        "notices": cards.inbox(submission, readable=lambda n: visitor.may_read(request, submission, n)),
        "behalf": behalf.banner(submission, side, at=at),
        **mistakes,
    }
    with timezone.override(ZoneInfo(submission.received_zone)):  # the zone in which the date was promised
        return render(request, "requests_app/status.html", context, status=http_status)


def _held_without_code(submission: Submission, own: list[dict[str, Any]]) -> bool:
    """Whether something that was begun without a code asks for one by now, as where staff marked it as sensitive."""
    if submission.assurance >= CONTACT or not submission.email_digest:
        return False
    return any(card["dsr"].is_open and asked_of(card["dsr"]).rung >= CONTACT for card in own)


def _offers_sign_in(submission: Submission, requests: list[DataSubjectRequest]) -> bool:
    """Whether the controller has a sign-in of its own, and an open request asks for more than is shown so far."""
    if openid.provider("person") is None:
        return False
    if any(dsr.state == State.AWAITING_VERIFICATION for dsr in requests):
        return True
    # What a look-up found does not show here: while another contact is asked for, the sign-in is offered as well.
    found = submission.assurance >= CONTACT_ON_FILE and not on_file.is_asked(submission)
    climbs = not found and not SignIn.objects.filter(pk=submission.pk).exists()
    return climbs and any(dsr.state in OPEN and asked_of(dsr).rung >= CONTACT_ON_FILE for dsr in requests)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask once, then cancel."""
    dsr = visitor.own_request(request, pk)
    if request.method != "POST" or request.POST.get("confirm") != "yes":
        return render(request, "requests_app/confirm_cancel.html", {"card": cards.card(dsr, at=now())})
    try:
        person.cancel(dsr, actor=visitor.actor(request, dsr.submission), at=now())
        messages.success(request, _("Your request is cancelled."))
    except (Refused, ActionNotAllowed) as refusal:
        messages.error(request, _refusal(refusal))
    return redirect("status")


@never_cache
@require_http_methods(["POST"])
def reopen(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take up again what lapsed or was cancelled; without a code typed just now, a new one is sent."""
    dsr = visitor.own_request(request, pk, as_requester=True)
    at, actor = now(), visitor.actor(request, dsr.submission)
    try:
        moved = person.reopen(dsr, proved=visitor.is_fresh(request, dsr.submission, at=at), actor=actor, at=at)
    except (Refused, ActionNotAllowed) as refusal:
        messages.error(request, _refusal(refusal))
    else:
        due = day(moved.due_on)
        messages.success(request, _("Your request is open again. We answer by %(due)s.") % {"due": due})
    return redirect("status")


@never_cache
@require_http_methods(["POST"])
def missing(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Say what an answer lacks: the request is taken up again, or somebody of the team looks first."""
    dsr = visitor.own_request(request, pk, as_requester=True)
    if not visitor.reads_answer(request, dsr.submission):
        raise Http404
    text, actor = request.POST.get("text", ""), visitor.actor(request, dsr.submission)
    try:
        dsr = incomplete.report_missing(dsr, text=text, actor=actor, at=now())
    except (Refused, ActionNotAllowed) as refusal:
        typed = {"missing_error": _refusal(refusal), "missing_text": text}
        return show(request, dsr.submission, reply={dsr.pk: typed})
    if dsr.is_open:
        due = day(dsr.due_on)
        messages.success(request, _("Your request is open again. We answer by %(due)s.") % {"due": due})
    else:
        messages.success(request, _("We have your message. One of us reads it and decides whether we look again."))
    return redirect("status")


@never_cache
@require_http_methods(["POST"])
def undo(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Take back an opt-out or a withdrawal of consent."""
    dsr = visitor.own_request(request, pk)
    try:
        person.undo(dsr, actor=visitor.actor(request, dsr.submission), at=now())
        messages.success(request, _("It is as it was before."))
    except (Refused, ActionNotAllowed) as refusal:
        messages.error(request, _refusal(refusal))
    return redirect("status")


@never_cache
@require_http_methods(["POST"])
def reply(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer what staff asked, or write unasked."""
    dsr = visitor.own_request(request, pk, as_requester=True)
    form = ReplyForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            text, file = form.cleaned_data["text"], form.named_bytes()
            person.reply(dsr, text=text, file=file, actor=visitor.actor(request, dsr.submission), at=now())
        except ScannerIsAway as away:
            typed = {"reply_error": str(away), "reply_text": request.POST.get("text", "")}
            return unavailable(show(request, dsr.submission, reply={dsr.pk: typed}))
        except (Refused, ActionNotAllowed) as refusal:
            form.add_error(None, _refusal(refusal))
        else:
            messages.success(request, _("We have your message."))
            return redirect("status")
    typed = {"reply_error": mistake(form), "reply_text": request.POST.get("text", "")}
    return show(request, dsr.submission, reply={dsr.pk: typed})


def unavailable(page: HttpResponse) -> HttpResponse:
    """The page with what was typed, as the answer of a service that is away for a while."""
    page.status_code = 503
    page["Retry-After"] = RETRY_AFTER
    return page


def send_fresh_code(request: HttpRequest, submission: Submission) -> None:
    """Owe a code to the address whose mail is read here; over the limit the page says so."""
    contact, actor = visitor.asked_contact(request, submission), visitor.actor(request, submission)
    try:
        identity.issue_code(submission, purpose="fresh", actor=actor, at=now(), contact=contact)
    except Refused as refusal:
        messages.error(request, _refusal(refusal))


@never_cache
@require_http_methods(["GET", "HEAD"])
def ics(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The due date as an all-day event. The title is neutral: calendars are seen by others."""
    dsr = visitor.own_request(request, pk)
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//privacy desk//due date//EN",
        "BEGIN:VEVENT",
        f"UID:{dsr.pk}@{request.get_host()}",
        f"DTSTAMP:{now().astimezone(UTC):%Y%m%dT%H%M%SZ}",
        f"DTSTART;VALUE=DATE:{dsr.due_on:%Y%m%d}",
        f"DTEND;VALUE=DATE:{dsr.due_on + timedelta(days=1):%Y%m%d}",
        "SUMMARY:" + _("An answer is due"),
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
    response = HttpResponse("\r\n".join(lines), content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="date.ics"'
    return response


def _refusal(refusal: Exception) -> str:
    """A sentence for the person; the lifecycle's own words are for staff."""
    return str(refusal) if isinstance(refusal, Refused) else _("This is no longer possible: the request has moved on.")
