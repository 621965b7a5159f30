"""Whether an answer that says "deleted" is true: owing the question to each data source, and what stands against the
answer until all have said that nobody is there any more. Asking is `requery`.

Whoever deletes does not vouch for it alone: a source that answered "erased" and still holds the person is found by its
own `find` (A52). GDPR 5(2), 17(1).
"""

from datetime import datetime

from requests_app.connectors import finders
from requests_app.models import DataSubjectRequest, Decision, Requery

from .erasing import erases

Result = Requery.Result
WORDS = {
    Result.WAITING: "The data source {alias} has not said yet whether it still holds data: it is being asked.",
    Result.STILL_HELD: "The data source {alias}, asked again, still holds data of this person. Return the decision, "
    "have them deleted there, and decide again; or decide that it is partly done, with a ground.",
    Result.FAILED: "The data source {alias} could not be asked whether it still holds data. Return the decision "
    "and decide again once it can be.",
}
UNASKED = "The data source {alias} was connected after this was decided. Return the decision and decide again."


def owe_requeries(decision: Decision, *, at: datetime) -> None:
    """Owe one question to each source that knows people. Needs the caller's transaction with the request locked."""
    if not _says_deleted(decision):
        return
    Requery.objects.bulk_create(
        Requery(decision=decision, alias=alias, result_at=at, next_try_at=at) for alias in finders()
    )


def contradictions(dsr: DataSubjectRequest) -> list[str]:
    """Return, in words for staff, what stands against the decision that waits: a source that was not asked, has not
    answered, or still holds data. Part of `readiness`, which the transaction that answers asks under its lock."""
    waiting = dsr.decisions.filter(approved_at=None, returned_at=None).order_by("-decided_at").first()
    return _against(waiting) if waiting is not None else []


def _against(decision: Decision) -> list[str]:
    if not _says_deleted(decision):
        return []
    results = dict(Requery.objects.filter(decision=decision).values_list("alias", "result"))
    unasked = [UNASKED.format(alias=alias) for alias in finders() if alias not in results]
    said = [WORDS[Result(result)].format(alias=alias) for alias, result in results.items() if result != Result.GONE]
    return unasked + said


def _says_deleted(decision: Decision) -> bool:
    return decision.outcome == Decision.Outcome.DONE and erases(decision.dsr)
