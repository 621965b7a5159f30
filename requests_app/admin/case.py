"""The page of one request, and the page behind each of its buttons."""

from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.views.decorators.http import require_POST

from requests_app import clock
from requests_app.models import AnswerFile, DataSubjectRequest, Decision, Notice
from requests_app.models.keys import KeyDestroyed
from requests_app.operations import counting, erasing, people_found, readiness, streams, timeline
from requests_app.operations import decision as decisions
from requests_app.operations import files as sealed_files
from requests_app.operations.access import record_look
from requests_app.operations.actors import Actor
from requests_app.operations.asking import documents_awaited
from requests_app.operations.being_erased import stands_against
from requests_app.operations.notices import ON_PAPER
from requests_app.operations.policies import policy_of
from requests_app.operations.refused import Refused
from requests_app.rules.identity import CONTACT, CONTACT_ON_FILE, DOCUMENT, NONE
from requests_app.rules.lifecycle import ActionNotAllowed, State
from requests_app.rules.policy import NEVER_GATED

from . import (
    acts,
    authority,
    before_release,
    changes,
    complaints,
    erasure,
    history,
    limits,
    proof,
    receipt,
    several_people,
    source_acts,
    sources,
)
from .earlier import earlier
from .filters import unserved
from .forms import ActForm
from .presenting import days_left, holder, local_day, next_action, person, readable
from .roles import may
from .rows import not_reached, unread
from .step_files import as_bytes
from .words import delivery, kind, moment, named

META = DataSubjectRequest._meta
UNDECIDED = (State.IN_PROGRESS, State.AWAITING_APPROVAL)
QUEUE = "admin:requests_app_datasubjectrequest_changelist"
CASE = "admin:requests_app_datasubjectrequest_change"
ACT = "admin:requests_app_datasubjectrequest_act"


ASSURANCE = {
    NONE: "No proof of identity yet",
    CONTACT: "The person showed that the address is theirs",
    CONTACT_ON_FILE: "The person showed that the address on file is theirs",
    DOCUMENT: "A document was looked at",
}


def load(pk: Any) -> DataSubjectRequest:
    """The request with what its page shows."""
    rows = DataSubjectRequest.objects.select_related("submission", "policy", "assignee", "decided_by", "approved_by")
    return get_object_or_404(rows, pk=pk)


def _signed(who: Any, at: datetime | None, decision: Decision) -> str:
    return f"by {named(who)} on {moment(at, decision.dsr.submission.received_zone)}" if at else ""


def shown(decision: Decision) -> dict[str, Any]:
    """A decision with its texts opened."""
    ground = policy_of(decision.dsr.policy).ground(decision.ground)
    return {
        "row": decision,
        "decided": _signed(decision.decided_by, decision.decided_at, decision),
        "approved": _signed(decision.approved_by, decision.approved_at, decision),
        "returned": decision.returned_at and moment(decision.returned_at, decision.dsr.submission.received_zone),
        "ground": f"{ground.label} ({ground.clause})" if ground else decision.ground,
        **{name: readable(lambda name=name: decision.opened(name)) for name in ("letter", "facts", "scope")},
        "identity_match": readable(lambda: decision.opened("identity_match")),
    }


def files(dsr: DataSubjectRequest) -> list[dict[str, Any]]:
    """The files that somebody attached to the answer, with their names opened."""
    return [
        {
            "row": row,
            "name": readable(lambda row=row: row.name),
            "who": named(row.attached_by),
            "when": moment(row.attached_at, dsr.submission.received_zone),
        }
        for row in dsr.answer_files.filter(kind=AnswerFile.Kind.ATTACHED)
        .select_related("attached_by")
        .order_by("attached_at")
    ]


def facts(dsr: DataSubjectRequest, user: Any, now: datetime) -> dict[str, Any]:
    """What stands at the head of every page of a case."""
    today = local_day(now, dsr.policy)
    document, stands = documents_awaited([dsr]).get(dsr.pk), stands_against([dsr]).get(dsr.pk)
    words, act = next_action(
        dsr,
        user,
        unread=bool(unread([dsr])),
        unserved=bool(not_reached([dsr])),
        several=bool(people_found.waiting([dsr])),
        document=document,
        stands=stands,
    )
    return {
        "dsr": dsr,
        "submission": dsr.submission,
        "person": person(dsr.submission),
        "days": days_left(dsr, today),
        "holder": holder(dsr, document, stands),
        "bar": timeline.holder_bar(dsr, until=today),
        "next": words,
        # On the case page itself, what is read or reached there leads on to the answer.
        "next_act": act if act != "case" else ("carry_out" if dsr.right in NEVER_GATED else "decide"),
        "opts": META,
    }


def page(request: HttpRequest, object_id: str) -> HttpResponse:
    """The case, read-only; opening it is written to the access log."""
    try:
        dsr = load(UUID(object_id))
    except ValueError:
        return HttpResponseRedirect(reverse(QUEUE))
    now = clock.now()
    record_look(dsr.submission, what="case page", actor=Actor.staff(request.user), at=now)
    offered, known = acts.offered(dsr, request.user), facts(dsr, request.user, now)
    thread = dsr.messages.select_related("staff")
    zone = dsr.submission.received_zone
    decided = dsr.decisions.select_related("dsr__policy", "dsr__submission", "decided_by", "approved_by")
    lost = set(unserved(submission=dsr.submission).values_list("pk", flat=True))
    sent = Notice.objects.filter(Q(recipient__in=ON_PAPER) | Q(pk__in=lost), submission=dsr.submission)
    context = {
        **admin.site.each_context(request),
        **known,
        "title": f"{dsr.submission.case_label} · {dsr.get_right_display()}",
        "primary": [a for a in offered if a.key == known["next_act"]],
        "buttons": [a for a in offered if a.key != known["next_act"]],
        "waits_for_other": dsr.state == "awaiting_approval" and dsr.decided_by_id == request.user.pk,
        "deadline": timeline.deadline_for(dsr),
        "timeline": history.for_staff(dsr),
        "thread": [
            {"row": m, "who": named(m.staff), "when": moment(m.written_at, zone),
             "body": readable(lambda m=m: m.body), "file": readable(lambda m=m: m.file_name)}
            for m in thread
        ],
        "decisions": [shown(d) for d in decided.order_by("-decided_at")],
        "files": files(dsr),
        "notices": [
            {"row": n, "kind": kind(n), "when": moment(n.created_at, zone), "delivery": delivery(n, zone),
             "lost": n.pk in lost}
            for n in sent.order_by("-created_at")
        ],
        "sensitive": dsr.sensitive_since and moment(dsr.sensitive_since, zone),
        "effective": dsr.effective_at and moment(dsr.effective_at, zone),
        "answered": dsr.answered_at and moment(dsr.answered_at, zone),
        "assurance": ASSURANCE.get(dsr.submission.assurance, f"rung {dsr.submission.assurance} reached"),
        "language": dict(settings.LANGUAGES).get(dsr.submission.language, dsr.submission.language),
        "details": readable(lambda: dsr.submission.opened("details")),
        "receipt": receipt.link(dsr),
        **_before_release(dsr, request.user, now),
        "behalf": authority.link(dsr, now),
        **_moved(dsr),
        "proofs": proof.panel(dsr, request.user),
        "cooling_off": erasing.confirmation_of(dsr),
        "earlier": earlier(dsr),
        "complaint": complaints.panel(dsr, request.user),
        "siblings": dsr.submission.requests.exclude(pk=dsr.pk),
    }  # fmt: skip
    return TemplateResponse(request, "admin/requests_app/datasubjectrequest/case.html", context)


def _before_release(dsr: DataSubjectRequest, user: Any, now: datetime) -> dict[str, Any]:
    """What stands in the way, and what the sources hold: both say what is not ready, which is counted once."""
    missing = readiness.missing(dsr) if dsr.state in UNDECIDED else []
    return {
        "before": before_release.box(dsr, unready=bool(missing), at=now),
        "sources": sources.panel(dsr, user, missing=missing, at=now),
        "erasure": erasure.panel(dsr, user),
        "told": source_acts.panel(dsr, user),
        "changes": changes.panel(dsr, user),
        "limits": limits.panel(dsr, user),
        "unready": missing,
    }


def _moved(dsr: DataSubjectRequest) -> dict[str, Any]:
    """What moved the date of the running clock, with its reasons opened."""
    extension = counting.extension_of(dsr)
    return {
        "extension": extension and {"row": extension, "reason": readable(lambda: extension.reason)},
        "pauses": [{"row": p, "reason": readable(lambda p=p: p.why)} for p in counting.pauses_of(dsr)],
    }


def perform(request: HttpRequest, pk: UUID, act: str) -> HttpResponseBase:
    """GET shows the form of a button, POST calls its operation. What is refused says why and keeps what was typed."""
    if not may(request.user, "look"):  # before the look-up: whether a request exists is not told either
        raise PermissionDenied
    dsr, button, now = load(pk), acts.ACTS.get(act), clock.now()
    case = HttpResponseRedirect(reverse(CASE, args=[dsr.pk]))
    if button is None:
        return case
    if not may(request.user, button.verb):
        raise PermissionDenied
    if why := button.refusal(dsr, request.user):
        messages.error(request, why)
        return case
    decision = decisions.pending(dsr) if act in {"approve", "return"} else None
    form = _form(request, button, dsr, decision)
    revealed = None
    if form.is_bound and form.is_valid():
        try:
            done = button.run(dsr, form.cleaned_data, Actor.staff(request.user), now)
        except (Refused, ActionNotAllowed) as refused:
            form.add_error(None, str(refused))
        except (KeyDestroyed, InvalidTag):
            form.add_error(None, "The contact data of this request have been destroyed, as the policy promises.")
        else:
            if act != "reveal":
                messages.success(request, button.done)
                return case
            revealed = done
    if revealed is None:  # what is sent back with a mistake is shown, too
        record_look(dsr.submission, what=f"{act} page", actor=Actor.staff(request.user), at=now)
    context = {
        **admin.site.each_context(request),
        **facts(load(pk), request.user, now),
        "title": f"{button.label}: {dsr.submission.case_label} · {dsr.get_right_display()}",
        "act": button,
        "form": form,
        "revealed": revealed,
        "decision": shown(decision) if decision else None,
        "files": files(dsr) if act in {"approve", "return", "decide", "attach"} else [],
        "contents": sources.contents(dsr) if act in {"approve", "return", "decide"} else {},
        "people": several_people.lines(dsr, request.user) if act in {"approve", "return", "decide"} else [],
        "items": erasure.contents(dsr) if act in {"approve", "return", "decide"} else [],
        "weighed": limits.weighed_of(dsr) if act in {"approve", "return", "decide"} else None,
    }
    status = 200 if not form.is_bound or form.is_valid() else 422
    return TemplateResponse(request, "admin/requests_app/datasubjectrequest/act.html", context, status=status)


def _form(request: HttpRequest, button: acts.Act, dsr: DataSubjectRequest, decision: Decision | None) -> ActForm:
    if request.method == "POST":
        return button.form(request.POST, request.FILES, dsr=dsr)
    return button.form(dsr=dsr, initial={"digest": decision.content_digest} if decision else {})


@require_POST
def download(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """A file of the answer, for whoever decides or approves; the look is written to the access log."""
    if not may(request.user, "look"):
        raise PermissionDenied
    file = get_object_or_404(AnswerFile.objects.select_related("dsr__submission"), pk=pk)
    now = clock.now()
    try:
        if file.destroyed_at:
            raise KeyDestroyed
        # Not release.begin: that is the person's download, before approval refused and told in their timeline.
        made = file.kind == AnswerFile.Kind.PACKAGE
        content = None if made else sealed_files.read(file.dsr.submission_id, file.pk)
        package = streams.Reader(file.dsr.submission_id, file.pk) if made else None
    except (OSError, KeyDestroyed, InvalidTag):
        messages.error(request, "This file has been destroyed or cannot be read.")
        return HttpResponseRedirect(reverse(CASE, args=[file.dsr_id]))
    record_look(file.dsr.submission, what="answer file", actor=Actor.staff(request.user), at=now)
    if package is not None:
        return as_bytes(package, f"{file.pk}.zip")
    return HttpResponse(
        content,
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{file.pk}"', "X-Content-Type-Options": "nosniff"},
    )


def urls() -> list[Any]:
    """The addresses of the buttons, each behind the admin's sign-in."""
    inside = admin.site.admin_view
    return [
        path("files/<uuid:pk>/", inside(download), name="requests_app_datasubjectrequest_file"),
        path("<uuid:pk>/do/<slug:act>/", inside(perform), name="requests_app_datasubjectrequest_act"),
    ]
