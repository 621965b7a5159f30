"""Asking one data source for what it holds of the person of a case, and of nobody else. Below the verbs."""

from requests_app.connectors import DataSource, Extracted, Match, Pending, PermanentFailure, Query, source
from requests_app.models import Contact, DataSubjectRequest, FulfilmentStep, Submission
from requests_app.models.manual_verification import by_hand_since
from requests_app.rules.addresses import normalise
from requests_app.rules.identity import CONTACT, CONTACT_ON_FILE
from requests_app.rules.on_file import Held, vouches

from .authorities import sought
from .circumstances import asked_of
from .lookups import corrected_at
from .people_found import by_reference, holders, whose


class CutShort(PermanentFailure):
    """Fewer share an address by the whole question than by the address alone: the source has cut its answer."""


class NobodyShown(PermanentFailure):
    """Somebody is on file, and it is not shown that it is the person who asks."""


def ask(row: FulfilmentStep) -> Extracted | Pending | None:
    """Ask for all that is held of whoever asks. None where nobody is on file; raises as `references_of`."""
    asked = source(row.alias)
    references = references_of(row.dsr, asked)
    return None if references is None else asked.extract(references, request_id=row.pk.hex)


def references_of(dsr: DataSubjectRequest, asked: DataSource) -> list[str] | None:
    """Return whom it is shown to be: those on file under an address that was confirmed, or whom two people of the team
    verified by hand. None where nobody is on file, or staff chose none of several; raises NobodyShown where none of
    them is shown, SeveralPeople where several are by one address, and CutShort."""
    submission = dsr.submission
    if not asked.knows_people:
        return sorted(confirmed_addresses(submission))
    shown = confirmed_addresses(submission)
    question = question_about(submission)
    found = alone = by_reference(asked.find(question))
    if shown and (question.identifiers or set(question.addresses) - shown):
        alone = by_reference(asked.find(Query(email="", confirmed=tuple(sorted(shown)))))
    known = holders(found, shown)
    if any(count > max(1, known[address]) for address, count in holders(alone, shown).items()):
        raise CutShort
    if not found:
        return None
    by_hand = by_hand_since(submission, submission.received_at)
    people = [match for match in found if by_hand or _is_shown(match, dsr)]
    if not people:
        raise NobodyShown
    return whose(dsr, asked.alias, people, found=found, shown=shown) or None


def question_about(submission: Submission) -> Query:
    """Return the question that finds everybody who has an address of theirs, so that a number chooses nobody."""
    email, name = sought(submission)
    confirmed = tuple(sorted(confirmed_addresses(submission)))
    return Query(email=email, name=name, details=submission.opened("details"), confirmed=confirmed)


def own_columns(alias: str) -> dict[str, list[str]]:
    """Return by table the columns in which the person's own contact stands, as the source describes itself."""
    tables = source(alias).describe()
    named = {table.name: [column.name for column in table.columns if column.own] for table in tables}
    return {table: columns for table, columns in named.items() if columns}


def _is_shown(match: Match, dsr: DataSubjectRequest) -> bool:
    """Whether one of their addresses was confirmed, and vouches: the look-ups judged the same, and it may have been put
    there since, before an answer is called incomplete or a source asked again (P46)."""
    submission = dsr.submission
    shown = confirmed_addresses(submission)
    theirs = [contact for contact in match.contacts if normalise(contact.address) in shown]
    if asked_of(dsr).rung < CONTACT_ON_FILE:
        return bool(theirs)
    received_at, corrected = submission.received_at, corrected_at(submission)
    held = [Held(contact.address, contact.since, contact.changed_recently) for contact in theirs]
    return any(vouches(one, received_at=received_at, corrected_at=corrected) for one in held)


def confirmed_addresses(submission: Submission) -> set[str]:
    """Return the addresses, normalised, that were shown to be those of the person."""
    contacts = Contact.objects.filter(submission=submission, role=Contact.Role.ON_FILE, denied_at=None)
    shown = {normalise(contact.address) for contact in contacts.exclude(confirmed_at=None)}
    if submission.assurance >= CONTACT:
        shown.add(normalise(sought(submission)[0]))
    return shown - {""}
