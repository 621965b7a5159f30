"""The journal of erasures is lost or broken, and no copy of it is left: go on with what is still known, and say so."""

import uuid
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from django.db import transaction

from requests_app.models import RegisterState, SuppressionEntry

from . import journal, restore_guard
from .team import alarm_officers

AT_ONCE = 200
SENTENCE = (
    "The journal of erasures was lost, and was begun anew from what the database knows. Which data keys were destroyed "
    "before today it does not know any more: do not restore a backup of the keys database from before today."
)


def accept(*, at: datetime) -> Path | None:
    """Keep what of the journal is whole, add what the database knows, and tell the officers.

    Returns where a broken one was put. A replay has to follow; it can be repeated.
    """
    aside = journal.keep_whole_part()
    state = RegisterState.objects.filter(pk=1).first()
    journal.append("lost", {"known": state.seq if state else 0}, pk=uuid.uuid4(), at=at)
    for body, added_at in _known():
        journal.append("suppress", body, pk=uuid.uuid4(), at=added_at)
    with transaction.atomic():
        RegisterState.objects.update_or_create(pk=1, defaults={"seq": 0, "link": "", "end": 0})
        alarm_officers(SENTENCE, submission=None, occurrence=f"journal:{at.isoformat()}", at=at)
    restore_guard.forget()
    return aside


def _known() -> Iterator[tuple[dict[str, Any], datetime]]:
    rows = SuppressionEntry.objects.order_by("added_at", "normaliser", "purpose", "kept", "pk")
    for _, alike in groupby(rows.iterator(), key=lambda row: (row.added_at, row.normaliser, row.purpose, row.kept)):
        while some := list(islice(alike, AT_ONCE)):
            first = some[0]
            body = {
                "entries": [[row.kind, row.digest] for row in some],
                "kept": first.kept,
                "normaliser": first.normaliser,
                "purpose": first.purpose,
            }
            yield body, first.added_at
