"""Notices in the words of the desk: what each one is, and what became of it."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format

from requests_app.models import Notice

KINDS = {
    "acknowledgement": "Acknowledgement of the request",
    "address_changed": "The address was changed",
    "authority_ended": "Letter that acting for the person has ended",
    "authority_narrowed": "Letter that the person allows a part only",
    "authority_refused": "Letter that the person does not let them act",
    "address_restored": "The earlier address stands again",
    "contact_stopped": "What could have been stopped has ended",
    "cancelled": "Confirmation that the person cancelled",
    "code": "Mail with a code",
    "code_mail": "Mail with a code",
    "contact_alone": "Question to the person whether it goes on",
    "contact_answer": "Word to the person that the answer is there",
    "contact_authority": "Question to the person whether they want it",
    "deadline_earlier": "The date is earlier than promised",
    "deadline_extended": "More time, with the reason and the new date",
    "deadline_paused": "The clock stands still",
    "deadline_resumed": "The clock goes on",
    "decision_done": "Answer in full",
    "decision_partly": "Answer in part",
    "decision_refused": "Refusal",
    "decision_erasure": "Answer with the plan of the erasure",
    "effect": "Confirmation that it took effect",
    "effect_undone": "Confirmation that it was undone",
    "erasure_confirmed": "The erasure is confirmed, and can still be stopped",
    "erasure_done": "The erasure is done, with its certificate",
    "hold_set": "Word that something has to stay for a legal dispute",
    "hold_lifted": "Word that nothing has to stay any more",
    "restriction_ending": "Word that a restriction ends, and from which day",
    "restriction_stands": "Word that a restriction does not end yet",
    "erasure_resumed": "The erasure goes on",
    "erasure_question": "Question whether the data are really to be erased",
    "lapsed": "Letter about a request that lapsed",
    "missed": "Letter about a missed date",
    "package_again": "The files are available again",
    "package_ending": "The download ends soon",
    "question": "Question to the person",
    "subject_authority": "Question to the person whether they want it, on paper",
    "proof_asked": "Request for a document, with the reason",
    "proof_rejected": "The document was not accepted",
    "proof_settled": "No document is needed any more",
    "receipt_corrected": "The day of receipt was corrected",
    "reminder_proof": "Reminder to send the document",
    "reminder_verify": "Reminder to confirm the address",
    "reopened": "The request was taken up again",
    "task_given": "Task for a department",
    "task_late": "Word that a department has not answered",
    "task_reminder": "Reminder of a department's task",
}
FAILURES = {
    "no_address": "no address was given",
    "key_destroyed": "its text has been destroyed, as the policy promises",
    "expired": "its code had ended before it could be sent",
    "not_composed": "it could not be put together",
    "not_sent": "it could not be sent",
    "connection_lost": "the connection to the mail server broke",
    "ambiguous": "the connection broke while it was being taken over",
}


def kind(notice: Notice) -> str:
    """What the notice is. A kind without words of its own is shown as it is rather than hidden."""
    if notice.kind == "code" and notice.contact is not None:
        return f"Code to another address of the case ({notice.contact.get_role_display()})"
    return KINDS.get(notice.kind, notice.kind.replace("_", " ").capitalize())


def why(code: str) -> str:
    """A reason for which mail fails, in words."""
    if code.startswith("smtp_"):
        return f"the mail server refused it with code {code.removeprefix('smtp_')}"
    if code.startswith("connect_"):
        return "the mail server could not be reached"
    return FAILURES.get(code, code.replace("_", " "))


def delivery(notice: Notice, zone: str) -> str:
    """What became of it, in a sentence; instants are said in this zone."""
    states, reason = Notice.Delivery, why(notice.failure_code)
    if notice.served_at:
        return f"Served by {notice.other_channel} on {moment(notice.served_at, zone)}."
    if notice.delivery == states.HANDED_OVER and notice.handed_over_at:
        return f"Announced by e-mail: handed over to the mail server on {moment(notice.handed_over_at, zone)}."
    if notice.delivery == states.HANDED_OVER:
        return "Announced by e-mail: handed over to the mail server."
    if notice.delivery == states.FAILED:
        return f"Failed: {reason}." if reason else "Failed."
    if notice.delivery == states.AMBIGUOUS:
        return f"In doubt: {reason}. It may have arrived." if reason else "In doubt: it may have arrived."
    if notice.delivery == states.NONE:
        return "No e-mail address: print it and send it as a letter."
    if notice.delivery == states.LEASED:
        return "Being sent now."
    if notice.failure_code:
        return f"Not sent yet: {reason}. It is tried again."
    return "About to be sent."


def moment(at: datetime, zone: str) -> str:
    """An instant as people of the controller say it."""
    return date_format(at.astimezone(ZoneInfo(zone)), "l j F Y, H:i")


def named(user: Any) -> str:
    """A member of staff by name."""
    return user.get_full_name() or user.get_username() if user else ""
