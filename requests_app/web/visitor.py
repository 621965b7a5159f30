"""Who is at the keyboard: what this browser session filed, proved or proved just now.

Session keys: `submission` the one shown, `filed` the one filed from here, `verified_view` a code was typed here,
`fresh_until` until when files may be downloaded, `found` what a code to an address led to.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.http import Http404, HttpRequest
from django.utils.dateparse import parse_datetime

from requests_app.models import DataSubjectRequest, Submission

FRESH = timedelta(minutes=15)


def filed(request: HttpRequest, submission: Submission) -> None:
    """This browser filed it, so it may see and mend it."""
    forget(request)
    request.session["submission"] = request.session["filed"] = str(submission.pk)


def proved(request: HttpRequest, submission: Submission, *, at: datetime) -> None:
    """A code sent to the address was typed here just now."""
    request.session.cycle_key()  # more is allowed from here on: an older copy of the cookie must not share it
    request.session["submission"] = str(submission.pk)
    request.session["verified_view"] = True
    request.session["fresh_until"] = (at + FRESH).isoformat()


def forget(request: HttpRequest) -> None:
    """Leave nothing of an earlier submission in this session; its language and messages stay."""
    request.session.cycle_key()
    for key in ("submission", "filed", "verified_view", "fresh_until", "found", "find_email"):
        request.session.pop(key, None)


def is_filer(request: HttpRequest, submission: Submission) -> bool:
    """Whether it was filed from this session."""
    return request.session.get("filed") == str(submission.pk)


def is_fresh(request: HttpRequest, *, at: datetime) -> bool:
    """Whether a code was typed within the last minutes."""
    until = parse_datetime(request.session.get("fresh_until", ""))
    return bool(request.session.get("verified_view") and until and at < until)


def submission(request: HttpRequest) -> Submission | None:
    """The submission this session may see."""
    pk = request.session.get("submission")
    if not pk or not (request.session.get("filed") == pk or request.session.get("verified_view")):
        return None
    return Submission.objects.select_related("policy").filter(pk=pk).first()


def own_submission(request: HttpRequest) -> Submission:
    """The submission of this session, or the same 404 as for anything else that is not here."""
    own = submission(request)
    if own is None:
        raise Http404
    return own


def own_request(request: HttpRequest, pk: UUID) -> DataSubjectRequest:
    """One request of this session's submission; foreign and unknown ones are told apart by nobody."""
    rows = DataSubjectRequest.objects.select_related("submission", "policy").filter(
        pk=pk, submission=own_submission(request)
    )
    dsr = rows.first()
    if dsr is None:
        raise Http404
    return dsr
