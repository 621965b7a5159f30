"""What the status page says of a filing for somebody else, to whoever acts and to the person."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from requests_app.models import Authority, Submission
from requests_app.operations.authorities import agent_reads_answer, authority_of

from . import cards, visitor


def banner(submission: Submission, side: str, *, at: datetime) -> dict[str, Any] | None:
    """For whom it is, and what is still missing."""
    authority = authority_of(submission)
    if authority is None:
        return None
    if side == visitor.Side.PERSON:
        return {"person": True, "who": submission.name, "alone": authority.taken_over_at is not None}
    reads = agent_reads_answer(authority, at=at)
    return {"person": False, "who": authority.name, "sentence": _asked(authority), "reads": reads}


def _asked(authority: Authority) -> str:
    if authority.confirmed_at:
        return _("They said yes.")
    # The same words whether an address is on file: whoever asks must not learn whether the person is known here.
    return _("Where we know an address of theirs, we have asked them there; and we look at your paper. "
             "Until then we give nothing out.")  # fmt: skip


def closed(request: HttpRequest, submission: Submission) -> HttpResponse:
    """Who may not act here (any more): the person is asked first; an agent finds our last letters, and nothing else."""
    if visitor.side(request, submission) == visitor.Side.PERSON:
        return redirect("for_you")
    notices = cards.inbox(submission, readable=lambda notice: visitor.may_read(request, submission, notice))
    return render(request, "requests_app/closed.html", {"submission": submission, "notices": notices})
