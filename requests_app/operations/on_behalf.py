"""Filing for somebody else: what is kept of it, and asking the person. Below the verbs: filing and codes need it."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from requests_app.models import Authority, Contact, DataSubjectRequest, Submission
from requests_app.models.keys import lookup_digests, seal
from requests_app.rules.addresses import normalise
from requests_app.rules.age import FOURTEEN, OF_AGE, birthday, is_under
from requests_app.rules.authority import Kind as Acts
from requests_app.rules.authority import agreement_needed
from requests_app.rules.identity import CONTACT

from . import evidence, files, scanning
from .actors import Actor
from .authorities import authority_of, best_contact, day_of, standing
from .contacts import add_contact
from .evidence import Kind
from .notices import owe
from .refused import Refused
from .team import HANDLER, OFFICER, members, tell

FILINGS_A_DAY = 20  # by one agent's address; more come by another way, so that nobody else waits behind them
MAILS_A_DAY = 5  # that ask one address whether somebody may act for them
REPORTS_AN_HOUR = 100  # of accounts of children, over all of them: the form asks for no proof
LONGEST = timedelta(days=5 * 366)  # of an agent's authority
LARGEST_PAPER = 10 * 1024 * 1024
PAPERS = (b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n")  # PDF, JPEG, PNG by their first bytes


@dataclass(frozen=True, slots=True)
class Behalf:
    """For whom somebody files, and on whose word."""

    kind: Acts
    name: str = ""
    email: str = ""
    born_on: date | None = None
    ends_on: date | None = None
    document: tuple[str, bytes] | None = None  # name and content
    account: str = ""  # of a report: what finds it
    postal: str = ""  # the person's, where staff enter it


def refuse_paper(head: bytes, size: int) -> None:
    """Raise Refused for what is no paper, by its first bytes and its size."""
    if size > LARGEST_PAPER:
        raise Refused(_("The paper: the file is larger than 10 MB. Choose a smaller one."))
    if not head.startswith(PAPERS):
        raise Refused(_("The paper: send it as a PDF, JPEG or PNG file."))


def refuse_unfit(behalf: Behalf, *, requester: str, on: date, at: datetime, needs_paper: bool = True) -> None:
    """Raise Refused for what cannot be an authority on this day; `requester` is the address of whoever files."""
    if behalf.kind == Acts.REPORT:
        refuse_reports(at=at)
        return
    if behalf.email and normalise(behalf.email) == normalise(requester):
        raise Refused(_("Their e-mail address: this is your own. Give theirs, or leave it empty."))
    content = behalf.document[1] if behalf.document else b""
    if content:
        refuse_paper(content[:8], len(content))
        scanning.refuse_infected(content)
    elif needs_paper:
        raise Refused(_("The paper: choose the file that shows that you may act for this person."))
    if behalf.kind == Acts.AGENT and (behalf.ends_on is None or not on <= behalf.ends_on <= on + LONGEST):
        raise Refused(_("Until when: give a day from today on, at most five years ahead."))
    if behalf.kind == Acts.GUARDIAN:
        _refuse_age(behalf.born_on, on)


def _refuse_age(born_on: date | None, on: date) -> None:
    if born_on is None or born_on > on:
        raise Refused(_("Date of birth: give the day on which the child was born."))
    if not is_under(born_on, OF_AGE, on=on):
        raise Refused(_("Date of birth: this person is of age. They ask themselves, or authorise you to ask."))


def refuse_flood(email: str, *, at: datetime) -> None:
    """Raise Refused where this agent's day is full: counted is what the address confirmed, so strangers fill no day."""
    if not email:
        return
    filed = Authority.objects.filter(
        submission__email_digest__in=lookup_digests(email),
        submission__received_at__gt=at - timedelta(days=1),
        submission__assurance__gte=CONTACT,
    )
    if filed.count() >= FILINGS_A_DAY:
        raise Refused(
            _("You have filed for %(count)d people within a day: that is the limit. Go on tomorrow, or write to us.")
            % {"count": FILINGS_A_DAY}
        )


def same_report(behalf: Behalf) -> Submission | None:
    """Return the open case about the same account, where somebody reported it before; one is enough."""
    if not behalf.account:
        return None
    same = Authority.objects.filter(account_digest__in=lookup_digests(behalf.account))
    row = same.filter(submission__requests__answered_at=None).select_related("submission").first()
    return row.submission if row else None


def refuse_reports(*, at: datetime) -> None:
    """Raise Refused where so many reports came that nobody could read them."""
    recent = Authority.objects.filter(kind=Acts.REPORT.value, submission__received_at__gt=at - timedelta(hours=1))
    if recent.count() >= REPORTS_AN_HOUR:
        raise Refused(_("Very many reports have come in this hour. Please write to us, or try again in an hour."))


def refuse_full_day(submission: Submission, *, at: datetime) -> None:
    """Raise Refused where a filing for somebody else would begin on a full day; it begins on the next.

    What staff entered has passed their eyes: it waits behind nothing.
    """
    by_web = submission.channel == Submission.Channel.WEB
    if by_web and submission.assurance < CONTACT and authority_of(submission) is not None:
        refuse_flood(submission.email, at=at)


def write_document(submission_id: uuid.UUID, behalf: Behalf) -> uuid.UUID:
    """Seal the document on disk, before the row that names it; return the id of both."""
    pk = uuid.uuid4()
    if behalf.document:
        files.write(submission_id, pk, behalf.document[1])
    return pk


def keep(
    submission: Submission, behalf: Behalf, *, pk: uuid.UUID, scope: tuple[str, ...], actor: Actor, at: datetime
) -> Authority:
    """Store the authority with its evidence, in the transaction that files."""
    name, content = behalf.document or ("", b"")
    authority = Authority(
        pk=pk,
        submission=submission,
        kind=behalf.kind.value,
        scope=list(scope),
        ends_on=behalf.ends_on if behalf.kind == Acts.AGENT else None,
        wake_on=_first_look(behalf),
        package_to=_reads_at_first(behalf, day_of(submission, at=at)),
        account_digest=lookup_digests(behalf.account)[0] if behalf.account else "",
        document_sha256=hashlib.sha256(content).hexdigest() if content else "",
    )
    born_on = behalf.born_on.isoformat() if behalf.born_on else ""
    sealed = {"name": behalf.name, "born_on": born_on, "document_name": name, "postal": behalf.postal}
    for column, text in sealed.items():
        setattr(authority, f"{column}_sealed", seal(submission.pk, authority.place(column), text.strip()))
    authority.save(force_insert=True)
    evidence.append(
        submission.pk,
        Kind.AUTHORITY_FILED,
        actor=actor,
        at=at,
        body={
            "authority": str(pk),
            "kind": behalf.kind.value,
            "scope": " ".join(scope),
            "ends_on": authority.ends_on.isoformat() if authority.ends_on else "",
            "document": authority.document_sha256,
        },
    )
    if behalf.email.strip():
        add_contact(submission, role=Contact.Role.SUBJECT, address=behalf.email, actor=actor, at=at)
    return authority


def _reads_at_first(behalf: Behalf, on: date) -> str:
    """The person, unless they choose otherwise; of a child under 14 the guardian, since the child is not asked (H5)."""
    child = behalf.kind == Acts.GUARDIAN and behalf.born_on is not None and is_under(behalf.born_on, FOURTEEN, on=on)
    return Authority.PackageTo.AGENT.value if child else Authority.PackageTo.PERSON.value


def _first_look(behalf: Behalf) -> date | None:
    """The day after an agent's last; of a child the first of the month in which it comes of age."""
    if behalf.kind == Acts.AGENT and behalf.ends_on:
        return behalf.ends_on + timedelta(days=1)
    if behalf.kind == Acts.GUARDIAN and behalf.born_on:
        return birthday(behalf.born_on, OF_AGE).replace(day=1)
    return None


def by_letter(submission: Submission) -> bool:
    """Whether staff entered it, of somebody who gave no address to which a code could go."""
    return submission.channel != Submission.Channel.WEB and not submission.email_digest


def ask_person(submission: Submission, *, actor: Actor, at: datetime) -> None:
    """Ask the person over the best address there is, once for each; an address on file is asked anew.

    Only once whoever filed showed an address of their own: nobody sends our mail to a stranger from nowhere. Of a
    letter without one, staff saw to that.
    Needs the caller's transaction with the submission locked.
    """
    authority = authority_of(submission)
    if authority is None or authority.is_stopped:
        return
    # What took effect in the filing itself is told to the person at once.
    began = submission.assurance >= CONTACT or by_letter(submission)
    if not began and not submission.requests.exclude(effective_at=None).exists():
        return
    contact = best_contact(submission)
    if contact is None:
        _ask_on_paper(authority, actor=actor, at=at)
    if contact is None or contact == authority.asked:
        return
    if authority.asked and authority.asked.email_digest == contact.email_digest:  # on file is what was typed
        _believe(authority, contact, at=at)
        return
    asked_today = Authority.objects.filter(
        asked__email_digest=contact.email_digest, asked_at__gt=at - timedelta(days=1)
    ).count()
    Authority.objects.filter(pk=authority.pk).update(asked=contact, asked_at=at, confirmed_at=None)
    evidence.append(
        submission.pk, Kind.AUTHORITY_ASKED, actor=actor, at=at, body={"contact": str(contact.pk), "role": contact.role}
    )
    if asked_today < MAILS_A_DAY:  # the page that an earlier mail leads to shows all that wait for a word
        owe("contact_authority", submission=submission, contact=contact, occurrence=str(contact.pk), context={}, at=at)


def _ask_on_paper(authority: Authority, *, actor: Actor, at: datetime) -> None:
    """Ask by a printed letter, once, whoever has to agree and is known by a postal address alone."""
    needed = agreement_needed(standing(authority), on=day_of(authority.submission, at=at))
    if authority.asked_at or not authority.postal_sealed or not needed:
        return
    Authority.objects.filter(pk=authority.pk).update(asked_at=at)
    evidence.append(authority.submission_id, Kind.AUTHORITY_ASKED, actor=actor, at=at, body={"by": "letter"})
    owe("subject_authority", submission=authority.submission, occurrence="1", context={}, at=at)


def _believe(authority: Authority, contact: Contact, *, at: datetime) -> None:
    """Take what the person said over the address that was typed as said over the one on file: they are one."""
    Authority.objects.filter(pk=authority.pk).update(asked=contact)
    if authority.confirmed_at:
        Contact.objects.filter(pk=contact.pk, confirmed_at=None).update(confirmed_at=authority.confirmed_at)


def tell_person(dsr: DataSubjectRequest, *, at: datetime) -> None:
    """Owe the person a pointer to the answer that was just given on somebody else's asking, or tell the team to."""
    authority = authority_of(dsr.submission)
    if authority is None:
        return
    occurrence = f"{dsr.pk.hex}:{at.isoformat()}"
    if authority.confirmed_at is None or authority.asked is None:
        if authority.package_to == Authority.PackageTo.PERSON:
            what = "The answer goes to the person, of whom no address confirmed. Reach them another way, or print it."
            tell_team(dsr.submission, what=what, occurrence=occurrence, at=at)
        return
    owe("contact_answer", submission=dsr.submission, contact=authority.asked, occurrence=occurrence, context={}, at=at)


def tell_team(submission: Submission, *, what: str, occurrence: str, at: datetime) -> None:
    """Tell the team, once per case, that an authority needs their eyes; `what` is a sentence without personal data."""
    dsr = submission.requests.select_related("submission").order_by("pk").first()
    if dsr is not None:
        tell(members(HANDLER, OFFICER), "staff_authority", dsr, occurrence=occurrence, at=at, context={"what": what})


def tell_of_report(submission: Submission, *, at: datetime) -> None:
    """Tell the team at once: this waits for no code."""
    what = "Somebody reports an account of a child under 14. Two of the team check it; then it is closed and deleted."
    tell_team(submission, what=what, occurrence=f"report:{submission.pk}", at=at)


def person_of(authority: Authority) -> Contact | None:
    """Return the address of the person: the one asked last, or the best there is."""
    return authority.asked or best_contact(authority.submission)


def is_child(authority: Authority, *, on: date) -> bool:
    """Whether it is about a child under 14, reported or by a guardian."""
    if authority.kind == Acts.REPORT:
        return True
    born_on = authority.born_on if authority.kind == Acts.GUARDIAN else None
    return born_on is not None and is_under(born_on, FOURTEEN, on=on)
