"""Another address after the first was confirmed: an old channel may vouch for a new one, never the reverse.

The new address works once a code that went there was typed. The old one is told at once, and one page of its message
says either: this was me, which lifts what the change put back, or: this was not me, which undoes it.
"""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from requests_app.models import Contact, ContactChange, IdentityCheck, Notice, ProofRequest, SignIn, Submission
from requests_app.models.contact_change import unvouched
from requests_app.models.keys import look_digests, lookup_digests, seal
from requests_app.rules.identity import CONTACT

from . import evidence
from .actors import Actor
from .contacts import add_contact
from .evidence import Kind
from .identity_checks import confirm as evaluate
from .identity_codes import LASTING, issue
from .lookups import owe_lookups
from .notices import owe
from .owed_steps import wake_steps
from .refused import Refused
from .stopping import confirmed_erasures, stop
from .team import alarm_officers

ALARM = "The earlier address of this case says that its change was not asked for by its holder. It stands again."
Purpose = IdentityCheck.Purpose


def asked(submission: Submission) -> ContactChange | None:
    """Return the change that waits for the code of the new address."""
    rows = ContactChange.objects.filter(submission=submission).select_related("new").order_by("-asked_at")
    newest = rows.first()
    return newest if newest is not None and newest.changed_at is None else None


def ask(
    submission: Submission, *, email: str, proved: bool, old_mailbox_lost: bool, actor: Actor, at: datetime
) -> ContactChange:
    """Ask for another address: a code goes there, and nothing changes before it is typed.

    `proved`: a code of the present address was typed just now; without it `old_mailbox_lost` has to be said, and then
    the change stays in doubt until two people verified it by hand. Raises Refused.
    """
    with transaction.atomic():
        locked = _locked(submission)
        if locked.assurance < CONTACT:
            raise Refused(_("This address is not confirmed yet. Mend it where you filed."))
        if not (proved or old_mailbox_lost):
            raise Refused(_("First type a code that went to the present address."))
        if unvouched(locked) is not None:
            raise Refused(_("The last change waits for a word from the earlier address. After that you can change it."))
        if locked.email_digest in lookup_digests(email):
            raise Refused(_("This is the address that we have already."))
        new = add_contact(locked, role=Contact.Role.NEW, address=email, actor=actor, at=at)
        change = ContactChange.objects.create(
            submission=locked, new=new, old_mailbox_lost=not proved and old_mailbox_lost, asked_at=at
        )
        issue(locked, purpose=Purpose.CHANGE, actor=actor, at=at, contact=new)
        return change


def send_again(submission: Submission, *, actor: Actor, at: datetime) -> None:
    """Send the new address another code; the one before is dead. Raises Refused over the limit."""
    with transaction.atomic():
        locked = _locked(submission)
        change = asked(locked)
        if change is None:
            raise Refused(_("There is nothing to confirm here."))
        issue(locked, purpose=Purpose.CHANGE, actor=actor, at=at, contact=change.new)


def confirm(submission: Submission, *, code: str, actor: Actor, at: datetime) -> bool:
    """Take the code that went to the new address; where it is right, the address is changed from now on.

    What was owed and not sent goes to the new address, as pointers do: without content. The former one is told.
    An opt-out stays with the address that it was made for.
    """
    with transaction.atomic():
        locked = _locked(submission)
        change = asked(locked)
        if change is None or unvouched(locked) is not None:
            raise Refused(_("There is nothing to confirm here."))
        if not evaluate(locked, purpose=Purpose.CHANGE, code=code, actor=actor, at=at, contact=change.new):
            return False
        former = add_contact(locked, role=Contact.Role.FORMER, address=locked.email, actor=actor, at=at)
        ContactChange.objects.filter(pk=change.pk).update(
            former=former, assurance_before=locked.assurance, changed_at=at
        )
        _put(locked, change.new.address, assurance=CONTACT, at=at)
        _leave_links(locked, to=former)
        evidence.append(
            locked.pk,
            Kind.ADDRESS_CHANGED,
            actor=actor,
            at=at,
            body={
                "change": str(change.pk),
                "former": str(former.pk),
                "new": str(change.new_id),
                "old_mailbox_lost": str(change.old_mailbox_lost).lower(),
            },
        )
        issue(locked, purpose=Purpose.FORMER, actor=actor, at=at, contact=former)
        owe("address_changed", submission=locked, occurrence=str(change.pk), context={"at": at}, at=at)
        return True


def vouch(check: IdentityCheck, *, code: str, actor: Actor, at: datetime) -> bool:
    """This was me: the old address vouches for the new one, and the proof of before counts again."""
    with transaction.atomic():
        locked = _locked(check.submission)
        change = _of_former(check, locked)
        if not _is_right(check, locked, code, actor=actor, at=at):
            return False
        ContactChange.objects.filter(pk=change.pk).update(vouched_at=at)
        Submission.objects.filter(pk=locked.pk).update(assurance=max(locked.assurance, change.assurance_before))
        same = Contact.objects.filter(submission=locked, role=Contact.Role.ON_FILE, confirmed_at=None, denied_at=None)
        if change.former is not None:  # where it is the one on file as well, its code need not be typed twice
            same.filter(email_digest=change.former.email_digest).update(confirmed_at=at)
        evidence.append(locked.pk, Kind.ADDRESS_VOUCHED, actor=actor, at=at, body={"change": str(change.pk)})
        wake_steps(locked.pk, at=at)
        return True


def undo(check: IdentityCheck, *, code: str, actor: Actor, at: datetime) -> bool:
    """This was not me: the old address stands again, what was confirmed since is stopped, and staff are alarmed."""
    with transaction.atomic():
        locked = _locked(check.submission)
        change = _of_former(check, locked)
        if not _is_right(check, locked, code, actor=actor, at=at):
            return False
        former = change.former
        assert former is not None
        assert change.changed_at is not None
        ContactChange.objects.filter(pk=change.pk).update(undone_at=at)
        Contact.objects.filter(pk=former.pk).update(denied_at=at)
        _put(locked, former.address, assurance=change.assurance_before, at=at)
        IdentityCheck.objects.filter(submission=locked, contact=None, dead_at=None, passed_at=None).update(dead_at=at)
        SignIn.objects.filter(pk=locked.pk, first_at__gte=change.changed_at).delete()  # of whoever changed it
        _doubt_again(locked, since=change.changed_at)
        evidence.append(locked.pk, Kind.ADDRESS_RESTORED, actor=actor, at=at, body={"change": str(change.pk)})
        stop(confirmed_erasures(locked, since=change.changed_at), actor=actor, at=at, by=str(former.pk))
        owe("address_restored", submission=locked, occurrence=str(change.pk), context={"at": at}, at=at)
        alarm_officers(ALARM, submission=locked, occurrence=f"undone:{change.pk.hex}", at=at)
        return True


def _locked(submission: Submission) -> Submission:
    return Submission.objects.select_for_update().get(pk=submission.pk)


def _of_former(check: IdentityCheck, submission: Submission) -> ContactChange:
    change = unvouched(submission)
    if change is None or check.purpose != Purpose.FORMER or check.contact_id != change.former_id:
        raise Refused(_("This has been settled already. Nothing is open here."))
    return change


def _is_right(check: IdentityCheck, submission: Submission, code: str, *, actor: Actor, at: datetime) -> bool:
    return evaluate(
        submission, purpose=Purpose.FORMER, code=code, actor=actor, at=at, by_link=True, contact=check.contact
    )


def _doubt_again(submission: Submission, *, since: datetime) -> None:
    """What a document of whoever changed the address settled is not settled: staff withdraw it, or ask anew."""
    settled = ProofRequest.objects.filter(dsr__submission=submission, end=ProofRequest.End.CONFIRMED)
    for doubt in settled.filter(ended_at__gte=since).order_by("-ended_at"):
        if not ProofRequest.objects.filter(dsr=doubt.dsr_id, end="").exists():
            ProofRequest.objects.filter(pk=doubt.pk).update(end="", ended_at=None, shown_on=None)


def _put(submission: Submission, address: str, *, assurance: int, at: datetime) -> None:
    """Make it the address of the case: sessions of the one before end here, and codes that are alive die."""
    submission.email_sealed = seal(submission.pk, submission.place("email"), address)
    submission.email_digest, submission.look_digest = lookup_digests(address)[0], look_digests(address)[0]
    submission.assurance, submission.address_since = assurance, at
    submission.save(update_fields=["email_sealed", "email_digest", "look_digest", "assurance", "address_since"])
    alive = IdentityCheck.objects.filter(submission=submission, dead_at=None, passed_at=None)
    alive.exclude(purpose__in=LASTING).update(dead_at=at)
    owe_lookups(submission, at=at)  # what a data source said of the one before says nothing of this one


def _leave_links(submission: Submission, *, to: Contact) -> None:
    """Links by which the address of before objects stay with it: also the mails that are not sent yet."""
    links = IdentityCheck.objects.filter(submission=submission, contact=None, dead_at=None, purpose__in=LASTING)
    unsent = Notice.objects.filter(check_id__in=list(links.values_list("pk", flat=True)), next_try_at__isnull=False)
    unsent.update(contact=to, recipient=f"contact:{to.pk.hex}")
    links.update(contact=to)
