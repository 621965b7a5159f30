"""Deciding what becomes of each item that an erasure reaches, and saying that people carried out their share."""

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from requests_app.models import DataSubjectRequest, ErasureItem, Message, SourceAct, SourceTask
from requests_app.models.keys import seal
from requests_app.models.staff import same_person
from requests_app.rules.erasure_plan import GOES, Choice, mistakes
from requests_app.rules.lifecycle import State
from requests_app.rules.refusal import grounds_for
from requests_app.rules.response_deadline import received_on

from . import evidence, messages
from .actors import Actor
from .erasure_carried import gone_by_hand
from .erasure_proved import settle
from .evidence import Kind
from .owed_acts import RECIPIENTS, TAKEN_BACK, Act, Status, acts_of, fits, items_of, tell_anew
from .plan_digest import digest_of_plan
from .plan_shown import way_shown
from .policies import policy_of
from .refused import Refused
from .source_tasks import with_department
from .team import refuse_own, require
from .transition import lock

AGAIN_IN: Mapping[SourceAct.Act, tuple[State, ...]] = {
    Act.PLAN: (State.IN_PROGRESS,),
    Act.ERASE: (State.EXECUTING,),
    Act.VERIFY: (State.EXECUTING,),
    Act.RECTIFY: (State.IN_PROGRESS,),
    Act.WITHDRAW: tuple(State),
    Act.RESTRICT: (State.IN_PROGRESS,),
    Act.LIFT: tuple(State),
}


def proposal(item: ErasureItem) -> Choice:
    """Return what the data map proposes, in the words of the choice; what it does not know is left to staff."""
    why = item.proposed_why.get("en", "")
    if item.proposed == ErasureItem.Way.KEEP:
        return Choice(item.proposed, until_on=item.proposed_until, basis=why)
    return Choice(item.proposed, until_on=item.proposed_until, method=why if item.proposed == "anonymise" else "")


def decide(dsr: DataSubjectRequest, choices: Mapping[UUID, Choice], *, actor: Actor, at: datetime) -> None:
    """Decide some items or all. Raises Refused with every mistake, and then changes nothing."""
    account = require(actor, "plan_erasure")
    refuse_own(dsr.submission, account)
    policy = policy_of(dsr.policy)
    grounds = frozenset(ground.key for ground in grounds_for(policy, dsr.right))
    today = received_on(at, policy.time_zone)
    with transaction.atomic():
        dsr = lock(dsr)
        if dsr.state != State.IN_PROGRESS:
            raise Refused("This request is not in progress any more: return or reopen it first.")
        items = {item.pk: item for item in items_of(dsr)}
        if not choices or set(choices) - set(items):
            raise Refused("A source was asked again in the meantime: look at its items anew.")
        wrong = [
            f"{items[pk].alias} {items[pk].table}: {sentence}"
            for pk, choice in choices.items()
            for sentence in mistakes(choice, grounds=grounds, today=today)
        ]
        if wrong:
            raise Refused(" ".join(wrong))
        for pk, choice in choices.items():
            _store(items[pk], choice, account_id=account.pk, at=at)
        body: dict[str, str | int] = {"items": len(choices), "sha256": digest_of_plan(dsr)}
        evidence.append(dsr.submission_id, Kind.ITEMS_DECIDED, actor=actor, at=at, dsr_id=dsr.pk, body=body)


def _store(item: ErasureItem, choice: Choice, *, account_id: int, at: datetime) -> None:
    told = {"basis": choice.basis, "use": choice.use} if choice.way not in GOES else {}
    if choice.way == ErasureItem.Way.ANONYMISE:
        told = {"method": choice.method, "note": choice.note}
    words = {key: text.strip() for key, text in told.items() if text.strip()}
    ErasureItem.objects.filter(pk=item.pk).update(
        way=choice.way,
        ground=choice.ground if choice.way == ErasureItem.Way.KEEP else "",
        until_on=None if choice.way in GOES else choice.until_on,
        told_sealed=seal(item.dsr.submission_id, item.place, json.dumps(words, ensure_ascii=False)) if words else b"",
        decided_by_id=account_id,
        decided_at=at,
    )


def ask_again(act: SourceAct, *, actor: Actor, at: datetime) -> None:
    """Have a source told again: one that could not be, or that said "erased" and still holds data, which erases anew.

    Raises Refused where the request is over, or nothing stands against the source.
    """
    require(actor, "retry_step")
    with transaction.atomic():
        dsr = lock(act.dsr)
        act = SourceAct.objects.select_for_update().get(pk=act.pk)
        if not fits(act, dsr) or dsr.state not in AGAIN_IN.get(Act(act.act), ()):
            raise Refused("This is over for this request.")
        if not _stands_against(act):
            raise Refused("Nothing stands against this source: it is told, or is being told.")
        if act.act == Act.VERIFY and act.status == Status.CONTRADICTED:
            items_of(dsr).filter(alias=act.alias, way__in=GOES).update(done_at=None)
            tell_anew(acts_of(dsr).filter(alias=act.alias, act=Act.ERASE), at=at)
        else:
            tell_anew(SourceAct.objects.filter(pk=act.pk), at=at)
        body: dict[str, str | int] = {"act": str(act.pk), "source": act.alias, "before": act.status}
        evidence.append(dsr.submission_id, Kind.ACT_RETRIED, actor=actor, at=at, dsr_id=dsr.pk, body=body)


def _stands_against(act: SourceAct) -> bool:
    """Whether it failed, holds data after all, or waits for people of a department, who can be asked anew."""
    if act.alias == RECIPIENTS or act.failure_code == TAKEN_BACK:
        return False
    waits = act.status in (Status.PENDING, Status.BY_HAND)
    failed = act.status in (Status.FAILED, Status.CONTRADICTED)
    return failed or (waits and SourceTask.objects.filter(act=act).exists())


def attest(act: SourceAct, *, note: str, actor: Actor, at: datetime) -> None:
    """Say that people did in a source what it does not do by itself; the note says who, how and when, and stays.

    Of a plan that could not be asked it says that the source is carried out by hand as a whole.
    """
    account = require(actor, "attest")
    refuse_own(act.dsr.submission, account)
    if not note.strip():
        raise Refused("Say who did it, how and when.")
    with transaction.atomic():
        dsr = lock(act.dsr)
        act = SourceAct.objects.select_for_update().get(pk=act.pk)
        waits = act.status in (Status.BY_HAND, Status.FAILED) or with_department(act) is not None
        if not waits or act.failure_code == TAKEN_BACK:
            raise Refused("Nobody waits for this any more.")
        if not fits(act, dsr):
            raise Refused("This is over for this request, or has not begun.")
        if act.act == Act.VERIFY:
            _refuse_own_word(act, account.pk)
        written = messages.write(dsr, author=Message.Author.INTERNAL, text=note, actor=actor, at=at)
        SourceAct.objects.filter(pk=act.pk).update(
            status=Status.DONE, next_try_at=None, finished_at=at, attested_by=account, failure_code=""
        )
        body: dict[str, str | int] = {
            "act": str(act.pk), "source": act.alias, "what": act.act, "message": str(written.pk)
        }  # fmt: skip
        evidence.append(dsr.submission_id, Kind.ACT_ATTESTED, actor=actor, at=at, dsr_id=dsr.pk, body=body)
        if act.act == Act.PLAN:
            _whole_by_hand(dsr, act)
        elif act.act == Act.ERASE:
            gone_by_hand(act, at=at)
        elif act.act == Act.VERIFY:
            SourceAct.objects.filter(pk=act.pk).update(answer={"attested": 1})
            settle(dsr, at=at)


def _refuse_own_word(act: SourceAct, account_id: int) -> None:
    """Nobody proves alone what they alone say: whoever erased by hand is not the one who looks what is left."""
    by = acts_of(act.dsr).filter(alias=act.alias, act=Act.ERASE).exclude(attested_by=None)
    if any(same_person(erased.attested_by_id, account_id) for erased in by):
        raise Refused("A second person says that nothing is left: you said yourself that it was erased.")


def _whole_by_hand(dsr: DataSubjectRequest, act: SourceAct) -> None:
    items_of(dsr).filter(alias=act.alias).delete()
    shown = way_shown(act.answer.get("shown", {}), "")
    ErasureItem.objects.create(
        dsr=dsr, opened_at=dsr.opened_at, alias=act.alias, records=0, proposed="erase", shown_way=shown
    )
