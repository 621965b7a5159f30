"""What was put right, in the words of the person: one line for each field, counted over the sources."""

from collections import Counter

from requests_app.connectors import Outcome
from requests_app.models import DataSubjectRequest, RequestedChange, SourceAct
from requests_app.rules.policy import Text

from .owed_acts import RECIPIENTS, Act, Status, acts_of
from .policies import policy_of

DONE: dict[str, tuple[Text, Text]] = {  # of one place, of several
    Outcome.CHANGED: (Text("put right", "rettificato"), Text("put right in {} places", "rettificato in {} posti")),
    Outcome.ALREADY: (
        Text("it already stood so", "risultava già così"),
        Text("it already stood so in {} places", "risultava già così in {} posti"),
    ),
}
NOT_HELD = Text("we hold no such value", "non conserviamo un tale valore")
TOLD = Text("To those to whom we had given it, we passed it on: {}", "L'abbiamo comunicato a chi l'aveva ricevuto: {}")


def told(dsr: DataSubjectRequest, language: str) -> list[str]:
    """Return the lines; none where nothing was to be changed."""
    acts = list(acts_of(dsr).filter(act=Act.RECTIFY, status=Status.DONE))
    rows = RequestedChange.objects.filter(dsr=dsr, opened_at=dsr.opened_at)
    lines = [_line(row, [act for act in acts if act.occasion == str(row.number)], language) for row in rows]
    if any(act.alias == RECIPIENTS for act in acts):
        names = "; ".join(one.in_language(language) for one in recipients_of(dsr))
        lines.append(TOLD.in_language(language).format(names))
    return lines


def recipients_of(dsr: DataSubjectRequest) -> list[Text]:
    """Return who gets data from the controller, as the policy names them (GDPR 19)."""
    answer = policy_of(dsr.policy).answer
    return [one.name for one in answer.recipients] if answer else []


def _line(row: RequestedChange, acts: list[SourceAct], language: str) -> str:
    # What a source left to people, and people attested, is put right as well.
    came = Counter(Outcome.CHANGED if act.attested_by_id else act.answer.get("outcome", "") for act in acts)
    words = [
        one.in_language(language) if came[outcome] == 1 else several.in_language(language).format(came[outcome])
        for outcome, (one, several) in DONE.items()
        if came[outcome]
    ]
    return f"{row.said.get('field', '')}: {', '.join(words) or NOT_HELD.in_language(language)}"
