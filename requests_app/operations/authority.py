"""Acting for somebody else: the person says yes or no, or goes on alone; two of the team accept a document; it ends."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from requests_app.models import (
    Authority,
    Contact,
    DataSubjectRequest,
    ErasureConfirmation,
    IdentityCheck,
    Submission,
)
from requests_app.models.staff import same_person
from requests_app.rules import authority as rules
from requests_app.rules.erasure import cooling_off_until
from requests_app.rules.lifecycle import Action

from . import consents, evidence, files, on_behalf
from .access import record_look
from .actors import Actor
from .authorities import day_of, is_over, standing
from .erasing import confirmation_of, erases
from .evidence import Kind
from .identity_checks import RECENT
from .notices import owe
from .on_file_proof import settle
from .owed_steps import wake_steps
from .policies import policy_of
from .refused import Refused
from .team import refuse_own, require
from .transition import advance, reschedule

log = logging.getLogger(__name__)
BATCH = 200
FURTHEST_ZONE = timedelta(hours=14)  # ahead of UTC


def _locked(authority: Authority) -> Authority:
    """Lock the submission, and return the authority as it stands now. Needs a transaction."""
    Submission.objects.select_for_update().only("pk").get(pk=authority.submission_id)
    return Authority.objects.select_related("submission", "asked").get(pk=authority.pk)


def _proved_contact(authority: Authority, at: datetime) -> Contact:
    """Return the address asked; raises Refused unless a code that went there was typed within the last minutes."""
    contact = authority.asked
    typed = IdentityCheck.objects.filter(passed_at__gt=at - RECENT, passed_at__lte=at)
    if contact is None or not typed.filter(email_digest=contact.email_digest).exists():
        raise Refused(_("Ask for a code first: the last one was typed too long ago."))
    return contact


def confirm(authority: Authority, *, scope: Sequence[str], package_to: str, actor: Actor, at: datetime) -> Authority:
    """The person says yes, over their own address: for these rights, and for whom the answer is.

    What they leave out ends at once. Over the address on file this raises the assurance of the case; over one that
    was typed it does not, and the team compares by hand.
    """
    with transaction.atomic():
        authority = _locked(authority)
        contact = _proved_contact(authority, at)
        if is_over(authority, at=at):
            raise Refused(_("This has ended in the meantime. Nobody acts for you here any more."))
        if authority.confirmed_at:
            raise Refused(_("You have said yes already. You can still take it back."))
        agreed = [right for right in authority.scope if right in scope]
        if not agreed:
            raise Refused(_("Choose what they may ask for, or say no."))
        Authority.objects.filter(pk=authority.pk).update(scope=agreed, package_to=package_to, confirmed_at=at)
        _confirmed(contact, actor=actor, at=at)
        evidence.append(
            authority.submission_id,
            Kind.AUTHORITY_CONFIRMED,
            actor=actor,
            at=at,
            body={
                "contact": str(contact.pk),
                "role": contact.role,
                "scope": " ".join(agreed),
                "package_to": package_to,
            },
        )
        left_out = authority.submission.requests.exclude(right__in=agreed)
        if _end_requests(left_out, actor=actor, at=at):
            owe("authority_narrowed", submission=authority.submission, occurrence="1", context={}, at=at)
        _tell_what_is_left(_locked(authority), at=at)
        return _locked(authority)


def _confirmed(contact: Contact, *, actor: Actor, at: datetime) -> None:
    Contact.objects.filter(pk=contact.pk, confirmed_at=None).update(confirmed_at=at)
    if contact.role == Contact.Role.ON_FILE:
        settle(contact.submission, actor=actor, at=at)
    wake_steps(contact.submission_id, at=at)


def _tell_what_is_left(authority: Authority, *, at: datetime) -> None:
    if not rules.is_shown(standing(authority), on=day_of(authority.submission, at=at)):
        what = "The person confirmed who acts for them. Two of the team compare the document and the address by hand."
        on_behalf.tell_team(authority.submission, what=what, occurrence=f"confirmed:{authority.pk}", at=at)


def stop(authority: Authority, *, actor: Actor, at: datetime) -> Authority:
    """The person says no, or takes back what they had confirmed: nobody acts for them, and what is open ends."""
    with transaction.atomic():
        authority = _locked(authority)
        contact = _proved_contact(authority, at)
        if authority.refused_at or authority.revoked_at:
            raise Refused(_("This has ended in the meantime. Nobody acts for you here any more."))
        confirmed = authority.confirmed_at is not None
        fact, kind = ("revoked_at", Kind.AUTHORITY_REVOKED) if confirmed else ("refused_at", Kind.AUTHORITY_REFUSED)
        Authority.objects.filter(pk=authority.pk).update(**{fact: at}, wake_on=None, taken_over_at=None)
        if not confirmed:
            Contact.objects.filter(pk=contact.pk).update(denied_at=at)
        evidence.append(authority.submission_id, kind, actor=actor, at=at, body={"contact": str(contact.pk)})
        _undo_effects(authority.submission, actor=actor, at=at)
        _end_requests(authority.submission.requests.all(), actor=actor, at=at)
        owe("authority_refused", submission=authority.submission, occurrence="1", context={}, at=at)
        what = "The person does not let anybody act for them in this case. Everything open in it has ended."
        on_behalf.tell_team(authority.submission, what=what, occurrence=f"{kind}:{authority.pk}", at=at)
        return _locked(authority)


def _end_requests(rows: "QuerySet[DataSubjectRequest]", *, actor: Actor, at: datetime) -> int:
    ended = 0
    for dsr in rows.order_by("pk"):
        if dsr.is_open:
            advance(dsr, Action.CANCEL, actor=actor, at=at, values={"answered_at": at, "waiting_since": None})
            ended += 1
    return ended


def _undo_effects(submission: Submission, *, actor: Actor, at: datetime) -> None:
    for dsr in submission.requests.order_by("pk"):
        if undone := consents.take_back(dsr, how=consents.How.FORM, actor=actor, at=at):
            body = {"purposes": " ".join(row.purpose for row in undone)}
            evidence.append(submission.pk, Kind.EFFECT_REVERSED, actor=actor, at=at, dsr_id=dsr.pk, body=body)


def take_over(authority: Authority, *, actor: Actor, at: datetime) -> Authority:
    """The person goes on alone with what somebody began for them, now that nobody acts for them any more."""
    with transaction.atomic():
        authority = _locked(authority)
        contact = _proved_contact(authority, at)
        if not authority.ended_at or authority.refused_at or authority.revoked_at or authority.taken_over_at:
            raise Refused(_("There is nothing to go on with here."))
        Authority.objects.filter(pk=authority.pk).update(
            taken_over_at=at, confirmed_at=at, package_to=Authority.PackageTo.PERSON
        )
        _confirmed(contact, actor=actor, at=at)
        evidence.append(
            authority.submission_id,
            Kind.AUTHORITY_TAKEN_OVER,
            actor=actor,
            at=at,
            body={"contact": str(contact.pk), "role": contact.role},
        )
        _tell_what_is_left(_locked(authority), at=at)
        return _locked(authority)


def propose(authority: Authority, *, actor: Actor, at: datetime) -> Authority:
    """Say that the document, or the report, is in order: the first of two."""
    account = require(actor, "propose_authority")
    with transaction.atomic():
        authority = _locked(authority)
        _refuse_over(authority, at)
        refuse_own(authority.submission, account)
        if authority.proposed_at:
            raise Refused("Somebody has looked at it already. A second person accepts it.")
        Authority.objects.filter(pk=authority.pk).update(proposed_by=account, proposed_at=at)
        evidence.append(authority.submission_id, Kind.AUTHORITY_PROPOSED, actor=actor, at=at)
        return _locked(authority)


def accept(authority: Authority, *, to_agent: bool, actor: Actor, at: datetime) -> Authority:
    """Accept it as the second of two. `to_agent`: the document says that the answer may go to whoever asked.

    That is heeded only where no address of the person is known: who can be asked chooses alone.
    """
    account = require(actor, "accept_authority")
    with transaction.atomic():
        authority = _locked(authority)
        _refuse_over(authority, at)
        if authority.proposed_by is None:
            raise Refused("Nobody has looked at it yet: the first of two says that it is in order.")
        if authority.accepted_at:
            raise Refused("It is accepted already.")
        if same_person(authority.proposed_by, account):
            raise Refused("A second person accepts: you looked at it yourself.")
        refuse_own(authority.submission, account)
        if to_agent and standing(authority).has_contact:
            raise Refused("An address of the person is known: only they choose that the answer goes to somebody else.")
        package_to = Authority.PackageTo.AGENT if to_agent else authority.package_to
        Authority.objects.filter(pk=authority.pk).update(accepted_by=account, accepted_at=at, package_to=package_to)
        evidence.append(
            authority.submission_id, Kind.AUTHORITY_ACCEPTED, actor=actor, at=at, body={"package_to": package_to}
        )
        if authority.kind == Authority.Kind.REPORT:
            _confirm_erasures(authority.submission, actor=actor, at=at)
        wake_steps(authority.submission_id, at=at)
        return _locked(authority)


def _confirm_erasures(submission: Submission, *, actor: Actor, at: datetime) -> None:
    """Let the check by two stand for the second confirmation: of a reported child nobody else can be asked (B-VI).

    The days in which an erasure can be stopped are kept: the account may be an adult's after all.
    """
    for dsr in submission.requests.select_related("policy", "submission").order_by("pk"):
        if not dsr.is_open or not erases(dsr) or confirmation_of(dsr) is not None:
            continue
        until = cooling_off_until(day_of(submission, at=at), policy_of(dsr.policy).erasure_cooling_off_days)
        ErasureConfirmation.objects.create(dsr=dsr, opened_at=dsr.opened_at, confirmed_at=at, cooling_off_until=until)
        body = {"by": "report", "cooling_off_until": until.isoformat()}
        evidence.append(submission.pk, Kind.ERASURE_CONFIRMED, actor=actor, at=at, dsr_id=dsr.pk, body=body)
        reschedule(dsr, at=at)


def _refuse_over(authority: Authority, at: datetime) -> None:
    if rules.stops_release(standing(authority), on=day_of(authority.submission, at=at)):
        raise Refused("This authority has ended.")


def read_document(authority: Authority, *, actor: Actor, at: datetime) -> bytes:
    """Return the bytes of the authority document and write down who looked.

    Raises RoleMissing; OSError, KeyDestroyed or InvalidTag if the file is gone.
    """
    require(actor, "read_authority")
    content = files.read(authority.submission_id, authority.pk)
    record_look(authority.submission, what="authority document", actor=actor, at=at)
    return content


def end_due(now: datetime) -> int:
    """End what is over by now, each in its own transaction; return how many ended."""
    due = Authority.objects.filter(wake_on__lte=(now + FURTHEST_ZONE).date()).order_by("wake_on", "pk")
    done = 0
    for authority in due.select_related("submission")[:BATCH]:
        try:
            done += _end(authority, at=now)
        except Exception as error:  # one poisoned row must not keep the others acting
            log.error("authority %s cannot be ended: %s", authority.pk, type(error).__name__)
            Authority.objects.filter(pk=authority.pk).update(wake_on=now.date() + timedelta(days=1))
    return done


def _end(authority: Authority, *, at: datetime) -> bool:
    today = day_of(authority.submission, at=at)
    with transaction.atomic():
        authority = _locked(authority)
        if authority.wake_on is None or today < authority.wake_on:
            return False
        facts = standing(authority)
        last = rules.last_day(facts)
        if last is not None and today <= last:  # a child's month has come, and not the day
            Authority.objects.filter(pk=authority.pk).update(wake_on=last + timedelta(days=1))
            return False
        Authority.objects.filter(pk=authority.pk).update(wake_on=None, ended_at=at)
        evidence.append(authority.submission_id, Kind.AUTHORITY_ENDED, actor=Actor.system(), at=at)
        owe("authority_ended", submission=authority.submission, occurrence="1", context={}, at=at)
        _ask_on(authority, at=at)
        return True


def _ask_on(authority: Authority, *, at: datetime) -> None:
    """Ask the person whether they go on alone; where no address of theirs is known, the team is told instead."""
    submission = authority.submission
    contact = on_behalf.person_of(authority)
    if contact is None:
        what = "Nobody acts for the person any more, and no address of theirs is known. Reach them another way."
        on_behalf.tell_team(submission, what=what, occurrence=f"ended:{authority.pk}", at=at)
        return
    Authority.objects.filter(pk=authority.pk).update(asked=contact, asked_at=at)
    owe("contact_alone", submission=submission, contact=contact, occurrence=str(contact.pk), context={}, at=at)
