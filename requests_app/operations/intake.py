"""Receive a submission: requests, evidence, acknowledgement and code in one transaction."""

import secrets
import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from requests_app.models import DataSubjectRequest, IdentityCheck, PolicyVersion, Submission
from requests_app.models.keys import create_key, look_digests, lookup_digests, seal
from requests_app.rules import receipt_date
from requests_app.rules.authority import Kind as Acts
from requests_app.rules.authority import rights_filed
from requests_app.rules.identity import CONTACT, NO_PROOF_RIGHTS
from requests_app.rules.lifecycle import State
from requests_app.rules.policy import Policy
from requests_app.rules.response_deadline import received_on
from requests_app.rules.three_dates import ThreeDates

from . import complaints, consents, evidence, on_behalf
from .actors import Actor
from .circumstances import asked_of
from .consent_words import receipt
from .evidence import Kind
from .identity_codes import issue
from .lookups import owe_lookups
from .notices import owe
from .on_behalf import Behalf
from .owed_steps import owe_steps
from .policies import current, dates_told, deadline_from, policy_of
from .refused import Refused
from .team import HANDLER, OFFICER, require, tell
from .transition import reschedule

# Crockford's alphabet: no letter that is read as a digit over the phone.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# By which way an opt-out came; by any other channel staff entered it.
HOW = {Submission.Channel.WEB.value: consents.How.FORM}


@dataclass(frozen=True, slots=True)
class Filing:
    """What the form, or a member of staff, hands in. `received_on` is for staff only: a past local date."""

    form_key: uuid.UUID
    rights: tuple[str, ...]
    name: str
    email: str
    details: str
    language: str
    postal: str = ""
    received_on: date | None = None
    behalf: Behalf | None = None
    purposes: tuple[str, ...] = ()  # what a withdrawal of consent is about; none named: all
    about: uuid.UUID | None = None  # the request that a complaint is about
    by: consents.How | None = None  # the page or the link by which somebody stopped something: one receipt is enough


def current_policy() -> PolicyVersion | None:
    """Return the policy version in force."""
    return current()


def expected_due(version: PolicyVersion, *, at: datetime) -> ThreeDates:
    """Return the date by which a request filed at this instant is answered, with its counting."""
    return deadline_from(version, at=at)


def receive(filing: Filing, *, channel: str, actor: Actor, at: datetime) -> Submission:
    """Store what was filed, once per form key. Raises Refused with a way to mend it.

    What came by another channel than the web, or with a receipt date of its own, is entered by staff only.
    """
    if channel != Submission.Channel.WEB or filing.received_on is not None:
        require(actor, "enter")
    version = current()
    if version is None:
        raise Refused(_("The portal is not ready: no policy is published yet. Please write to us instead."))
    policy = policy_of(version)
    known = Submission.objects.filter(form_key=filing.form_key).first()
    if known is not None:
        return known
    if not filing.rights or any(right not in policy.rights for right in filing.rights):
        raise Refused(_("Choose at least one of the requests on the list."))
    if filing.behalf is not None:
        if (same := on_behalf.same_report(filing.behalf)) is not None:
            return same
        filing = _fit(filing, filing.behalf, policy, at, by_web=channel == Submission.Channel.WEB)
    received_at = _receipt(filing, policy.time_zone, at)
    pk = uuid.uuid4()
    create_key(pk)  # in its own database, first: an orphan key harms nobody
    document = on_behalf.write_document(pk, filing.behalf) if filing.behalf else None
    try:
        with transaction.atomic():
            submission = _store(filing, pk, version, channel, received_at, received_on(received_at, policy.time_zone))
            if filing.behalf and document:
                on_behalf.keep(submission, filing.behalf, pk=document, scope=filing.rights, actor=actor, at=at)
            _file_requests(submission, filing, actor=actor, at=at)
            return submission
    except IntegrityError:
        known = Submission.objects.filter(form_key=filing.form_key).first()
        if known is None:
            raise
        return known


def _fit(filing: Filing, behalf: Behalf, policy: Policy, at: datetime, *, by_web: bool) -> Filing:
    """Return the filing with the rights that come with it; raises Refused for what is no authority, or one too many.

    What staff enter may come without its paper, and waits behind no full day.
    """
    today = received_on(at, policy.time_zone)
    rights = rights_filed(behalf.kind, filing.rights, behalf.born_on, on=today, offered=policy.rights)
    needs_paper = by_web and not set(rights) <= NO_PROOF_RIGHTS
    on_behalf.refuse_unfit(behalf, requester=filing.email, on=today, at=at, needs_paper=needs_paper)
    if by_web and not set(filing.rights) <= NO_PROOF_RIGHTS:  # what takes effect at once is never kept waiting (P5, P8)
        on_behalf.refuse_flood(filing.email, at=at)
    return replace(filing, rights=rights)


def _receipt(filing: Filing, zone: str, at: datetime) -> datetime:
    if filing.received_on is None:
        return at
    if why := receipt_date.why_not(filing.received_on, entered_at=at, zone=zone):
        raise Refused(why)
    return receipt_date.instant_of(filing.received_on, entered_at=at, zone=zone)


def _store(
    filing: Filing, pk: uuid.UUID, version: PolicyVersion, channel: str, received_at: datetime, day: date
) -> Submission:
    submission = Submission(
        pk=pk,
        case_number="".join(secrets.choice(ALPHABET) for _ in range(8)),
        form_key=filing.form_key,
        channel=channel,
        email_digest=lookup_digests(filing.email)[0] if filing.email else "",
        look_digest=look_digests(filing.email)[0] if filing.email else "",
        language=filing.language,
        received_at=received_at,
        received_on=day,
        received_zone=policy_of(version).time_zone,
        policy=version,
    )
    for column in ("name", "email", "postal", "details"):
        text = str(getattr(filing, column)).strip()
        setattr(submission, f"{column}_sealed", seal(pk, submission.place(column), text))
    submission.save(force_insert=True)
    return submission


def _file_requests(submission: Submission, filing: Filing, *, actor: Actor, at: datetime) -> None:
    version = submission.policy
    needs_code = False
    deadline = deadline_from(version, at=submission.received_at)  # the promise is one for all rights
    for right in dict.fromkeys(filing.rights):
        no_proof = right in NO_PROOF_RIGHTS
        asks = asked_of(DataSubjectRequest(submission=submission, right=right, policy=version)).rung
        waits = min(asks, CONTACT) > submission.assurance
        # Without an address no code can be sent: staff match the identity of a letter by hand, in the decision.
        by_hand = waits and not filing.email
        state = State.AWAITING_VERIFICATION if waits and not by_hand else State.IN_PROGRESS
        needs_code = needs_code or state == State.AWAITING_VERIFICATION
        dates = deadline_from(version, at=submission.received_at, right=right)
        dsr = DataSubjectRequest.objects.create(
            submission=submission,
            right=right,
            state=state,
            policy=version,
            opened_at=submission.received_at,
            opened_on=submission.received_on,
            due_on=dates.due_on,
            statutory_on=dates.statutory_on,
            cautious_on=dates.cautious_on,
            effective_at=at if no_proof else None,
        )
        evidence.append(
            submission.pk,
            Kind.FILED,
            actor=actor,
            at=at,
            dsr_id=dsr.pk,
            body={
                "right": right,
                "state": state.value,
                **dates_told(dates),
                "policy": str(version),
                "received_on": submission.received_on.isoformat(),
                "channel": submission.channel,
            },
        )
        if right == complaints.RIGHT and filing.about is not None:
            complaints.keep(dsr, DataSubjectRequest.objects.get(pk=filing.about), actor=actor, at=at)
        if no_proof:
            _take_effect(dsr, filing, actor=actor, at=at)
        if state == State.IN_PROGRESS:
            owe_steps(dsr, at=at)
            team = complaints.members_without_part(dsr, HANDLER, OFFICER)
            tell(team, "staff_new", dsr, occurrence=str(dsr.pk), at=at)
        reschedule(dsr, at=at)
    if filing.behalf and filing.behalf.kind == Acts.REPORT:  # whoever reported gave no address to write to
        on_behalf.tell_of_report(submission, at=at)
        return
    if not filing.email:  # of a letter: no code is waited for, and whoever is on file is asked at once
        owe_lookups(submission, at=at)
    if filing.by is not None:
        return
    needs_code = needs_code or bool(filing.behalf and filing.email)
    if needs_code:
        issue(submission, purpose=IdentityCheck.Purpose.VERIFY, actor=actor, at=at)
    if filing.behalf:
        on_behalf.ask_person(submission, actor=actor, at=at)
    owe(
        "acknowledgement",
        submission=submission,
        occurrence="1",
        context={
            "due_on": deadline.due_on,
            "steps": deadline.steps,
            "needs_code": needs_code,
            "for_another": filing.behalf is not None,
        },
        at=at,
    )


def _take_effect(dsr: DataSubjectRequest, filing: Filing, *, actor: Actor, at: datetime) -> None:
    # P5, P8: in effect in the filing itself, told to the address and reversible from there.
    how = filing.by or HOW.get(dsr.submission.channel, consents.How.STAFF)
    stopped = consents.take_effect(dsr, chosen=filing.purposes, how=how, actor=actor, at=at)
    body = {"purposes": " ".join(stopped)}
    evidence.append(dsr.submission_id, Kind.TOOK_EFFECT, actor=actor, at=at, dsr_id=dsr.pk, body=body)
    context = {"effective_at": at, **receipt(dsr, consents.in_effect(dsr))}
    owe("effect", submission=dsr.submission, dsr=dsr, occurrence=str(dsr.pk), context=context, at=at)
