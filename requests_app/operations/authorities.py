"""What stands about one authority, read from its row: whether it holds, and whose the answer is."""

from datetime import date, datetime

from requests_app.models import Authority, Contact, Submission
from requests_app.models.keys import KeyDestroyed
from requests_app.rules import authority as rules
from requests_app.rules.authority import Over, Standing
from requests_app.rules.response_deadline import received_on

PERSONS = (Contact.Role.ON_FILE, Contact.Role.SUBJECT)  # whose address is the person's own; the first is believed more


def authority_of(submission: Submission) -> Authority | None:
    """Return the authority of a submission filed for somebody else, or None for an ordinary one."""
    return Authority.objects.select_related("asked").filter(submission=submission).first()


def day_of(submission: Submission, *, at: datetime) -> date:
    """Return the controller's date at this instant."""
    return received_on(at, submission.received_zone)


def best_contact(submission: Submission) -> Contact | None:
    """Return the address at which the person is asked: on file where one is known, else the one that was typed.

    Never that of whoever filed, though a source may know it: nobody says yes to themselves.
    """
    theirs = submission.contacts.filter(role__in=PERSONS).exclude(email_digest=submission.email_digest)
    found = {contact.role: contact for contact in theirs.order_by("-added_at")}
    return found.get(Contact.Role.ON_FILE) or found.get(Contact.Role.SUBJECT)


def digest_sought(submission: Submission) -> str:
    """Return the digest of the address about which the data sources are asked, as it was typed; or nothing."""
    if authority_of(submission) is None:
        return submission.email_digest
    typed = _typed(submission)
    return typed.email_digest if typed else ""


def sought(submission: Submission) -> tuple[str, str]:
    """Return address and name of the person whose data are asked for: whoever filed, or for whom they filed."""
    authority = authority_of(submission)
    if authority is None:
        return submission.email, submission.name
    typed = _typed(submission)
    return typed.address if typed else "", authority.name


def _typed(submission: Submission) -> Contact | None:
    return submission.contacts.filter(role=Contact.Role.SUBJECT).order_by("-added_at").first()


def standing(authority: Authority) -> Standing:
    """Return the frozen facts that the rules judge. A birthday that cannot be read any more is not known."""
    try:
        born_on = authority.born_on
    except KeyDestroyed:
        born_on = None
    over = Over(authority.asked.role) if authority.confirmed_at and authority.asked else Over.NOWHERE
    return Standing(
        kind=rules.Kind(authority.kind),
        scope=tuple(authority.scope),
        ends_on=authority.ends_on,
        born_on=born_on,
        confirmed_over=over,
        accepted=authority.accepted_at is not None,
        has_contact=best_contact(authority.submission) is not None,
        stopped=authority.is_stopped,
        taken_over=authority.taken_over_at is not None,
    )


def is_over(authority: Authority, *, at: datetime) -> bool:
    """Whether whoever filed acts for the person no more, at this instant."""
    return rules.is_over(standing(authority), on=day_of(authority.submission, at=at))


def is_shown(authority: Authority, *, at: datetime) -> bool:
    """Whether it is proved well enough to release an answer on it."""
    return rules.is_shown(standing(authority), on=day_of(authority.submission, at=at))


def agent_reads_answer(authority: Authority, *, at: datetime) -> bool:
    """Whether letters and files of the answer are the agent's to read: chosen by the person, proved, and not over."""
    chosen = authority.package_to == Authority.PackageTo.AGENT
    return chosen and not is_over(authority, at=at) and is_shown(authority, at=at)


def decider(submission: Submission) -> Contact | None:
    """Return the address of the person who said yes to somebody acting for them: they confirm what cannot be undone.

    None where whoever filed decides: for themselves, or for a child who is not asked.
    """
    authority = authority_of(submission)
    return authority.asked if authority and authority.confirmed_at else None


def person_confirms(submission: Submission, *, at: datetime) -> bool:
    """Whether the person, and not whoever filed for them, confirms what cannot be undone: also before they said yes.

    And, until two of the team have accepted the paper, also where no address of theirs is known: otherwise the page of
    an agent would tell whether the person is known here.
    """
    authority = authority_of(submission)
    if authority is None or authority.kind == rules.Kind.REPORT:
        return False
    facts = standing(authority)
    asks = facts.has_contact or not facts.accepted
    return authority.confirmed_at is not None or (asks and rules.agreement_needed(facts, on=day_of(submission, at=at)))
