"""The second confirmation of an erasure: asked on its own, by a code of its own, and followed by days to stop it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from requests_app.models import DataSubjectRequest, ErasureConfirmation, IdentityCheck, Message, Submission
from requests_app.rules.erasure import cooling_off_until, last_day_to_confirm, waits_for_access
from requests_app.rules.lifecycle import State
from requests_app.rules.response_deadline import received_on

from . import evidence, messages
from .actors import Actor
from .authorities import decider, person_confirms
from .erasing import AT_WORK, confirmation_of, erases, facts_of
from .evidence import Kind
from .identity_checks import confirm as evaluate
from .identity_codes import issue
from .lapsing import lapse
from .notices import owe
from .plan_digest import digest_of_plan
from .plan_shown import remember, shown_now
from .policies import policy_of
from .refused import Refused
from .reopening import take_up_again
from .stopping import confirmed_erasures, send_stop_links
from .stopping import stop as stop_all
from .team import HANDLER, OFFICER, alarm_officers, members, require, tell
from .transition import lock, reschedule

CARRIED_OUT = (State.EXECUTING, State.FULFILLED, State.PARTLY_FULFILLED)
TOO_LATE = "A known address wants an erasure stopped that was carried out before. Judge whether this is a breach."


def is_asked(dsr: DataSubjectRequest, *, at: datetime) -> bool:
    """Whether the person is to say a second time, now, that their data are to be erased."""
    facts = facts_of(dsr, at=at)
    return facts is not None and dsr.state in AT_WORK and facts.confirmed_at is None and not waits_for_access(facts)


def is_late(dsr: DataSubjectRequest, *, at: datetime) -> bool:
    """Whether a confirmation now starts a new clock, since the cooling-off would not end before the answer is due."""
    policy = policy_of(dsr.policy)
    return received_on(at, policy.time_zone) > last_day_to_confirm(dsr.due_on, policy.erasure_cooling_off_days)


def issue_code(dsr: DataSubjectRequest, *, actor: Actor, at: datetime) -> IdentityCheck:
    """Send a code that confirms an erasure and nothing else. Raises Refused where nothing is asked."""
    with transaction.atomic():
        dsr = lock(dsr)
        _refuse_unasked(dsr, at=at)
        contact = decider(dsr.submission)
        return issue(dsr.submission, purpose=IdentityCheck.Purpose.ERASE, actor=actor, at=at, contact=contact)


def confirm(dsr: DataSubjectRequest, *, code: str, actor: Actor, at: datetime) -> DataSubjectRequest | None:
    """Confirm the erasure a second time; None where the code is wrong. Raises Refused where nothing is asked."""
    with transaction.atomic():
        dsr = lock(dsr)
        _refuse_unasked(dsr, at=at)
        contact, purpose = decider(dsr.submission), IdentityCheck.Purpose.ERASE
        if not evaluate(dsr.submission, purpose=purpose, code=code, actor=actor, at=at, contact=contact):
            return None
        return _record(dsr, by="code", actor=actor, at=at)


def record_in_writing(dsr: DataSubjectRequest, *, how: str, actor: Actor, at: datetime) -> DataSubjectRequest:
    """Record that a person without an address for mail confirmed it by letter; `how` is kept as an internal note."""
    require(actor, "record_confirmation")
    if not how.strip():
        raise Refused("Say how and when the person confirmed it, and how you know that it was them.")
    with transaction.atomic():
        dsr = lock(dsr)
        if dsr.submission.email_digest or decider(dsr.submission) is not None:
            raise Refused("This person has a page: they confirm it there, by a code of its own.")
        _refuse_unasked(dsr, at=at)
        note = messages.write(dsr, author=Message.Author.INTERNAL, text=how, actor=actor, at=at)
        return _record(dsr, by=str(note.pk), actor=actor, at=at)


def stop(check: IdentityCheck, *, code: str, at: datetime) -> bool:
    """Stop every confirmed erasure of the case, by the code of the mail in whose link it is typed. False where wrong.

    Whoever reads a known address can: too many erasures stopped are mended, one too few is not. Too late, it alarms
    the officers, and Refused is raised.
    """
    contact = check.contact
    actor = Actor.contact(contact.pk) if contact else Actor.person()
    with transaction.atomic():
        submission = Submission.objects.select_for_update().get(pk=check.submission_id)
        dsrs = confirmed_erasures(submission)
        right = evaluate(
            submission, purpose=IdentityCheck.Purpose.STOP, code=code, actor=actor, at=at, by_link=True, contact=contact
        )
        if dsrs and right:
            stop_all(dsrs, actor=actor, at=at, by=str(contact.pk) if contact else "typed")
            return True
        if dsrs:
            return False
        if right:
            _alarm_too_late(submission, check, at=at)
    raise Refused(_("This has been settled already. Nothing is open here."))


def _alarm_too_late(submission: Submission, check: IdentityCheck, *, at: datetime) -> None:
    """Somebody objects to what was carried out: if they are the person, it was a breach."""
    for dsr in submission.requests.filter(state__in=CARRIED_OUT).order_by("pk"):
        if erases(dsr):
            occurrence = f"late:{check.pk.hex}:{dsr.pk.hex}"
            alarm_officers(TOO_LATE, submission=dsr.submission, dsr=dsr, occurrence=occurrence, at=at)


def _refuse_unasked(dsr: DataSubjectRequest, *, at: datetime) -> None:
    if not erases(dsr) or dsr.state not in AT_WORK:
        raise Refused(_("There is nothing to confirm here."))
    if confirmation_of(dsr) is not None:
        raise Refused(_("This is confirmed already."))
    if decider(dsr.submission) is None and person_confirms(dsr.submission, at=at):
        raise Refused(_("The person for whom you ask confirms this, once they have said yes."))
    if not is_asked(dsr, at=at):
        raise Refused(_("Your request to see your data comes first. We ask you after that."))


def _record(dsr: DataSubjectRequest, *, by: str, actor: Actor, at: datetime) -> DataSubjectRequest:
    policy, shown = policy_of(dsr.policy), shown_now(dsr)
    if is_late(dsr, at=at):
        # The letter comes in time, and the erasure is not hurried for it: ended, and taken up again from this day.
        ended = lapse(dsr, actor=actor, at=at)
        dsr = take_up_again(ended, waits=False, actor=actor, at=at)
        tell(members(HANDLER, OFFICER), "staff_new", dsr, occurrence=f"{dsr.pk}:{at.isoformat()}", at=at)
    until = cooling_off_until(received_on(at, policy.time_zone), policy.erasure_cooling_off_days)
    remember(dsr, shown)
    ErasureConfirmation.objects.create(dsr=dsr, opened_at=dsr.opened_at, confirmed_at=at, cooling_off_until=until)
    evidence.append(
        dsr.submission_id,
        Kind.ERASURE_CONFIRMED,
        actor=actor,
        at=at,
        dsr_id=dsr.pk,
        body={"by": by, "cooling_off_until": until.isoformat(), "plan": digest_of_plan(dsr)},
    )
    owe(
        "erasure_confirmed",
        submission=dsr.submission,
        dsr=dsr,
        occurrence=f"{dsr.pk}:{dsr.opened_at.isoformat()}",
        context={"until_on": until, "due_on": dsr.due_on},
        at=at,
    )
    send_stop_links(dsr.submission, actor=actor, at=at)
    return reschedule(dsr, at=at)
