"""Rendering a notice in the language of its reader.

Every template gets besides its context: organisation, portal (PUBLIC_URL), zone, case_label; but for contacts
right_titles (those of the dsr, else of the whole submission); and for the person name, authority, court, on_paper (no
e-mail, so no page either). `effects` are keys of rights. Those of a department's task get neither case nor right, and
`link` with a place for its secret, which is stored nowhere.
"""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from requests_app.models import Authority, DataSubjectRequest, Submission

from .notice_kinds import ANSWERS, CONTACT_KINDS, STAFF_KINDS, SUBJECT_KINDS, TASK_KINDS
from .policies import policy_of

LANGUAGES = ("en", "it")
UNTOLD = "…"  # where the secret of a task's link stands in what is stored

RIGHT_TITLES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "access": "Access to your data",
        "deletion": "Deletion of your data",
        "consent_withdrawal": "Withdrawal of consent",
        "marketing_optout": "No more marketing",
        "correction": "Correction of your data",
        "restriction": "Restriction of use",
        "objection": "Objection to use",
        "portability": "A portable copy of your data",
        "account_closure": "Closing your account",
        "complaint": "Complaint",
    },
    "it": {
        "access": "Accesso ai Suoi dati",
        "deletion": "Cancellazione dei Suoi dati",
        "consent_withdrawal": "Revoca del consenso",
        "marketing_optout": "Niente più pubblicità",
        "correction": "Rettifica dei Suoi dati",
        "restriction": "Limitazione del trattamento",
        "objection": "Opposizione al trattamento",
        "portability": "Copia portabile dei Suoi dati",
        "account_closure": "Chiusura del Suo account",
        "complaint": "Reclamo",
    },
}


def render(
    kind: str, *, submission: Submission | None, dsr: DataSubjectRequest | None, context: Mapping[str, Any]
) -> tuple[str, str, str]:
    """Return subject, text and HTML in the language of the submission; staff notices in English.

    Instants are shown in the zone of the receipt. The HTML is made of the text: the two cannot differ.
    """
    language = "en" if kind in STAFF_KINDS else context.get("language") or known_language(submission)
    zone = submission.received_zone if submission else "UTC"
    values = {**_standing(kind, submission, dsr, language), "zone": zone, **context}
    values["effects"] = [right_title(right, language) for right in context.get("effects", ())]
    with translation.override(language), timezone.override(ZoneInfo(zone)):
        subject = " ".join(render_to_string(f"notices/{kind}/{language}/subject.txt", values).split())
        text = tidy(render_to_string(f"notices/{kind}/{language}/body.txt", values))
        html = as_html(text, subject=subject, language=language, kind=kind)
    return subject, text, html


def task_link(secret: str) -> str:
    """Return the address at which a department's task is opened."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/t/{secret}/"


def as_html(text: str, *, subject: str, language: str, kind: str) -> str:
    """Return the text as HTML: paragraphs, and lists where every line begins with a dash."""
    blocks = []
    for block in text.split("\n\n"):
        lines = block.splitlines()
        head = [line for line in lines if not line.startswith("- ")]
        items = [line[2:] for line in lines if line.startswith("- ")]
        plain = lines[: len(head)] == head  # a list, if any, stands after its heading
        blocks.append((head, items) if plain else (lines, []))
    values = {"blocks": blocks, "subject": subject, "language": language, "kind": kind}
    return render_to_string(f"notices/{kind}/{language}/body.html", values).strip()


def tidy(text: str) -> str:
    """Take out what template tags leave: trailing blanks and more than one empty line."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    kept = [line for n, line in enumerate(lines) if line or (n and lines[n - 1])]
    return "\n".join(kept) + "\n"


def known_language(submission: Submission | None) -> str:
    """Return the language letters are written in: the submission's where we have it, else English."""
    language = submission.language.split("-")[0] if submission else "en"
    return language if language in LANGUAGES else "en"


def right_title(right: str, language: str) -> str:
    """Return the name of a right in the language of a letter."""
    return RIGHT_TITLES[language][right]


def _standing(
    kind: str, submission: Submission | None, dsr: DataSubjectRequest | None, language: str
) -> dict[str, Any]:
    values: dict[str, Any] = {"organisation": settings.ORGANISATION_NAME, "portal": settings.PUBLIC_URL.rstrip("/")}
    if submission is None:
        return values
    if kind in TASK_KINDS:
        return {**values, "link": task_link(UNTOLD)}
    values["case_label"] = submission.case_label
    if kind in CONTACT_KINDS:
        return values
    asked = [dsr.right] if dsr else list(submission.requests.order_by("right").values_list("right", flat=True))
    values["right_titles"] = [right_title(right, language) for right in asked]
    if kind not in STAFF_KINDS:  # notices to staff name cases, never people
        policy = policy_of(submission.policy)  # parsed once per process
        values["name"] = _reader(kind, submission)
        values["authority"] = policy.complaint_authority.in_language(language)
        values["on_paper"] = kind in SUBJECT_KINDS or not submission.email_sealed
        values["court"] = policy.court_note.in_language(language)
    return values


def _reader(kind: str, submission: Submission) -> str:
    authority = Authority.objects.filter(submission=submission).first()
    return authority.name if authority is not None and goes_to_person(kind, authority) else submission.name


def goes_to_person(kind: str, authority: Authority) -> bool:
    """Whether a letter is not for whoever filed but for the person for whom they did: the answer, if it is theirs, and
    all of them once they go on alone."""
    if kind in SUBJECT_KINDS:
        return True
    if authority.package_to != Authority.PackageTo.PERSON or not authority.name_sealed:
        return False
    return authority.taken_over_at is not None or kind in ANSWERS
