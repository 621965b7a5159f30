"""What stands between an answer and its release, and what was looked up: one box of the case page, no addresses."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from requests_app.models import DataSubjectRequest, SourceLookup
from requests_app.operations import assurance, likeness, lookups, manual_verification, release
from requests_app.operations.circumstances import asked_of
from requests_app.rules.identity import NONE, Reason

from .by_hand import PAGE
from .words import moment

ASKS = {
    0: "No proof.",
    1: "A code of the address typed.",
    2: "A code of the address typed, and of the contact on file where there is another.",
}
MORE = {
    Reason.SENSITIVE: "More than the right alone asks: the data are sensitive.",
    Reason.FOR_ANOTHER: "More than the right alone asks: somebody else files for the person.",
    Reason.CHANNEL: "More than the right alone asks: of how it came in.",
}
LOOKED_UP = {
    SourceLookup.Result.WAITING: "has not answered yet",
    SourceLookup.Result.NOBODY: "found nobody",
    SourceLookup.Result.SAME: "found them under the address typed",
    SourceLookup.Result.OTHER: "found somebody under another address, where a code went",
    SourceLookup.Result.UNPROVEN: "found somebody, but no address there vouches for them",
    SourceLookup.Result.FAILED: "cannot be asked",
}
CASE = "admin:requests_app_datasubjectrequest_change"


def box(dsr: DataSubjectRequest, *, unready: bool, at: datetime) -> dict[str, Any] | None:
    """What the box says; None where the right asks no proof, or nothing is released or held back any more.

    `unready`: something of what is handed out is missing.
    """
    submission = dsr.submission
    proof = asked_of(dsr)
    if proof.rung == NONE or not (dsr.is_open or release.waits_for_doubt(dsr, at=at)):
        return None
    zone = submission.received_zone
    return {
        "asks": ASKS[proof.rung],
        "more": MORE.get(proof.reason, ""),
        "obstacles": [assurance.WORDS[obstacle] for obstacle in assurance.obstacles(dsr, at=at)],
        "unready": unready,
        "lookups": [
            {"alias": row.alias, "words": _said(row), "when": moment(row.result_at, zone)}
            for row in submission.lookups.all()
        ],
        "chain": _chain(dsr, zone),
        "alike": [f"An address {row.get_role_display()}" for row in likeness.contacts_alike(submission)],
        "cases_alike": [
            {"label": other.case_label, "url": reverse(CASE, args=[first.pk])}
            for other in likeness.cases_alike(submission)
            if (first := other.requests.order_by("right").first()) is not None
        ],
        "by_hand": reverse(PAGE, args=[dsr.pk]),
        "waits": manual_verification.pending(submission),
    }


def _said(row: SourceLookup) -> str:
    words = LOOKED_UP[SourceLookup.Result(row.result)]
    return f"{words}; it is asked again ({row.failure_code})" if row.next_try_at and row.failure_code else words


def _chain(dsr: DataSubjectRequest, zone: str) -> str:
    """That the same person had something corrected: what is being corrected proves nothing (A04)."""
    if not dsr.submission.email_digest:
        return ""
    corrected = lookups.corrected_at(dsr.submission)
    if corrected is None:
        return ""
    return f"From this address a correction was asked for on {moment(corrected, zone)}. What it changed proves nothing."
