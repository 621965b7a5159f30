"""How an objection was weighed: the record that counts, and what may be answered by it (GDPR 21(1))."""

from requests_app.models import Balancing, DataSubjectRequest
from requests_app.rules.restriction import OBJECTION, REFUSES

from .refused import Refused

UNWEIGHED = "Nobody has written down how the interests were weighed (GDPR 21(1))."
PREVAILS = "The record says that the interests of the person prevail: accept the objection, or weigh it anew."
COMPELLING = "The record says that the objection is refused: refuse it, or weigh it anew."


def latest(dsr: DataSubjectRequest) -> Balancing | None:
    """Return the record that counts, of the clock that runs or ran last."""
    return Balancing.objects.filter(dsr=dsr, opened_at=dsr.opened_at).order_by("-written_at").first()


def texts(dsr: DataSubjectRequest) -> dict[str, str]:
    """Return all that the record says, which the approval names by its digest; nothing where there is none."""
    row = latest(dsr)
    if row is None:
        return {}
    said = {column: row.opened(column) for column in Balancing.TEXTS}
    return {"outcome": row.outcome, "purpose": row.purpose, **said}


def refuse_unweighed(dsr: DataSubjectRequest, outcome: str) -> None:
    """Raise Refused where an objection is answered without its record, or against it."""
    if dsr.right != OBJECTION:
        return
    row = latest(dsr)
    if row is None:
        raise Refused(UNWEIGHED)
    if outcome == "refuse" and row.outcome not in REFUSES:
        raise Refused(PREVAILS)
    if outcome == "done" and row.outcome in REFUSES:
        raise Refused(COMPELLING)
