"""What is used for nothing but storage, since when and until what: in the words of letters and of the person's page."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.formats import date_format

from requests_app.models import DataSubjectRequest, SourceAct
from requests_app.rules.policy import Text
from requests_app.rules.restriction import GROUNDS, OBJECTION, Ground

from . import limits, weighed
from .consent_words import label
from .owed_acts import RECIPIENTS, Act, Status
from .policies import policy_of

SINCE = Text("Since {} we keep this and use it for nothing else: {}", "Dal {} conserviamo soltanto, senza usarlo: {}")
GROUND = Text("The reason: {}", "Il motivo: {}")
UNTIL = Text("Until this has happened: {}", "Finché non si verifica questo: {}")
BEFORE = Text("We write to you before we use it again.", "Le scriveremo prima di usarlo di nuovo.")
TOLD = Text("Those to whom we had given it were told: {}", "L'abbiamo comunicato a chi l'aveva ricevuto: {}")
ENDED = Text("We use your data no longer for: {}", "Non usiamo più i Suoi dati per: {}")
PAUSED = Text(
    "What we paused stays paused. A letter of its own says from which day that ends.",
    "Ciò che abbiamo sospeso resta sospeso. Una lettera a parte dice da quale giorno la sospensione termina.",
)


def told(dsr: DataSubjectRequest, language: str) -> list[str]:
    """Return the lines of the letter that answers the request; none where nothing was restricted."""
    row = limits.standing(dsr)
    lines = []
    if dsr.right == OBJECTION and (record := weighed.latest(dsr)) is not None and record.purpose:
        lines.append(ENDED.in_language(language).format(label(policy_of(dsr.policy), record.purpose, language)))
    if row is None:
        return lines
    if row.announced_at is not None:
        return [*lines, PAUSED.in_language(language)]
    since = _said(row.begun_at, language, dsr.submission.received_zone)
    lines += [
        SINCE.in_language(language).format(since, row.opened("scope")),
        GROUND.in_language(language).format(GROUNDS[Ground(row.ground)].in_language(language)),
        UNTIL.in_language(language).format(row.opened("until")),
    ]
    acts = [act for act in limits.acts_for(row) if act.alias == RECIPIENTS and act.status == Status.DONE]
    answer = policy_of(dsr.policy).answer
    if acts and answer:
        names = "; ".join(one.name.in_language(language) for one in answer.recipients)
        lines.append(TOLD.in_language(language).format(names))
    return [*lines, BEFORE.in_language(language)]


def shown(dsr: DataSubjectRequest, language: str) -> dict[str, Any] | None:
    """Return what stands on the page of the person; None where nothing is restricted."""
    row = limits.standing(dsr)
    if row is None:
        return None
    scope, until = limits.words_of(row, language)
    return {
        "since": row.begun_at,
        "scope": scope,
        "ground": GROUNDS[Ground(row.ground)].in_language(language),
        "until": until,
        "ends_on": row.lift_from,
        "everywhere": _is_everywhere([act for act in limits.acts_for(row) if act.opened_at == dsr.opened_at]),
    }


def _is_everywhere(acts: list[SourceAct]) -> bool:
    ours = [act for act in acts if act.act == Act.RESTRICT and act.alias != RECIPIENTS]
    return all(act.status == Status.DONE for act in ours)


def _said(at: datetime, language: str, zone: str) -> str:
    with translation.override(language):
        text = date_format(at.astimezone(ZoneInfo(zone)), "j F Y", use_l10n=False)
    return text.lower() if language.startswith("it") else text
