"""Ending a request that lacks a confirmation: what the clock and a person who confirms late share. Below the verbs."""

from collections.abc import Mapping
from datetime import datetime

from requests_app.models import DataSubjectRequest
from requests_app.rules.lifecycle import Action, State

from .actors import Actor
from .asking import open_doubt
from .notices import owe
from .rendering import known_language
from .transition import NOTICE, advance

MISSING: Mapping[str, str] = {
    "en": "your e-mail address was never confirmed with the code that we sent to it.",
    "it": "il Suo indirizzo e-mail non è mai stato confermato con il codice che Le abbiamo inviato.",
}
MISSING_DOCUMENT: Mapping[str, str] = {
    "en": "a document that shows who you are. We asked you for it and wrote why; none that we could accept has come.",
    "it": "un documento che mostri chi è Lei. Glielo abbiamo chiesto spiegandone il motivo; non è arrivato "
    "nessun documento che potessimo accettare.",
}
UNCONFIRMED: Mapping[str, str] = {
    "en": "what is deleted cannot be brought back, so we asked you to confirm it a second time. "
    "In the days that the answer still allowed, you did not.",
    "it": "ciò che viene cancellato non si può recuperare, perciò Le abbiamo chiesto di confermare una seconda volta. "
    "Nei giorni che il termine ancora consentiva, non lo ha fatto.",
}


def lapse(dsr: DataSubjectRequest, *, actor: Actor, at: datetime) -> DataSubjectRequest:
    """End it with a letter that says what is missing, which answers it (H2). Needs the caller's transaction."""
    missing, what = _missing(dsr)
    values = {"answered_at": at, "waiting_since": None}
    ended = advance(dsr, Action.LAPSE, actor=actor, at=at, values=values, body={"missing": what})
    owe(
        NOTICE[Action.LAPSE],
        submission=dsr.submission,
        dsr=dsr,
        occurrence=f"{dsr.pk}:{dsr.opened_at.isoformat()}",
        context={"missing": missing[known_language(dsr.submission)]},
        at=at,
    )
    return ended


def _missing(dsr: DataSubjectRequest) -> tuple[Mapping[str, str], str]:
    if dsr.state != State.AWAITING_VERIFICATION:
        return UNCONFIRMED, "confirmation"
    return (MISSING, "address") if open_doubt(dsr) is None else (MISSING_DOCUMENT, "document")
