"""Owing a notice: rendered once, sealed, stored in the transaction that causes it. Sending is `delivery`.

What `context` has to bring, per kind (dates are `date`, instants aware `datetime`):

| kind | keys | optional |
|---|---|---|
| acknowledgement | due_on, steps (of a Deadline) | effects (in force already), effective_at, needs_code, for_another |
| code | - (and `check`) | |
| question | question | due_on |
| decision_done | letter | files_until |
| decision_partly, decision_refused | letter, ground_label | files_until (partly) |
| lapsed | missing (a sentence) | |
| cancelled | - | |
| reminder_verify | lapses_on | |
| missed | due_on, days_late | |
| effect, effect_undone | effective_at | |
| address_changed | at | |
| erasure_question | lapses_on, confirm_by, late, cooling_off_days | |
| erasure_confirmed | until_on, due_on | |
| address_restored | at | |
| contact_stopped | - | |
| reopened | due_on, steps | |
| receipt_corrected | old_on, new_on, due_before, due_on, steps | overdue |
| deadline_extended | due_before, due_on, reason, steps | |
| deadline_paused | first_on, planned_last_on, due_before, due_on, reason, steps | |
| deadline_resumed | first_on, last_on, due_before, due_on, steps | |
| deadline_earlier | due_before, due_on, steps | |
| package_ending | ends_on | |
| staff_new, staff_unassigned | due_on | |
| staff_due | due_on, days_left | |
| staff_overdue | due_on, days_late | ended (late, but over) |
| staff_digest | day, counts (pairs of label and number) | |
| staff_answered | - | |
| authority_refused, authority_narrowed, authority_ended | - | |
| contact_authority, contact_answer, contact_alone | - | |
| staff_authority | what (a sentence without personal data) | |
| staff_alarm | alarm (a sentence without personal data) | |
| proof_asked | reason, due_on, lapses_on (or none) | |
| proof_rejected | reason, due_on | |
| proof_settled | confirmed (else withdrawn), due_on | |
| reminder_proof | lapses_on (or none) | |
| staff_proof | step: review, confirm, done, infected | |

Kinds named contact_* go to another address of the case. Every template also gets: organisation, portal (PUBLIC_URL),
zone, case_label; but for contacts right_titles (those of the dsr, else of the whole submission); and for the person
name, authority, court, on_paper (no e-mail, so no page either). `effects` are keys of rights.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation

from requests_app.models import Authority, Contact, DataSubjectRequest, IdentityCheck, Notice, Submission
from requests_app.models.keys import seal

from .policies import policy_of

NEEDS: Mapping[str, tuple[str, ...]] = {
    "acknowledgement": ("due_on", "steps"),
    "code": (),
    "question": ("question",),
    "decision_done": ("letter",),
    "decision_partly": ("letter", "ground_label"),
    "decision_refused": ("letter", "ground_label"),
    "lapsed": ("missing",),
    "cancelled": (),
    "reminder_verify": ("lapses_on",),
    "missed": ("due_on", "days_late"),
    "effect": ("effective_at",),
    "effect_undone": ("effective_at",),
    "address_changed": ("at",),
    "erasure_question": ("lapses_on", "confirm_by", "late", "cooling_off_days"),
    "erasure_confirmed": ("until_on", "due_on"),
    "address_restored": ("at",),
    "contact_stopped": (),
    "reopened": ("due_on", "steps"),
    "receipt_corrected": ("old_on", "new_on", "due_before", "due_on", "steps"),
    "deadline_extended": ("due_before", "due_on", "reason", "steps"),
    "deadline_paused": ("first_on", "planned_last_on", "due_before", "due_on", "reason", "steps"),
    "deadline_resumed": ("first_on", "last_on", "due_before", "due_on", "steps"),
    "deadline_earlier": ("due_before", "due_on", "steps"),
    "package_ending": ("ends_on",),
    "staff_new": ("due_on",),
    "staff_due": ("due_on", "days_left"),
    "staff_overdue": ("due_on", "days_late"),
    "staff_digest": ("day", "counts"),
    "staff_unassigned": ("due_on",),
    "staff_answered": (),
    "authority_refused": (),
    "authority_narrowed": (),
    "authority_ended": (),
    "contact_authority": (),
    "contact_answer": (),
    "contact_alone": (),
    "staff_authority": ("what",),
    "staff_alarm": ("alarm",),
    "proof_asked": ("reason", "due_on", "lapses_on"),
    "proof_rejected": ("reason", "due_on"),
    "proof_settled": ("confirmed", "due_on"),
    "reminder_proof": ("lapses_on",),
    "staff_proof": ("step",),
}
KINDS = tuple(NEEDS)
STAFF_KINDS = tuple(kind for kind in KINDS if kind.startswith("staff_"))
CONTACT_KINDS = tuple(kind for kind in KINDS if kind.startswith("contact_"))
PERSON = "person"
LANGUAGES = ("en", "it")

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


@dataclass(frozen=True, slots=True)
class Owed:
    """A notice before it is rendered; the fields as in `owe`."""

    kind: str
    submission: Submission | None
    dsr: DataSubjectRequest | None
    staff: AbstractBaseUser | None
    occurrence: str
    context: Mapping[str, Any]
    contact: Contact | None = None

    @property
    def key(self) -> dict[str, str]:
        """What is unique of a notice."""
        return {
            "scope": str(self.submission.pk) if self.submission else "staff",
            "kind": self.kind,
            "occurrence": self.occurrence,
            "recipient": self.recipient,
        }

    @property
    def recipient(self) -> str:
        """Who reads it."""
        if self.contact is not None:
            return f"contact:{self.contact.pk.hex}"
        return str(self.staff.pk) if self.staff else PERSON


def owe(
    kind: str,
    *,
    submission: Submission | None,
    dsr: DataSubjectRequest | None = None,
    staff: AbstractBaseUser | None = None,
    occurrence: str,
    context: Mapping[str, Any],
    at: datetime,
    check: IdentityCheck | None = None,
    contact: Contact | None = None,
) -> Notice:
    """Store the notice, or return the one already owed for this scope, kind, occurrence and recipient.

    `contact`: another address of the case. Kinds named contact_* go there, as mail that carries its own text, and so
    do codes; neither names a right, a person or data. `occurrence` tells the requests of one submission apart where
    `dsr` is given. Raises ValueError for an unknown kind, a missing context key, a wrong recipient, or an occurrence
    taken by another request.
    """
    owed = Owed(kind, submission, dsr, staff, occurrence, context, contact)
    _refuse_nonsense(owed, check)
    if (found := Notice.objects.filter(**owed.key).first()) is not None:
        return _same_request(found, dsr)
    notice = _rendered(owed, at=at, check=check)
    try:
        with transaction.atomic():
            notice.save(force_insert=True)
            return notice
    except IntegrityError:
        found = Notice.objects.filter(**owed.key).first()
        if found is None:
            raise
        return _same_request(found, dsr)


def owe_all(owed: Sequence[Owed], *, at: datetime) -> None:
    """Store many notices in one statement, those already owed left as they are. Raises as `owe` does for nonsense."""
    for one in owed:
        _refuse_nonsense(one, None)
    Notice.objects.bulk_create([_rendered(one, at=at) for one in owed], ignore_conflicts=True)


def _rendered(owed: Owed, *, at: datetime, check: IdentityCheck | None = None) -> Notice:
    submission, staff = owed.submission, owed.staff
    subject, text, html = render(owed.kind, submission=submission, dsr=owed.dsr, context=owed.context)
    pk, owner = uuid.uuid4(), submission.pk if submission else None
    address = getattr(staff, "email", "") if staff else owed.contact or (submission and submission.email_sealed)
    return Notice(
        id=pk,
        **owed.key,
        submission=submission,
        dsr=owed.dsr,
        staff_id=staff.pk if staff else None,
        contact=owed.contact,
        check_id=check.pk if check else None,
        subject_sealed=seal(owner, f"notice.subject.{pk}", subject),
        text_sealed=seal(owner, f"notice.text.{pk}", text),
        html_sealed=seal(owner, f"notice.html.{pk}", html),
        created_at=at,
        delivery=Notice.Delivery.PENDING if address else Notice.Delivery.NONE,
        next_try_at=at if address else None,
    )


def render(
    kind: str, *, submission: Submission | None, dsr: DataSubjectRequest | None, context: Mapping[str, Any]
) -> tuple[str, str, str]:
    """Return subject, text and HTML in the language of the submission; staff notices in English.

    Instants are shown in the zone of the receipt. The HTML is made of the text: the two cannot differ.
    """
    language = "en" if kind in STAFF_KINDS else known_language(submission)
    zone = submission.received_zone if submission else "UTC"
    values = {**_standing(kind, submission, dsr, language), "zone": zone, **context}
    values["effects"] = [right_title(right, language) for right in context.get("effects", ())]
    with translation.override(language), timezone.override(ZoneInfo(zone)):
        subject = " ".join(render_to_string(f"notices/{kind}/{language}/subject.txt", values).split())
        text = tidy(render_to_string(f"notices/{kind}/{language}/body.txt", values))
        html = as_html(text, subject=subject, language=language, kind=kind)
    return subject, text, html


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
    values["case_label"] = submission.case_label
    if kind in CONTACT_KINDS:
        return values
    asked = [dsr.right] if dsr else list(submission.requests.order_by("right").values_list("right", flat=True))
    values["right_titles"] = [right_title(right, language) for right in asked]
    if kind not in STAFF_KINDS:  # notices to staff name cases, never people
        policy = policy_of(submission.policy)  # parsed once per process
        values["name"] = _reader(kind, submission)
        values["authority"] = policy.complaint_authority.in_language(language)
        values["on_paper"] = not submission.email_sealed
        values["court"] = policy.court_note.in_language(language)
    return values


def _reader(kind: str, submission: Submission) -> str:
    """Who is greeted: whoever filed; of an answer that goes to the person for whom they filed, that person."""
    authority = Authority.objects.filter(submission=submission, package_to=Authority.PackageTo.PERSON).first()
    named = authority.name if authority and kind in {"decision_done", "decision_partly"} else ""
    return named or submission.name


def _refuse_nonsense(owed: Owed, check: IdentityCheck | None) -> None:
    kind, context = owed.kind, owed.context
    if kind not in NEEDS:
        raise ValueError(f"no notice is called {kind!r}")
    if (kind in STAFF_KINDS) != (owed.staff is not None) or (owed.staff is None and owed.submission is None):
        raise ValueError(f"{kind}: notices named staff_* go to staff, all others to the person of a submission")
    if kind != "code" and (kind in CONTACT_KINDS) != (owed.contact is not None):
        raise ValueError(f"{kind}: notices named contact_* go to a contact, all others do not")
    if owed.contact is not None and owed.contact.submission_id != (owed.submission and owed.submission.pk):
        raise ValueError(f"{kind}: this contact belongs to another case")
    if (kind == "code") != (check is not None):
        raise ValueError(f"{kind}: a code mail, and nothing else, carries an identity check")
    if missing := [key for key in NEEDS[kind] if key not in context]:
        raise ValueError(f"{kind}: the context lacks {', '.join(missing)}")


def _same_request(found: Notice, dsr: DataSubjectRequest | None) -> Notice:
    if found.dsr_id != (dsr.pk if dsr else None):
        raise ValueError(f"{found.kind}: this occurrence belongs to another request; make it distinct")
    return found
