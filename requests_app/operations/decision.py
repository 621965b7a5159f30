"""Decide, approve, return, carry out, reopen. Release, erasure and refusal take two people."""

import hashlib
import json
import uuid
from datetime import datetime, timedelta

from django.db import transaction

from requests_app.models import AnswerFile, DataSubjectRequest, Decision, DisclosurePackage, Message
from requests_app.models.keys import seal
from requests_app.models.staff import same_person
from requests_app.rules.erasure_plan import GOES
from requests_app.rules.identity import CONTACT, NO_PROOF_RIGHTS
from requests_app.rules.lifecycle import Action, State
from requests_app.rules.refusal import grounds_for
from requests_app.rules.restriction import OBJECTION

from . import (
    assurance,
    changes_told,
    complaints,
    limits,
    limits_answered,
    limits_told,
    messages,
    on_behalf,
    people_found,
    readiness,
    weighed,
)
from .actors import Actor
from .circumstances import asked_of
from .lookups import owe_lookups, unasked
from .notices import owe
from .owed_acts import items_of, owe_acts
from .owed_steps import owe_package, owe_steps
from .pausing import end_pause
from .plan_digest import digest_of_plan
from .plan_told import told
from .policies import policy_of
from .refused import Refused
from .rendering import known_language
from .reopening import asks_for_proof, take_up_again
from .team import refuse_own, require
from .transition import NOTICE, advance, lock

APPROVALS = {
    Decision.Outcome.DONE: Action.APPROVE_DONE,
    Decision.Outcome.PARTLY: Action.APPROVE_PARTLY,
    Decision.Outcome.REFUSE: Action.APPROVE_REFUSAL,
}


def digest_of(dsr: DataSubjectRequest, *, outcome: str, ground: str, letter: str, facts: str, scope: str) -> str:
    """Return the SHA-256 of all that the approver sees: letter, facts, scope, ground, files, what is
    erased, and whom it was chosen to be about."""
    seen = {
        "outcome": outcome,
        "ground": ground,
        "letter": letter,
        "facts": facts,
        "scope": scope,
        **({"plan": plan} if (plan := digest_of_plan(dsr)) else {}),
        **({"weighed": said} if (said := weighed.texts(dsr)) else {}),
        **({"chosen": chosen} if (chosen := people_found.chosen_of(dsr)) else {}),
        "files": sorted(f"{f.pk}:{f.sha256}" for f in AnswerFile.objects.filter(dsr=dsr, destroyed_at=None)),
    }
    return hashlib.sha256(json.dumps(seen, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def pending(dsr: DataSubjectRequest) -> Decision | None:
    """Return the decision that waits for approval."""
    return dsr.decisions.filter(approved_at=None, returned_at=None).order_by("-decided_at").first()


def decide(
    dsr: DataSubjectRequest,
    *,
    outcome: str,
    letter: str,
    ground: str,
    facts: str,
    scope: str,
    identity_match: str,
    actor: Actor,
    at: datetime,
) -> Decision:
    """Submit a decision for approval; raises Refused and names what is missing."""
    account = require(actor, Action.SUBMIT_DECISION)
    refuse_own(dsr.submission, account)
    complaints.refuse_part(dsr, account)
    complaints.refuse_unlinked(dsr)
    policy = policy_of(dsr.policy)
    if not letter.strip():
        raise Refused("Write the letter that the person will read.")
    if asked_of(dsr).rung >= CONTACT and outcome != Decision.Outcome.REFUSE and not identity_match.strip():
        raise Refused("Say how identity was matched: the code, and what you compared it with.")
    if outcome != Decision.Outcome.DONE:
        if ground not in {g.key for g in grounds_for(policy, dsr.right)}:
            raise Refused("Choose a ground that the law allows for this right.")
        if not facts.strip() or not scope.strip():
            raise Refused("Say which facts support the ground, and which part of the request it covers.")
    else:
        ground = ""
    if outcome != Decision.Outcome.REFUSE or dsr.right == OBJECTION:
        _ask_whoever_was_connected_since(dsr, at=at)
    with transaction.atomic():
        dsr = lock(dsr)
        if outcome != Decision.Outcome.REFUSE:
            readiness.refuse_unready(dsr)
        elif not assurance.obstacles(dsr, at=at):
            readiness.refuse_unsuspended(dsr)
        weighed.refuse_unweighed(dsr, outcome)
        if outcome == Decision.Outcome.DONE and readiness.leaves_out(dsr):
            raise Refused("Something is withheld or hidden: answer “partly done”, with its ground (GDPR 12(4)).")
        end_pause(dsr, actor=actor, at=at)  # whoever decides waits for nothing any more
        if unasked(dsr.submission):  # a data source that was connected since
            owe_lookups(dsr.submission, at=at)
        pk = uuid.uuid4()
        sealed = {
            f"{column}_sealed": seal(dsr.submission_id, f"decision.{column}.{pk}", text.strip())
            for column, text in (
                ("letter", letter),
                ("facts", facts),
                ("scope", scope),
                ("identity_match", identity_match),
            )
        }
        digest = digest_of(
            dsr, outcome=outcome, ground=ground, letter=letter.strip(), facts=facts.strip(), scope=scope.strip()
        )
        decision = Decision.objects.create(
            pk=pk,
            dsr=dsr,
            outcome=outcome,
            ground=ground,
            content_digest=digest,
            decided_by=account,
            decided_at=at,
            **sealed,
        )
        advance(
            dsr,
            Action.SUBMIT_DECISION,
            actor=actor,
            at=at,
            values={"decided_by": account, "waiting_since": None},
            body={"decision": str(pk), "outcome": outcome, "ground": ground, "digest": digest},
        )
        return decision


def _ask_whoever_was_connected_since(dsr: DataSubjectRequest, *, at: datetime) -> None:
    """In a transaction of its own: it stands although the decision is refused until they have answered."""
    with transaction.atomic():
        fresh = lock(dsr)
        if fresh.state == State.IN_PROGRESS:
            limits.follow(fresh, at=at)
            owe_steps(fresh, at=at)
            owe_acts(fresh, at=at)


def approve(dsr: DataSubjectRequest, *, digest: str, actor: Actor, at: datetime) -> DataSubjectRequest:
    """Approve exactly what was shown, and answer in the same transaction. The author cannot approve."""
    account = require(actor, Action.APPROVE_DONE)  # the same roles for every outcome
    with transaction.atomic():
        dsr = lock(dsr)
        decision = pending(dsr)
        if decision is None:
            raise Refused("Nothing waits for approval here: somebody was faster.")
        if same_person(decision.decided_by, account):
            raise Refused("A second person approves: you wrote this decision yourself.")
        people_found.refuse_chooser(dsr, account)
        if (record := weighed.latest(dsr)) and same_person(record.written_by, account):
            raise Refused("A second person approves: you weighed the interests yourself.")
        refuse_own(dsr.submission, account)
        complaints.refuse_unlinked(dsr)
        for judge in (account, decision.decided_by):
            complaints.refuse_part(dsr, judge)
        if decision.outcome != Decision.Outcome.REFUSE:
            assurance.refuse_release(dsr, at=at)
            readiness.refuse_unready(dsr)
            if dsr.sensitive_since is not None:
                require(actor, "approve_sensitive")
        texts = {column: decision.opened(column) for column in ("letter", "facts", "scope")}
        now_digest = digest_of(dsr, outcome=decision.outcome, ground=decision.ground, **texts)
        if not digest == decision.content_digest == now_digest:
            raise Refused("The decision changed after you opened it. Read it again before you approve.")
        Decision.objects.filter(pk=decision.pk).update(approved_by=account, approved_at=at, approved_digest=digest)
        action = APPROVALS[Decision.Outcome(decision.outcome)]
        if decision.outcome != Decision.Outcome.REFUSE and items_of(dsr).filter(way__in=GOES).exists():
            action = Action.APPROVE_ERASURE
        policy = policy_of(dsr.policy)
        if AnswerFile.objects.filter(dsr=dsr, destroyed_at=None).exists() and decision.outcome != "refuse":
            DisclosurePackage.objects.update_or_create(
                dsr=dsr,
                defaults={"released_at": at, "expires_at": at + timedelta(days=policy.retention.package_days)},
            )
        dsr = advance(
            dsr,
            action,
            actor=actor,
            at=at,
            values={"answered_at": at, "approved_by": account},
            body={"decision": str(decision.pk), "digest": digest},
        )
        refused = decision.outcome == Decision.Outcome.REFUSE
        limits_answered.answered(dsr, refused=refused, actor=actor, at=at)
        ground = policy.ground(decision.ground)
        owe(
            NOTICE[action],
            submission=dsr.submission,
            dsr=dsr,
            occurrence=str(decision.pk),
            context={
                "letter": texts["letter"],
                "facts": texts["facts"],
                "scope_text": texts["scope"],
                "ground_label": ground.label.in_language(known_language(dsr.submission)) if ground else "",
                "plan": told(dsr, known_language(dsr.submission)),
                "changes": changes_told.told(dsr, known_language(dsr.submission)),
                "limits": limits_told.told(dsr, known_language(dsr.submission)),
            },
            at=at,
        )
        on_behalf.tell_person(dsr, at=at)
        return dsr


def return_for_change(dsr: DataSubjectRequest, *, reason: str, actor: Actor, at: datetime) -> DataSubjectRequest:
    """Send a decision back to its author; the reason is kept as an internal note."""
    complaints.refuse_part(dsr, require(actor, Action.RETURN_FOR_CHANGE))
    if not reason.strip():
        raise Refused("Say what has to change.")
    with transaction.atomic():
        dsr = lock(dsr)
        decision = pending(dsr)
        if decision is None:
            raise Refused("Nothing waits for approval here.")
        Decision.objects.filter(pk=decision.pk).update(returned_at=at)
        note = messages.write(dsr, author=Message.Author.INTERNAL, text=reason, actor=actor, at=at)
        owe_package(dsr, at=at)  # with what was written since
        return advance(
            dsr,
            Action.RETURN_FOR_CHANGE,
            actor=actor,
            at=at,
            values={"decided_by": None},
            body={"decision": str(decision.pk), "message": str(note.pk)},
        )


def carry_out(dsr: DataSubjectRequest, *, note: str, actor: Actor, at: datetime) -> DataSubjectRequest:
    """Record that an opt-out or a withdrawal, in effect since its filing, was carried out everywhere."""
    require(actor, Action.CARRY_OUT)
    if dsr.right not in NO_PROOF_RIGHTS:
        raise Refused("This request is answered by a decision.")
    if not note.strip():
        raise Refused("Say what was done, in words for the person.")
    with transaction.atomic():
        dsr = advance(dsr, Action.CARRY_OUT, actor=actor, at=at, values={"answered_at": at, "waiting_since": None})
        owe(
            NOTICE[Action.CARRY_OUT],
            submission=dsr.submission,
            dsr=dsr,
            occurrence=f"{dsr.pk.hex}:{dsr.opened_at.isoformat()}",
            context={"letter": note.strip()},
            at=at,
        )
        return dsr


def reopen(dsr: DataSubjectRequest, *, reason: str, actor: Actor, at: datetime) -> DataSubjectRequest:
    """Take an ended request up again: a new date from this day; outcome and first receipt stay in the chain.

    The reason is kept as an internal note.
    """
    complaints.refuse_part(dsr, require(actor, Action.REOPEN))
    if not reason.strip():
        raise Refused("Say why the request is taken up again.")
    waits = asks_for_proof(dsr) and dsr.submission.assurance < CONTACT
    with transaction.atomic():
        dsr = lock(dsr)
        note = messages.write(dsr, author=Message.Author.INTERNAL, text=reason, actor=actor, at=at)
        return take_up_again(dsr, waits=waits, actor=actor, at=at, body={"message": str(note.pk)})
