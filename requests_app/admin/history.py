"""Everything that is on record about a request, as staff read it: who did what, and when."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q
from django.utils.formats import date_format

from requests_app.models import DataSubjectRequest, EvidenceEvent, FulfilmentStep, SourceLookup
from requests_app.operations.evidence import Kind

from .words import moment, named

# {who} is the person, a member of staff, or the clock.
SENTENCES: Mapping[str, str] = {
    Kind.FILED: "{who} filed the request.",
    Kind.TOOK_EFFECT: "It took effect.",
    Kind.EFFECT_REVERSED: "{who} undid it.",
    Kind.CODE_ISSUED: "A code was sent to the address.",
    Kind.CODE_REFUSED: "A wrong code was typed.",
    Kind.IDENTITY_CONFIRMED: "{who} confirmed the address.",
    Kind.ADDRESS_CHANGED: "{who} changed the address.",
    Kind.ASSIGNED: "{who} assigned it to {assignee}.",
    Kind.QUESTION_ASKED: "{who} asked the person something.",
    Kind.QUESTION_ANSWERED: "{who} wrote to us.",
    Kind.MESSAGE_RECEIVED: "{who} wrote to us.",
    Kind.NOTE_ADDED: "{who} added an internal note.",
    Kind.FILE_ATTACHED: "{who} attached a file of the answer.",
    Kind.DECISION_SUBMITTED: "{who} decided, and asked for approval.",
    Kind.DECISION_RETURNED: "{who} returned the decision for change.",
    Kind.DECISION_APPROVED: "{who} approved the decision, and the answer went out.",
    Kind.CARRIED_OUT: "{who} recorded that it was carried out.",
    Kind.DOWNLOADED: "{who} downloaded a file of the answer.",
    Kind.CANCELLED: "{who} cancelled the request.",
    Kind.LAPSED: "The request lapsed: a confirmation was missing.",
    Kind.REOPENED: "{who} reopened the request.",
    Kind.MILESTONE: "The clock reminded: {milestone}.",
    Kind.DEADLINE_MISSED: "The date was missed.",
    Kind.OTHER_CHANNEL_USED: "{who} recorded that a notice was served by {channel}.",
    Kind.NOT_REACHED: "A notice did not arrive.",
    Kind.INTAKE_COMPLETED: "{who} completed the entry.",
    Kind.IDENTITY_REQUIRED: "{who} asked for a document, and wrote why.",
    Kind.DOCUMENT_SUBMITTED: "{who} sent a document.",
    Kind.DOCUMENT_ACCEPTED: "{who} accepted the document. A second person has to confirm it.",
    Kind.DOCUMENT_REJECTED: "{who} did not accept the document. The person was told why.",
    Kind.DOCUMENT_DESTROYED: "A document was destroyed.",
    Kind.DOUBT_WITHDRAWN: "{who} withdrew the doubt: no document is needed.",
    Kind.FILE_REFUSED: "A file was not taken: {why}.",
    Kind.DEADLINE_RESTARTED: "The law counts from the day of the document: {statutory_on}, not {statutory_before}.",
    Kind.PACKAGE_DESTROYED: "The files of the answer were destroyed, as announced.",
    Kind.RECEIPT_PROPOSED: "{who} proposed another day of receipt.",
    Kind.RECEIPT_CORRECTED: "{who} approved the other day of receipt, and the date was counted anew.",
    Kind.RECEIPT_WITHDRAWN: "{who} withdrew the proposal of another day of receipt.",
    Kind.DEADLINE_EXTENDED: "{who} extended the period: due on {due_on}, not {due_before}. The person was told.",
    Kind.DEADLINE_PAUSED: "{who} let the clock stand still until {planned_last_on} at the latest. The person was told.",
    Kind.DEADLINE_RESUMED: "The clock goes on: {first_on} to {last_on} do not count, due on {due_on}.",
    Kind.DEADLINE_RECALCULATED: "{who} had the dates counted anew with newer holidays. Due on {due_on}.",
    Kind.CONTACT_ADDED: "Another address of this case became known.",
    Kind.VERIFICATION_PROPOSED: "{who} proposed to take the identity as verified by hand.",
    Kind.VERIFICATION_APPROVED: "{who} approved the verification by hand.",
    Kind.VERIFICATION_WITHDRAWN: "{who} withdrew the proposal of a verification by hand.",
    Kind.SOURCE_ASKED: "The data source {source} was asked who is on file: {result}.",
    Kind.ON_FILE_CONFIRMED: "The contact on file vouches for whoever asks.",
    Kind.ON_FILE_DENIED: "Whoever reads the mail of the contact on file said: this was not me.",
    Kind.ERASURE_CONFIRMED: "{who} confirmed the erasure a second time. It can be stopped until {cooling_off_until}.",
    Kind.AUTHORITY_FILED: "{who} filed it for somebody else.",
    Kind.AUTHORITY_ASKED: "The person was asked whether they want it.",
    Kind.AUTHORITY_CONFIRMED: "{who} confirmed who acts for them.",
    Kind.AUTHORITY_REFUSED: "{who} said that nobody acts for them. What was open ended.",
    Kind.AUTHORITY_REVOKED: "{who} took the authority back. What was open ended.",
    Kind.AUTHORITY_PROPOSED: "{who} found the authority in order.",
    Kind.AUTHORITY_ACCEPTED: "{who} accepted the authority as the second of two.",
    Kind.AUTHORITY_ENDED: "The authority came to its end.",
    Kind.AUTHORITY_TAKEN_OVER: "{who} goes on alone.",
    Kind.ADDRESS_VOUCHED: "{who} vouched for the new address.",
    Kind.ADDRESS_RESTORED: "{who} said that the change was not theirs. The earlier address stands again.",
    Kind.SENSITIVE_MARKED: "{who} marked it as about sensitive data, and wrote why.",
    Kind.SENSITIVE_UNMARKED: "{who} took off the mark of sensitive data, and wrote why.",
    Kind.SOURCE_READ: "The data source {source} was asked what it holds: {status}.",
    Kind.SOURCE_WITHHELD: "{who} withheld what {source} holds, with a ground.",
    Kind.SOURCE_RETRIED: "{who} had {source} asked again.",
    Kind.TASK_GIVEN: "{who} gave a department ({source}) the task to say what it holds.",
    Kind.TASK_ANSWERED: "{who} answered its task ({source}).",
    Kind.RECORD_HIDDEN: "{who} hid something of what {source} holds, with a ground.",
    Kind.RECORD_SHOWN: "{who} took back that something of {source} is hidden.",
    Kind.SOURCE_REVIEWED: "{who} reviewed what {source} holds.",
    Kind.PACKAGE_BUILT: "The package was made.",
    Kind.PACKAGE_REISSUED: "The package was made available again.",
    Kind.STILL_HELD: "The data source {source}, asked again, still holds data.",
    Kind.NOT_HELD: "The data source {source}, asked again, holds nothing of the person any more.",
    Kind.MESSAGES_DESTROYED: "Messages and the texts of letters were destroyed under the retention rules.",
    Kind.CONTACT_DESTROYED: "Name, addresses and what finds them were destroyed under the retention rules.",
    Kind.CASE_DESTROYED: "The data key was destroyed under the retention rules, and with it all that was sealed.",
    Kind.SOURCE_PLANNED: "The data source {source} said what an erasure would reach: {records} records.",
    Kind.ITEMS_DECIDED: "{who} decided what becomes of what the sources hold ({items} items).",
    Kind.ERASURE_BEGUN: "It was written down what is destroyed in {source}, before it was.",
    Kind.CONSENT_TOLD: "The data source {source} was told what stands for these purposes: {purposes}.",
    Kind.SOURCE_ERASED: "The data source {source} said that it erased or anonymised {records} records.",
    Kind.SOURCE_TOLD: "The data source {source} was told ({what}).",
    Kind.CHANGE_STATED: "{who} wrote down what is to be put right (change {number}).",
    Kind.ACT_ATTESTED: "{who} said that people did it in {source}, and wrote how.",
    Kind.ACT_RETRIED: "{who} had {source} told again.",
    Kind.ERASURE_PROVED: "Every source erased and, asked again, holds nothing but what is kept.",
    Kind.ERASURE_RESUMED: "The data source {source} was found to hold data after all. The erasure goes on.",
    Kind.HOLD_SET: "{who} set a legal hold on {items} items, to be reviewed on {review_on}.",
    Kind.HOLD_REVIEWED: "{who} said that a legal hold is still needed, to be reviewed on {review_on}.",
    Kind.HOLD_LIFTED: "{who} lifted a legal hold.",
    Kind.RESTRICTION_BEGUN: "The use of the data was restricted (number {number}, ground: {ground}), to be reviewed on "
    "{review_on}.",
    Kind.RESTRICTION_REVIEWED: "{who} let restriction {number} stand, to be reviewed on {review_on}.",
    Kind.LIFTING_ANNOUNCED: "The person was told that restriction {number} ends, not before {lift_from}.",
    Kind.RESTRICTION_LIFTED: "{who} lifted restriction {number}.",
    Kind.OBJECTION_WEIGHED: "{who} wrote down how the interests were weighed: {outcome}.",
    Kind.CERTIFICATE_ISSUED: "Certificate {number} of the erasure was issued.",
    Kind.COMPLAINT_LINKED: "{who} complained about another request, or said which one the complaint is about.",
    Kind.COMPLAINT_FILE_MADE: "{who} fetched the file for the supervisory authority.",
    Kind.SUPPRESSED: "What the person is known by ({identifiers}) went on the register of those who were erased.",
    Kind.SEVERAL_FOUND: "The data source {source} knows several people ({people}). Nothing was read.",
    Kind.PEOPLE_CHOSEN: "{who} chose {chosen} of {people} people in {source}, and wrote how they were told apart.",
    Kind.TRIED_AGAIN: "{who} let the clock try again what it had set aside.",
    Kind.SIGN_IN_REFUSED: "A sign-in at the controller's own provider was not accepted.",
}
SPECIAL: Mapping[tuple[str, str, str], str] = {  # kind, and what its body says
    (Kind.IDENTITY_CONFIRMED, "rung", "3"): "{who} confirmed the document, as the second person.",
    (Kind.REOPENED, "why", "missing"): "{who} said that something is missing, and it was taken up again.",
    (Kind.MESSAGE_RECEIVED, "why", "missing"): "{who} said once more that something is missing. Judge whether it is.",
    (Kind.PACKAGE_DESTROYED, "why", "gathered"): "What a data source had handed out for the answer was destroyed.",
    (Kind.PACKAGE_DESTROYED, "why", "replaced"): "What the later answer replaced was destroyed.",
    (Kind.PACKAGE_DESTROYED, "why", "draft"): "What was drafted and never released was destroyed.",
    (Kind.DOWNLOADED, "encrypted", "1"): "{who} downloaded a file of the answer, locked with a passphrase.",
    (Kind.TASK_GIVEN, "what", "erase"): "{who} gave a department ({source}) the task to erase.",
    (Kind.TASK_GIVEN, "what", "rectify"): "{who} gave a department ({source}) the task to put a value right.",
    (Kind.TASK_GIVEN, "what", "withdraw"): "{who} gave a department ({source}) the task to do what the person allows.",
    (Kind.TASK_GIVEN, "what", "restrict"): "{who} gave a department ({source}) the task to use nothing any more.",
    (Kind.TASK_GIVEN, "what", "lift"): "{who} told a department ({source}) that it may use it again.",
    (Kind.TASK_ANSWERED, "word", "done"): "{who} said that it did its task, and who did it ({source}).",
    (Kind.TASK_ANSWERED, "word", "nothing"): "{who} said that it holds nothing of it ({source}).",
    (Kind.TASK_ANSWERED, "word", "could_not"): "{who} said that it could not do its task, and why ({source}).",
    (Kind.LAPSED, "missing", "document"): "The request lapsed: no document came that could be accepted.",
}
REFUSED_FILES = {
    "infected": "the virus scanner found something in it",
    "undecodable": "it could not be opened",
    "blank": "nothing can be seen on it",
    "kind": "it is no picture and no PDF",
    "pixels": "the picture is too large",
    "pages": "it has too many pages",
    "large": "it is too large",
    "empty": "it is empty",
}
# Where a code went to another address of the case than the one typed.
OF_A_CONTACT: Mapping[str, str] = {
    Kind.CODE_ISSUED: "A code was sent to another address of the case.",
    Kind.IDENTITY_CONFIRMED: "The code that went to another address of the case was typed.",
}
OVERTAKEN = "A reminder came too late to be sent, a later one stands for it: {milestone}."  # after an outage
STEPS = {str(value): label for value, label in FulfilmentStep.Status.choices}
RESULTS = {str(value): label for value, label in SourceLookup.Result.choices}
PLAIN = (  # said as they stand
    "records", "items", "number", "what", "purposes", "identifiers", "people", "chosen", "ground", "outcome",
)  # fmt: skip
DAYS = (
    "review_on", "statutory_on", "statutory_before", "due_on", "due_before", "first_on", "last_on", "planned_last_on",
    "cooling_off_until", "lift_from",
)  # fmt: skip
MILESTONES = {
    "confirm_erasure_0": "the person was asked to confirm the erasure",
    "pause_over": "the pause has come to its planned end",
    "due_today": "today is the last day",
    "overdue_daily": "the answer is overdue",
    "lapse": "the request lapses",
    "package_ending": "the download ends soon",
}


def milestone(kind: str) -> str:
    """A milestone of the agenda in words."""
    if kind in MILESTONES:
        return MILESTONES[kind]
    for start, words in (
        ("due_in_", "left for the answer"),
        ("reminder_verify_", "without a confirmed address"),
        ("confirm_erasure_", "without the second confirmation"),
        ("reminder_proof_", "without the document"),
    ):
        if kind.startswith(start) and kind.removeprefix(start).isdigit():
            days = int(kind.removeprefix(start))
            return f"{days} day{'' if days == 1 else 's'} {words}"
    return kind.replace("_", " ")


def for_staff(dsr: DataSubjectRequest) -> list[dict[str, Any]]:
    """The events of the request and of its submission, oldest first; `at` is said in the controller's zone."""
    events = EvidenceEvent.objects.filter(submission_id=dsr.submission_id).filter(Q(dsr_id=None) | Q(dsr_id=dsr.pk))
    found = [(event, json.loads(event.body)) for event in events.order_by("seq")]
    names = _names({e.actor_ref for e, _ in found} | {str(body.get("assignee", "")) for _, body in found})
    zone = dsr.submission.received_zone
    return [
        {
            "at": event.at,
            "when": moment(event.at, zone),
            "text": sentence(event.kind, event.actor_role, event.actor_ref, body, names),
        }
        for event, body in found
    ]


ROLES = {
    "person": "The person",
    "agent": "Whoever acts for the person",
    "system": "The clock",
    "contact": "Another address of the case",
    "department": "A department",
}


def sentence(kind: str, role: str, ref: str, body: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """One event. A kind without words of its own is shown as it is rather than hidden."""
    who = ROLES.get(role) or names.get(ref, "A member of staff")
    says = SENTENCES.get(kind, kind.replace("_", " ").capitalize() + ".")
    for (special, key, value), words in SPECIAL.items():
        if kind == special and str(body.get(key, "")) == value:
            says = words
    if body.get("contact"):
        says = OF_A_CONTACT.get(kind, says)
    if kind == Kind.DOWNLOADED and body.get("from"):
        says = "{who} went on with a download that had broken off."
    if kind == Kind.MILESTONE and body.get("superseded") == "true":
        says = OVERTAKEN
    return says.format(
        who=who,
        assignee=names.get(str(body.get("assignee", "")), "nobody"),
        milestone=milestone(str(body.get("milestone", ""))),
        channel=body.get("channel", "another channel"),
        source=body.get("source", ""),
        result=RESULTS.get(str(body.get("result", "")), ""),
        status=STEPS.get(str(body.get("status", "")), ""),
        why=REFUSED_FILES.get(str(body.get("why", "")), "it does not do"),
        **{name: body.get(name, "") for name in PLAIN},
        **{name: _day(body.get(name, "")) for name in DAYS},
    )


def _day(text: str) -> str:
    return date_format(date.fromisoformat(text), "j F Y") if text else ""


def _names(refs: set[str]) -> dict[str, str]:
    known = get_user_model().objects.filter(pk__in=[ref for ref in refs if ref.isdigit()])
    return {str(user.pk): named(user) for user in known}
