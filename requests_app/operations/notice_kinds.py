"""The kinds of notices, and what the context of each has to bring (dates are `date`, instants aware `datetime`).

Kinds named staff_* go to staff, contact_* to another address of the case, task_* to a department that has no account,
subject_* on paper to the person for whom somebody else filed, all others to the person.
"""

from collections.abc import Mapping

# Of a filing for somebody else they go to the person, or as they chose.
ANSWERS = (
    "decision_done",
    "decision_partly",
    "decision_erasure",
    "erasure_done",
    "erasure_resumed",
    "restriction_ending",
    "restriction_stands",
)

NEEDS: Mapping[str, tuple[str, ...]] = {
    # optional: effects (in force already), effective_at, needs_code, for_another
    "acknowledgement": ("due_on", "steps"),
    "code": (),  # optional: purpose
    "question": ("question",),  # optional: due_on
    "decision_done": ("letter",),  # optional: files_until
    "decision_partly": ("letter", "ground_label"),  # optional: files_until
    "decision_refused": ("letter", "ground_label"),
    "decision_erasure": ("letter", "ground_label", "plan"),  # plan: as `plan_told.told` gives it
    "erasure_done": ("number", "partly"),
    "erasure_resumed": (),
    "hold_set": ("labels",),
    "hold_lifted": (),
    "restriction_ending": ("lift_from", "why", "scope"),
    "restriction_stands": ("scope",),
    "lapsed": ("missing",),  # a sentence
    "cancelled": (),
    "reminder_verify": ("lapses_on",),
    "missed": ("due_on", "days_late"),
    "effect": ("effective_at", "stops", "goes_on"),  # rows of label and basis
    "effect_undone": ("effective_at", "purposes"),
    "address_changed": ("at",),
    "erasure_question": ("lapses_on", "confirm_by", "late", "cooling_off_days"),
    "erasure_confirmed": ("until_on", "due_on"),
    "address_restored": ("at",),
    "contact_stopped": (),
    "reopened": ("due_on", "steps"),
    "receipt_corrected": ("old_on", "new_on", "due_before", "due_on", "steps"),  # optional: overdue
    "deadline_extended": ("due_before", "due_on", "reason", "steps"),
    "deadline_paused": ("first_on", "planned_last_on", "due_before", "due_on", "reason", "steps"),
    "deadline_resumed": ("first_on", "last_on", "due_before", "due_on", "steps"),
    "deadline_earlier": ("due_before", "due_on", "steps"),
    "package_ending": ("ends_on",),
    "package_again": ("ends_on",),
    "staff_new": ("due_on",),
    "staff_due": ("due_on", "days_left"),
    "staff_overdue": ("due_on", "days_late"),  # optional: ended (late, but over)
    "staff_digest": ("day", "counts"),  # pairs of label and number
    "staff_unassigned": ("due_on",),
    "staff_answered": (),
    "authority_refused": (),
    "authority_narrowed": (),
    "authority_ended": (),
    "contact_authority": (),
    "contact_answer": (),
    "contact_alone": (),
    "staff_authority": ("what",),  # a sentence without personal data
    "staff_alarm": ("alarm",),  # a sentence without personal data
    "proof_asked": ("reason", "due_on", "lapses_on"),  # lapses_on may be none
    "proof_rejected": ("reason", "due_on"),
    "proof_settled": ("confirmed", "due_on"),  # confirmed, else withdrawn
    "reminder_proof": ("lapses_on",),  # lapses_on may be none
    "subject_authority": (),
    # The link is no part of what is stored: `delivery` fills it in. late: its last day is over.
    "task_given": ("department", "language", "until", "late"),
    "task_reminder": ("department", "language", "until", "late"),
    "task_late": ("department", "language", "until", "late"),
    "staff_proof": ("step",),  # review, confirm, done, infected
}
KINDS = tuple(NEEDS)
STAFF_KINDS = tuple(kind for kind in KINDS if kind.startswith("staff_"))
CONTACT_KINDS = tuple(kind for kind in KINDS if kind.startswith("contact_"))
SUBJECT_KINDS = tuple(kind for kind in KINDS if kind.startswith("subject_"))
TASK_KINDS = tuple(kind for kind in KINDS if kind.startswith("task_"))
