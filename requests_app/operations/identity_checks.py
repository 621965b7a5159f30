"""Evaluating a code or a link, and what follows from a right one. Below the verbs: several of them need it."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from requests_app.models import Contact, IdentityCheck, Submission
from requests_app.rules.identity import CONTACT
from requests_app.rules.lifecycle import Action, State

from . import complaints, evidence, on_behalf
from .actors import Actor
from .asking import DOUBTED
from .evidence import Kind
from .identity_codes import TRIES, code_for, is_alive, is_guessed_at, newest
from .lookups import owe_lookups
from .team import HANDLER, OFFICER, tell
from .transition import advance

BEGINS = frozenset({IdentityCheck.Purpose.VERIFY, IdentityCheck.Purpose.FRESH})
RECENT = timedelta(minutes=15)  # after a code was typed


def _locked(submission: Submission) -> Submission:
    return Submission.objects.select_for_update().get(pk=submission.pk)


def confirm(
    submission: Submission,
    *,
    purpose: str,
    code: str,
    actor: Actor,
    at: datetime,
    by_link: bool = False,
    contact: Contact | None = None,
) -> bool:
    """Evaluate a typed code, at most five times per issue under any parallelism, and five behind its link. True where
    it was right.

    What the code of a contact brings about is the caller's, in the same transaction; the address typed gains nothing.
    `by_link`: on the page behind a link that went to its address. Guessing at a code elsewhere never closes that one.
    """
    with transaction.atomic():
        locked = _locked(submission)
        check = newest(locked, purpose=purpose, contact=contact)
        if check is None or not is_alive(check, at):
            return False
        if not by_link and is_guessed_at(check.email_digest):
            return False
        tries = "link_tries" if by_link else "tries"
        left = IdentityCheck.objects.filter(pk=check.pk, passed_at=None, **{f"{tries}__lt": TRIES})
        if not left.update(**{tries: F(tries) + 1}):
            return False
        digits = "".join(c for c in code if c.isdigit())
        if digits != code_for(check) or not check.email_digest:
            evidence.append(
                locked.pk, Kind.CODE_REFUSED, actor=actor, at=at, body={"check": str(check.pk), "purpose": purpose}
            )
            return False
        _pass(check, locked, actor=actor, at=at)
        return True


def confirm_from_session(check: IdentityCheck, *, actor: Actor, at: datetime) -> bool:
    """Accept the link, posted from the session in which the request was filed."""
    with transaction.atomic():
        locked = _locked(check.submission)
        fresh = IdentityCheck.objects.get(pk=check.pk)
        if not is_alive(fresh, at) or fresh.contact_id is not None:
            return False
        _pass(fresh, locked, actor=actor, at=at)
        return True


def confirm_found(submission: Submission, *, actor: Actor, at: datetime) -> bool:
    """Begin what its person found by a code to the same address just now, and says is theirs."""
    with transaction.atomic():
        locked = _locked(submission)
        recent = IdentityCheck.objects.filter(
            email_digest=locked.email_digest, passed_at__gt=at - RECENT, passed_at__lte=at
        )
        check = recent.exclude(email_digest="").order_by("-passed_at").first()
        if check is None or locked.assurance >= CONTACT:  # confirmed before, and asked anew: that takes a new code
            return False
        _begin(check, locked, actor=actor, at=at)
        return True


def begin(submission: Submission, *, rung: int, proof: Mapping[str, str], actor: Actor, at: datetime) -> None:
    """Raise the assurance, and move on whatever waited for it; evidence names the `proof` by ids and codes only.

    Needs the caller's transaction with the submission locked.
    """
    on_behalf.refuse_full_day(submission, at=at)
    Submission.objects.filter(pk=submission.pk, assurance__lt=rung).update(assurance=rung)
    owe_lookups(submission, at=at)
    moved = False
    for dsr in submission.requests.filter(state=State.AWAITING_VERIFICATION).exclude(**DOUBTED).order_by("pk"):
        # A higher rung, where the policy asks one, is shown in the decision: "how identity was matched".
        dsr = advance(
            dsr,
            Action.CONFIRM_IDENTITY,
            actor=actor,
            at=at,
            values={"waiting_since": None},
            body={**proof, "rung": rung},
        )
        team = complaints.members_without_part(dsr, HANDLER, OFFICER)
        tell(team, "staff_new", dsr, occurrence=f"{dsr.pk}:{dsr.opened_at.isoformat()}", at=at)
        moved = True
    on_behalf.ask_person(Submission.objects.get(pk=submission.pk), actor=actor, at=at)
    if not moved:
        evidence.append(submission.pk, Kind.IDENTITY_CONFIRMED, actor=actor, at=at, body={**proof, "rung": rung})


def _pass(check: IdentityCheck, submission: Submission, *, actor: Actor, at: datetime) -> None:
    IdentityCheck.objects.filter(pk=check.pk).update(passed_at=at)
    if check.purpose in BEGINS and check.contact_id is None:
        _begin(check, submission, actor=actor, at=at)
        return
    # Whoever looks for her requests confirms none of them: somebody else may have filed in her name. And a contact is
    # not the address typed.
    told: dict[str, str | int] = {"check": str(check.pk), "rung": CONTACT, "purpose": check.purpose}
    if check.contact_id is not None:
        told["contact"] = str(check.contact_id)
    evidence.append(submission.pk, Kind.IDENTITY_CONFIRMED, actor=actor, at=at, body=told)


def _begin(check: IdentityCheck, submission: Submission, *, actor: Actor, at: datetime) -> None:
    proof = {"check": str(check.pk), "purpose": check.purpose}
    begin(submission, rung=CONTACT, proof=proof, actor=actor, at=at)
