"""Undoing an opt-out or a withdrawal, all of it or some purposes: as easy as making it (P8, P9)."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from requests_app.models import ConsentEntry, DataSubjectRequest
from requests_app.rules.lifecycle import Action

from . import consents, evidence
from .actors import Actor
from .consent_words import labels
from .evidence import Kind
from .notices import owe
from .transition import advance, lock


def take_back_effect(
    dsr: DataSubjectRequest,
    *,
    purposes: Collection[str] | None = None,
    how: consents.How,
    actor: Actor,
    at: datetime,
) -> list[ConsentEntry]:
    """Undo what is in effect, with its evidence and letter; return what that was. What is left of nothing ends."""
    with transaction.atomic():
        dsr = lock(dsr)
        undone = consents.take_back(dsr, purposes=purposes, how=how, actor=actor, at=at)
        if not undone:
            return []
        body = {"purposes": " ".join(row.purpose for row in undone)}
        evidence.append(dsr.submission_id, Kind.EFFECT_REVERSED, actor=actor, at=at, dsr_id=dsr.pk, body=body)
        context = {"effective_at": at, "purposes": labels(dsr, undone)}
        occurrence = f"{dsr.pk}:{undone[0].pk}"
        owe("effect_undone", submission=dsr.submission, dsr=dsr, occurrence=occurrence, context=context, at=at)
        if dsr.is_open and not consents.in_effect(dsr):
            advance(dsr, Action.CANCEL, actor=actor, at=at, values={"answered_at": at})
        return undone
