"""Who is at the keyboard: what this browser session filed, proved or proved just now.

Session keys: `submission` the one shown, `filed` the one filed from here, `proved` the digests of addresses whose mail
is read here, `fresh_until` until when files may be downloaded, `found` what a code to an address led to, `link` the
check whose link was opened here last, `proved_at` when.

Whoever filed need not be whose address it is. So filing opens a submission only until somebody confirms its address.
What one files for another both may see, each from their own side: `Side`.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from cryptography.fernet import InvalidToken
from django.http import Http404, HttpRequest
from django.utils.dateparse import parse_datetime

from requests_app.clock import now
from requests_app.models import Contact, DataSubjectRequest, IdentityCheck, Notice, Submission
from requests_app.models.keys import master
from requests_app.operations.actors import Actor
from requests_app.operations.authorities import agent_reads_answer, authority_of, is_over
from requests_app.operations.notice_kinds import ANSWERS
from requests_app.rules.identity import CONTACT

FRESH = timedelta(minutes=15)


AFTER_THE_END = ("acknowledgement", "authority_refused", "authority_narrowed", "authority_ended", "decision_refused")


class Side(StrEnum):
    """From where a submission is looked at."""

    SELF = "self"  # filed for oneself
    AGENT = "agent"  # filed for somebody else, by whoever looks
    PERSON = "person"  # filed by somebody else, for whoever looks


def filed(request: HttpRequest, submission: Submission) -> None:
    """This browser filed it, so it may see and mend it."""
    forget(request)
    request.session["submission"] = request.session["filed"] = str(submission.pk)


def goes_on_with(request: HttpRequest, submission: Submission) -> None:
    """Show another one of the same address; what this session proved of it stays."""
    request.session["submission"] = request.session["filed"] = str(submission.pk)


def recognised(request: HttpRequest, *submissions: Submission, digests: Collection[str] = ()) -> None:
    """Somebody here reads the mail of their address, or of the `digests`; the first is shown."""
    request.session.cycle_key()  # more is allowed from here on: an older copy of the cookie must not share it
    request.session.pop("link", None)
    request.session["submission"] = str(submissions[0].pk)
    request.session["proved"] = sorted(set(digests) or {submission.email_digest for submission in submissions})
    request.session["proved_at"] = now().isoformat()


def proved(request: HttpRequest, *submissions: Submission, at: datetime, digests: Collection[str] = ()) -> None:
    """A code sent to their address, or to that of the `digests`, was typed here just now."""
    recognised(request, *submissions, digests=digests)
    request.session["fresh_until"] = (at + FRESH).isoformat()


def forget(request: HttpRequest) -> None:
    """Leave nothing of an earlier submission in this session; its language and messages stay."""
    request.session.cycle_key()
    for key in ("submission", "filed", "proved", "proved_at", "fresh_until", "found", "find_email", "link"):
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
    return IdentityCheck.objects.select_related("submission", "contact").filter(pk=pk).first() if pk else None


def is_filer(request: HttpRequest, submission: Submission) -> bool:
    """Whether it was filed from this session."""
    return request.session.get("filed") == str(submission.pk)


def is_proved(request: HttpRequest, submission: Submission) -> bool:
    """Whether somebody here showed that they read the mail of its address, since it is its address."""
    if not submission.email_digest or submission.email_digest not in request.session.get("proved", []):
        return False
    at = parse_datetime(request.session.get("proved_at", ""))
    return submission.address_since is None or (at is not None and at >= submission.address_since)


def asked_contact(request: HttpRequest, submission: Submission) -> Contact | None:
    """The address of the person for whom somebody else filed, where its mail is read here."""
    authority = authority_of(submission)
    contact = authority.asked if authority else None
    return contact if contact and contact.email_digest in request.session.get("proved", []) else None


def is_fresh(request: HttpRequest, submission: Submission, *, at: datetime) -> bool:
    """Whether a code of its address, or of the person's for whom it was filed, was typed within the last minutes."""
    until = parse_datetime(request.session.get("fresh_until", ""))
    known = is_proved(request, submission) or asked_contact(request, submission) is not None
    return known and until is not None and at < until


def submission(request: HttpRequest) -> Submission | None:
    """The submission this session may see."""
    pk = request.session.get("submission")
    found = Submission.objects.select_related("policy").filter(pk=pk).first() if pk else None
    if found is None:
        return None
    # What was filed without an address has no page: a report of somebody else's account, a letter.
    mine_alone = is_filer(request, found) and found.assurance < CONTACT and bool(found.email_digest)
    mine = mine_alone or is_proved(request, found) or asked_contact(request, found) is not None
    return found if mine else None


def side(request: HttpRequest, submission: Submission) -> Side:
    """From where this session looks at a submission that it may see."""
    if authority_of(submission) is None:
        return Side.SELF
    return Side.PERSON if asked_contact(request, submission) is not None else Side.AGENT


def actor(request: HttpRequest, submission: Submission) -> Actor:
    """Who acts in this session."""
    return Actor.agent() if side(request, submission) == Side.AGENT else Actor.person()


def may_act(request: HttpRequest, submission: Submission) -> bool:
    """Whether more is open here than its end: an agent until the authority is over, the person once they said yes."""
    authority = authority_of(submission)
    if authority is None:
        return True
    if side(request, submission) == Side.PERSON:
        return authority.confirmed_at is not None
    return not is_over(authority, at=now())


def reads_answer(request: HttpRequest, submission: Submission) -> bool:
    """Whether letters and files of the answer are for whoever looks."""
    authority = authority_of(submission)
    if authority is None:
        return True
    if side(request, submission) == Side.PERSON:
        return authority.confirmed_at is not None
    return agent_reads_answer(authority, at=now())


def may_read(request: HttpRequest, submission: Submission, notice: Notice) -> bool:
    """Whether this notice is for whoever looks."""
    authority = authority_of(submission)
    alone_at = authority.taken_over_at if authority else None
    if alone_at and notice.created_at > alone_at and side(request, submission) == Side.AGENT:
        return False  # the person goes on alone since then
    if notice.kind in ANSWERS:
        return reads_answer(request, submission)
    if notice.kind == "code" and side(request, submission) == Side.PERSON:
        return False  # it went to whoever filed
    at_the_end = side(request, submission) == Side.AGENT and notice.kind in AFTER_THE_END
    return at_the_end or may_act(request, submission)


def goes_on_alone(request: HttpRequest, submission: Submission) -> bool:
    """Whether whoever looks is the person for whom somebody filed, and nobody acts for them any more."""
    authority = authority_of(submission)
    alone = authority is not None and authority.taken_over_at is not None and not authority.revoked_at
    return alone and side(request, submission) == Side.PERSON


def own_submission(request: HttpRequest, *, as_requester: bool = False) -> Submission:
    """The submission of this session, or the same 404 as for anything else that is not here.

    `as_requester`: for whoever filed it alone, as long as they may act.
    """
    own = submission(request)
    if own is None or (as_requester and (side(request, own) == Side.PERSON or not may_act(request, own))):
        raise Http404
    return own


def own_request(request: HttpRequest, pk: UUID, *, as_requester: bool = False) -> DataSubjectRequest:
    """One request of this session's submission; foreign and unknown ones are told apart by nobody.

    `as_requester`: for whoever filed alone. The thread is theirs; the person writes from a request of their own, or
    once they go on alone.
    """
    own = own_submission(request)
    if as_requester and not goes_on_alone(request, own):
        own = own_submission(request, as_requester=True)
    if not may_act(request, own):
        raise Http404
    dsr = DataSubjectRequest.objects.select_related("submission", "policy").filter(pk=pk, submission=own).first()
    if dsr is None:
        raise Http404
    return dsr
