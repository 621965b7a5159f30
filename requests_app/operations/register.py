"""What must not come back: owed in a row first, then written into the journal, and only then is anything destroyed.

A row says what is owed (`JournalIntent`); `settle` writes it into the journal, does it, and forgets the row. A crash at
any place is made good by the next who settles. A record without its row means that a backup was restored.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from requests_app.models import JournalIntent, RegisterState, SubmissionKey
from requests_app.rules.identifiers import Identifier

from . import evidence, journal, suppression
from .actors import Actor
from .evidence import Kind
from .journal import Record
from .restore_guard import AHEAD, LOST, TAKES, Stopped, mark_of, refuse_stopped

KEYS_AT_ONCE = 500


def suppress(
    identifiers: Iterable[Identifier],
    *,
    submission_id: UUID | None,
    actor: Actor,
    at: datetime,
    kept: Sequence[str] = (),
) -> int:
    """Have these identifiers known again from now on, before anything of them is erased; return how many they are.

    Outside any transaction. `kept`: source.table of what is not erased, so that a replay keeps it too. Raises Stopped,
    and nothing was done, where the journal cannot be relied on.
    """
    body = suppression.body_of(identifiers, kept=kept)
    if not body["entries"]:
        return 0
    refuse_stopped()
    if suppression.knows(body, added_at=at):
        return len(body["entries"])
    with transaction.atomic(durable=True):
        JournalIntent.objects.create(kind="suppress", body=body, at=at)
        if submission_id is not None:
            counted = {"identifiers": len(body["entries"])}
            evidence.append(submission_id, Kind.SUPPRESSED, actor=actor, at=at, body=counted)
    settle()
    return len(body["entries"])


def owe_keys(submission_ids: Sequence[UUID], *, at: datetime) -> None:
    """Owe, in the transaction that decides it, that the data keys of these submissions are destroyed: by `settle`."""
    parts = (submission_ids[start : start + KEYS_AT_ONCE] for start in range(0, len(submission_ids), KEYS_AT_ONCE))
    JournalIntent.objects.bulk_create(
        JournalIntent(kind="key", body={"ids": [pk.hex for pk in part]}, at=at) for part in parts
    )


def destroy_keys(submission_ids: Sequence[UUID], *, at: datetime) -> int:
    """Destroy the data keys of these submissions, for every backup too; return how many there were.

    Outside any transaction. Raises Stopped, and nothing was done, where the journal cannot be relied on.
    """
    refuse_stopped()
    there = SubmissionKey.objects.filter(pk__in=submission_ids).count()
    with transaction.atomic(durable=True):
        owe_keys(submission_ids, at=at)
    settle()
    return there


def settle() -> int:
    """Write into the journal what is owed, and do it; also what a crash left undone. Returns how many records.

    Outside any transaction, since a row that could be undone would be none. Raises Stopped where the journal knows more
    than this database, or is not the one that it knows.
    """
    with transaction.atomic(durable=True):
        RegisterState.objects.get_or_create(pk=1)
        state = RegisterState.objects.select_for_update().get(pk=1)
        owed = {intent.pk: intent for intent in JournalIntent.objects.order_by("at", "pk")}
        try:
            fresh = list(journal.records(mark_of(state)))
            if any(record.kind in TAKES and record.id not in owed for record in fresh):
                raise Stopped(AHEAD)
            for record in fresh:
                owed.pop(record.id, None)
            for pk, intent in owed.items():
                last = fresh[-1].mark if fresh else mark_of(state)
                fresh.append(journal.append(intent.kind, intent.body, pk=pk, at=intent.at, after=last))
        except journal.Broken as error:
            raise Stopped(LOST.format(why=error, place=error.place)) from error
        for record in fresh:
            carry_out(record)
        know(state, fresh)
    return len(fresh)


def carry_out(record: Record) -> int:
    """Do what one record says, once or again; returns how many entries or keys that were."""
    if record.kind == "suppress":
        return suppression.put(record.body, added_at=record.at)
    if record.kind == "key":
        return SubmissionKey.objects.filter(pk__in=[UUID(hex=one) for one in record.body["ids"]]).delete()[0]
    return 0


def know(state: RegisterState, fresh: Sequence[Record]) -> None:
    """Write down that the database knows the journal up to the last of these."""
    if fresh:
        state.seq, state.link, state.end = fresh[-1].mark.seq, fresh[-1].mark.link, fresh[-1].mark.end
        state.save(update_fields=["seq", "link", "end"])
        JournalIntent.objects.filter(pk__in=[record.id for record in fresh]).delete()


def tidy(now: datetime) -> int:
    """Make good what a crash left undone, and let go what has served its time."""
    return settle() + suppression.let_go(now)
