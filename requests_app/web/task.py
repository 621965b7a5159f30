"""The task of a department, by the link of its mail and without an account: one task, and nothing else of the portal.

Opening the link changes nothing and names nobody; a button shows whom it is about, since mail scanners and previews
open links too. The session keeps which link it was and for half a day at most, never the secret.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from requests_app.clock import now
from requests_app.models import TaskLink
from requests_app.operations import answering, doing, source_tasks
from requests_app.operations.doing import Word
from requests_app.operations.refused import Refused
from requests_app.operations.scanning import ScannerIsAway
from requests_app.operations.task_standing import Standing, standing
from requests_app.rules.policy import Text

from .status import unavailable
from .task_forms import AnswerForm, ColleagueForm, DoneForm, NothingForm
from .uploads import SealingUploadHandler

SHOWN = (Standing.OPEN, Standing.MINE, Standing.SAID)
KEPT = timedelta(hours=12)  # the working day of whoever opened it; then the link is opened again


@never_cache
@require_http_methods(["GET", "HEAD"])
def task_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Swap the secret for a note in this session, and lead on to an address that tells nothing."""
    link = source_tasks.link_for_secret(secret)
    if link is None:
        raise Http404
    if request.method == "GET":
        request.session.cycle_key()  # more is allowed from here on: an older copy of the cookie must not share it
        request.session["task"] = {"link": link.pk.hex, "until": (now() + KEPT).isoformat()}
    response = redirect("task")
    response["Referrer-Policy"] = "no-referrer"  # there is no form here, so it can be
    return response


@csrf_exempt  # of this wrapper alone: the check reads the form, and the files in it have to be sealed as they come
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def task(request: HttpRequest) -> HttpResponse:
    """The task of this session's link."""
    link = _link_of(request)
    if link is None:
        return render(request, "requests_app/task_closed.html", {"standing": "no_link"}, status=410)
    # Where nothing is taken any more, no file of the form is taken in either, not even to be thrown away.
    if request.method != "POST" or standing(link, at=now()) not in (Standing.OPEN, Standing.MINE):
        return _show(request, link)
    sealing = SealingUploadHandler(link.task.dsr.submission_id)
    request.upload_handlers = [sealing]
    try:
        return _posted(request, link, sealing)
    finally:
        sealing.destroy_rest()


@csrf_protect
def _posted(request: HttpRequest, link: TaskLink, sealing: SealingUploadHandler) -> HttpResponse:
    own = {"answer": _answer, "nothing": _nothing} if link.task.step_id else dict.fromkeys(Word, _say)
    act = {"open": _open, "pass_on": _pass_on, **own}.get(request.POST.get("action", ""))
    if act is None:
        return _show(request, link)
    try:
        return act(request, link, sealing)
    except Refused as refusal:
        return _show(request, link, refused=str(refusal), status=422)


def _open(request: HttpRequest, link: TaskLink, sealing: SealingUploadHandler) -> HttpResponse:
    answering.open_task(link, at=now())
    request.session["task"] = {**request.session["task"], "opened": True}
    return redirect("task")


def _answer(request: HttpRequest, link: TaskLink, sealing: SealingUploadHandler) -> HttpResponse:
    form = AnswerForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, link, answer_form=form, status=422)
    keep, uploads = [UUID(pk) for pk in form.cleaned_data["keep"]], form.uploads()
    try:
        answering.answer(link, statement=form.cleaned_data["statement"], uploads=uploads, keep=keep, at=now())
    except Refused as refusal:
        form.add_error(None, str(refusal))
        page = _show(request, link, answer_form=form, status=422)
        return unavailable(page) if isinstance(refusal, ScannerIsAway) else page
    sealing.keep()
    return redirect("task")


def _nothing(request: HttpRequest, link: TaskLink, sealing: SealingUploadHandler) -> HttpResponse:
    form = NothingForm(request.POST)
    if not form.is_valid():
        return _show(request, link, nothing_form=form, status=422)
    answering.answer(link, statement="", uploads=(), at=now())
    return redirect("task")


def _say(request: HttpRequest, link: TaskLink, sealing: SealingUploadHandler) -> HttpResponse:
    form, word = DoneForm(request.POST), Word(request.POST["action"])
    if not form.is_valid():
        return _show(request, link, done_form=form, status=422)
    try:
        doing.say(link, word, **form.cleaned_data, at=now())
    except Refused as refusal:
        form.add_error("statement", str(refusal))
        return _show(request, link, done_form=form, status=422)
    return redirect("task")


def _pass_on(request: HttpRequest, link: TaskLink, sealing: SealingUploadHandler) -> HttpResponse:
    form = ColleagueForm(request.POST)
    if form.is_valid():
        try:
            answering.pass_on(link, form.cleaned_data["email"], at=now())
        except Refused as refusal:
            form.add_error("email", str(refusal))
        else:
            messages.success(
                request, _("They get a link of their own. Yours stays valid until one of you has answered.")
            )
            return redirect("task")
    return _show(request, link, colleague_form=form, status=422)


def _link_of(request: HttpRequest) -> TaskLink | None:
    """The link that was opened in this session today."""
    note = request.session.get("task") or {}
    until = parse_datetime(note.get("until", ""))
    if until is None or now() >= until:
        return None
    return source_tasks.with_task().filter(pk=note["link"]).first()


def _show(request: HttpRequest, link: TaskLink, *, status: int = 200, **more: Any) -> HttpResponse:
    stands = standing(link, at=now())
    if stands not in SHOWN:
        return _closed(request, link)
    with timezone.override(ZoneInfo(link.task.dsr.submission.received_zone)):
        opened = request.session["task"].get("opened")
        if stands == Standing.SAID:
            context = {**_told(link), "said": link.task.said, "opened": opened}
            return render(request, "requests_app/task_said.html", context)
        if not opened:
            return render(request, "requests_app/task_cover.html", _told(link))
        context = {**_told(link), "colleague_form": ColleagueForm(), **_of_its_kind(link, stands), **more}
        bound = [form for form in context.values() if getattr(form, "is_bound", False)]
        context["form"] = bound[0] if bound else None
        name = "task" if link.task.step_id else "task_do"
        return render(request, f"requests_app/{name}.html", context, status=status)


def _of_its_kind(link: TaskLink, stands: Standing) -> dict[str, Any]:
    """What stands on the page of what a department holds, or of what it has to do, after it was opened."""
    about = link.task.about
    if link.task.step_id is None:
        to_do = [line.in_language(get_language() or "en") for line in about.to_do]
        return {"about": about, "to_do": to_do, "done_form": DoneForm()}
    sent = answering.sent(link) if stands == Standing.MINE else None
    initial = {"statement": sent.statement if sent else ""}
    return {"about": about, "sent": sent, "nothing_form": NothingForm(), "answer_form": AnswerForm(initial=initial)}


def _closed(request: HttpRequest, link: TaskLink) -> HttpResponse:
    context = {"standing": str(standing(link, at=now())), "department": link.task.department}
    return render(request, "requests_app/task_closed.html", context, status=410)


def _told(link: TaskLink) -> dict[str, Any]:
    """What names nobody."""
    task, days = link.task, (source_tasks.last_on(link.task) - timezone.localdate(now())).days
    left = ngettext("%(days)s day left", "%(days)s days left", days) % {"days": days} if days > 0 else ""
    return {
        "department": task.department,
        "does": task.act_id is not None,
        "until": source_tasks.last_on(task),
        "late": source_tasks.is_late(task, at=now()),
        "left": left or _("today is the last day"),
        "question": _in_language(task.asks.get("question", {})),
        "holds": [_in_language(one) for one in task.asks.get("holds", ())],
    }


def _in_language(words: Mapping[str, str]) -> str:
    return Text(words.get("en", ""), words.get("it", "")).in_language(get_language() or "en")
