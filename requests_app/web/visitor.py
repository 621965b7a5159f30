"""Who is at the keyboard: what this browser session filed, proved or proved just now.

Session keys: `submission` the one shown, `filed` the one filed from here, `proved` the digests of addresses whose mail
is read here, `fresh_until` until when files may be downloaded, `found` what a code to an address led to, `link` the
check whose link was opened here last.

Whoever filed need not be whose address it is. So filing opens a submission only until somebody confirms its address.
"""

from datetime import datetime, timedelta
from uuid import UUID

from cryptography.fernet import InvalidToken
from django.http import Http404, HttpRequest
from django.utils.dateparse import parse_datetime

from requests_app.models import DataSubjectRequest, IdentityCheck, Submission
from requests_app.models.keys import master
from requests_app.rules.identity import CONTACT

FRESH = timedelta(minutes=15)


def filed(request: HttpRequest, submission: Submission) -> None:
    """This browser filed it, so it may see and mend it."""
    forget(request)
    request.session["submission"] = request.session["filed"] = str(submission.pk)


def recognised(request: HttpRequest, *submissions: Submission) -> None:
    """Somebody here reads the mail of their address; the first is shown."""
    request.session.cycle_key()  # more is allowed from here on: an older copy of the cookie must not share it
    request.session.pop("link", None)
    request.session["submission"] = str(submissions[0].pk)
    request.session["proved"] = sorted({submission.email_digest for submission in submissions})


def proved(request: HttpRequest, *submissions: Submission, at: datetime) -> None:
    """A code sent to their address was typed here just now."""
    recognised(request, *submissions)
    request.session["fresh_until"] = (at + FRESH).isoformat()


def forget(request: HttpRequest) -> None:
    """Leave nothing of an earlier submission in this session; its language and messages stay."""
    request.session.cycle_key()
    for key in ("submission", "filed", "proved", "fresh_until", "found", "find_email", "link"):
        request.session.pop(key, None)


def looks_for(request: HttpRequest, email: str) -> None:
    """Keep the address that was typed until its code is; sealed, since sessions lie in the database."""
    request.session["find_email"] = master().encrypt(email.encode()).decode()


def looked_for(request: HttpRequest) -> str:
    """The address that was typed last, or nothing."""
    try:
        return master().decrypt(request.session.get("find_email", "")).decode()
    except InvalidToken:
        return ""


def came_by(request: HttpRequest) -> IdentityCheck | None:
    """The check whose link was opened in this session, until something came of it."""
    pk = request.session.get("link")
    return IdentityCheck.objects.select_related("submission").filter(pk=pk).first() if pk else None


def is_filer(request: HttpRequest, submission: Submission) -> bool:
    """Whether it was filed from this session."""
    return request.session.get("filed") == str(submission.pk)


def is_proved(request: HttpRequest, submission: Submission) -> bool:
    """Whether somebody here reads the mail of its address, as it is now."""
    return bool(submission.email_digest) and submission.email_digest in request.session.get("proved", [])


def is_fresh(request: HttpRequest, submission: Submission, *, at: datetime) -> bool:
    """Whether a code of its address was typed within the last minutes."""
    until = parse_datetime(request.session.get("fresh_until", ""))
    return is_proved(request, submission) and until is not None and at < until


def submission(request: HttpRequest) -> Submission | None:
    """The submission this session may see."""
    pk = request.session.get("submission")
    found = Submission.objects.select_related("policy").filter(pk=pk).first() if pk else None
    if found is None:
        return None
    mine_alone = is_filer(request, found) and found.assurance < CONTACT
    return found if mine_alone or is_proved(request, found) else None


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
