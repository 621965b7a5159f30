"""The life of a request: one table, from which buttons, diagram and test matrix come."""

from enum import StrEnum


class State(StrEnum):
    """Where a request is."""

    RECEIVED = "received"
    AWAITING_VERIFICATION = "awaiting_verification"
    IN_PROGRESS = "in_progress"
    AWAITING_APPROVAL = "awaiting_approval"
    EXECUTING = "executing"
    FULFILLED = "fulfilled"
    PARTLY_FULFILLED = "partly_fulfilled"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


OPEN = frozenset({State.RECEIVED, State.AWAITING_VERIFICATION, State.IN_PROGRESS, State.AWAITING_APPROVAL})
# Answered by a decision to erase, and not over: the sources erase, and are asked whether they did.
ANSWERED_AND_GOING_ON = frozenset({State.EXECUTING})
ENDED = frozenset(State) - OPEN - ANSWERED_AND_GOING_ON


class Action(StrEnum):
    """What can happen to a request."""

    COMPLETE_INTAKE = "complete_intake"
    CONFIRM_IDENTITY = "confirm_identity"
    REQUIRE_IDENTITY = "require_identity"
    SUBMIT_DECISION = "submit_decision"
    RETURN_FOR_CHANGE = "return_for_change"
    CARRY_OUT = "carry_out"
    APPROVE_DONE = "approve_done"
    APPROVE_PARTLY = "approve_partly"
    APPROVE_REFUSAL = "approve_refusal"
    APPROVE_ERASURE = "approve_erasure"
    ERASURE_DONE = "erasure_done"
    ERASURE_PARTLY = "erasure_partly"
    RESUME_ERASURE = "resume_erasure"
    CANCEL = "cancel"
    LAPSE = "lapse"
    REOPEN = "reopen"
    REOPEN_UNVERIFIED = "reopen_unverified"
    WITHDRAW_DOUBT = "withdraw_doubt"


LABELS: dict[Action, str] = {
    Action.COMPLETE_INTAKE: "Complete the intake",
    Action.CONFIRM_IDENTITY: "Confirm identity",
    Action.REQUIRE_IDENTITY: "Ask for a document",
    Action.SUBMIT_DECISION: "Submit a decision",
    Action.RETURN_FOR_CHANGE: "Return for change",
    Action.CARRY_OUT: "Carry out",
    Action.APPROVE_DONE: "Approve: done",
    Action.APPROVE_PARTLY: "Approve: partly done",
    Action.APPROVE_REFUSAL: "Approve: refused",
    Action.APPROVE_ERASURE: "Approve: to be erased",
    Action.ERASURE_DONE: "Erasure proved",
    Action.ERASURE_PARTLY: "Erasure proved, with what is kept",
    Action.RESUME_ERASURE: "Resume the erasure",
    Action.CANCEL: "Cancel",
    Action.LAPSE: "Lapse",
    Action.REOPEN: "Reopen",
    Action.REOPEN_UNVERIFIED: "Reopen and ask for proof of identity",
    Action.WITHDRAW_DOUBT: "Withdraw the doubt",
}

_APPROVAL = frozenset({State.AWAITING_APPROVAL})

TRANSITIONS: dict[Action, tuple[frozenset[State], State]] = {
    Action.COMPLETE_INTAKE: (frozenset({State.RECEIVED}), State.AWAITING_VERIFICATION),
    Action.CONFIRM_IDENTITY: (frozenset({State.RECEIVED, State.AWAITING_VERIFICATION}), State.IN_PROGRESS),
    Action.REQUIRE_IDENTITY: (frozenset({State.IN_PROGRESS}), State.AWAITING_VERIFICATION),
    Action.SUBMIT_DECISION: (frozenset({State.IN_PROGRESS}), State.AWAITING_APPROVAL),
    Action.RETURN_FOR_CHANGE: (_APPROVAL, State.IN_PROGRESS),
    Action.CARRY_OUT: (frozenset({State.IN_PROGRESS}), State.FULFILLED),
    Action.APPROVE_DONE: (_APPROVAL, State.FULFILLED),
    Action.APPROVE_PARTLY: (_APPROVAL, State.PARTLY_FULFILLED),
    Action.APPROVE_REFUSAL: (_APPROVAL, State.REFUSED),
    Action.APPROVE_ERASURE: (_APPROVAL, State.EXECUTING),
    Action.ERASURE_DONE: (ANSWERED_AND_GOING_ON, State.FULFILLED),
    Action.ERASURE_PARTLY: (ANSWERED_AND_GOING_ON, State.PARTLY_FULFILLED),
    # A source that said "erased" was found to hold data after all. operations.source_acts alone does it.
    Action.RESUME_ERASURE: (frozenset({State.FULFILLED, State.PARTLY_FULFILLED}), State.EXECUTING),
    Action.CANCEL: (OPEN, State.CANCELLED),
    # Unconfirmed: the address by a code, or an erasure the second time. operations.lapsing alone does it.
    Action.LAPSE: (
        frozenset({State.AWAITING_VERIFICATION, State.IN_PROGRESS, State.AWAITING_APPROVAL}),
        State.LAPSED,
    ),
    Action.REOPEN: (ENDED, State.IN_PROGRESS),
    Action.REOPEN_UNVERIFIED: (ENDED, State.AWAITING_VERIFICATION),
    Action.WITHDRAW_DOUBT: (frozenset({State.AWAITING_VERIFICATION}), State.IN_PROGRESS),
}

# Release of personal data and erasure need a second person; a refusal does for every right (GDPR 12(4), 15, 17).
TWO_PERSON_RIGHTS = frozenset({"access", "deletion", "portability"})


class ActionNotAllowed(Exception):
    """The action does not start from the state the request is in."""


def target(action: Action, state: str) -> State:
    """Return the state an action leads to; raise ActionNotAllowed where it does not start here."""
    sources, to = TRANSITIONS[action]
    if state not in sources:
        raise ActionNotAllowed(f"“{LABELS[action]}” is not possible while the request is {state.replace('_', ' ')}.")
    return to


def allowed(state: str) -> tuple[Action, ...]:
    """Return the actions that start from the state, in table order."""
    return tuple(a for a, (sources, _) in TRANSITIONS.items() if state in sources)
