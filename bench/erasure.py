"""The erasure of `bench.execute`: from due act to the first proof, against a script that runs the same statements.

Ours is what beat ticks, `carry_out_acts`: it is written down, every table is found anew, erased or emptied in
transactions of its own and counted, the source is asked again on another connection, the request ends, the certificate
is signed, the person is told and all of it stands in the evidence. The script connects, deletes, empties and counts.
"""

import statistics
import uuid
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import Group, User

from requests_app.models import DataSubjectRequest, ErasureItem, IdentityCheck, SourceAct
from requests_app.operations import decision, erasure, erasure_plan, identity, intake
from requests_app.operations.actors import Actor
from requests_app.operations.sweeps import SWEEPS
from requests_app.rules.erasure_plan import Choice

from . import shop

BEGUN = datetime(2027, 3, 1, 12, 30, tzinfo=UTC)
GONE = 17  # of 21 rows: three products stay, and an address that others name
METHOD = {"method": "Emptied.", "note": "Nothing is left by which anybody could be told."}
KEPT = {"ground": "law_forbids_deletion", "basis": "The catalogue", "use": "sales"}
PARTLY = {
    "outcome": "partly", "letter": "Dear Ana.", "ground": "law_forbids_deletion", "facts": "The catalogue.",
    "scope": "Products.", "identity_match": "By code.",
}  # fmt: skip


def team() -> tuple[Actor, Actor]:
    """Who decides, and who approves."""
    made = []
    for name, role in (("bruno", "handler"), ("clara", "approver")):
        user = User.objects.get_or_create(username=name, defaults={"is_staff": True})[0]
        user.groups.add(Group.objects.get_or_create(name=role)[0])
        made.append(Actor.staff(user))
    return made[0], made[1]


def due(at: datetime, then: datetime) -> DataSubjectRequest:
    """Ana asked twice, two of the team decided: the sources may be told."""
    filing = intake.Filing(uuid.uuid4(), ("deletion",), "Ana Example", shop.ANA, "", "en")
    submission = intake.receive(filing, channel="web", actor=Actor.person(), at=at)
    check = IdentityCheck.objects.filter(submission=submission, purpose="verify").latest("issue")
    identity.confirm(submission, purpose="verify", code=identity.code_for(check), actor=Actor.person(), at=at)
    SWEEPS["run_steps"](at)
    SWEEPS["carry_out_acts"](at)
    dsr = submission.requests.get()
    again = erasure.issue_code(dsr, actor=Actor.person(), at=at)
    confirmed = erasure.confirm(dsr, code=identity.code_for(again), actor=Actor.person(), at=at)
    assert confirmed is not None
    handler, approver = team()
    choices = {item.pk: _choice(item, then) for item in ErasureItem.objects.filter(dsr=confirmed)}
    erasure_plan.decide(confirmed, choices, actor=handler, at=then)
    decided = decision.decide(confirmed, **PARTLY, actor=handler, at=then)
    return decision.approve(confirmed, digest=decided.content_digest, actor=approver, at=then)


def _choice(item: ErasureItem, at: datetime) -> Choice:
    if item.proposed == ErasureItem.Way.ANONYMISE:
        return Choice("anonymise", **METHOD)
    if item.proposed == ErasureItem.Way.KEEP:
        return Choice("keep", until_on=at.date() + timedelta(days=999), **KEPT)
    return Choice("erase")


def ours(at: datetime) -> int:
    """What beat ticks; the number of acts answered: erased, and asked at once what is left."""
    return sum(SWEEPS["carry_out_acts"](at + timedelta(minutes=number)) for number in range(2))


def measure(url: str, rounds: int) -> tuple[float, float]:
    """Milliseconds of the script and of ours, at the median of so many rounds; the first warms both."""
    figures: dict[str, list[float]] = {"script": [], "ours": []}
    for number in range(rounds + 1):
        at = BEGUN + timedelta(days=30 * number)
        shop.refill(url)
        took, said = shop.timed(lambda: shop.erasing_script(url))
        assert said == (GONE, 0), said
        figures["script"].append(took)
        shop.refill(url)
        dsr = due(at, at + timedelta(days=10))
        took, told = shop.timed(lambda at=at: ours(at + timedelta(days=10, minutes=1)))
        dsr.refresh_from_db()
        gone = sum(ErasureItem.objects.filter(dsr=dsr).values_list("done", flat=True))
        assert (told, gone, dsr.state) == (2, GONE, "partly_fulfilled"), (told, gone, dsr.state, _acts(dsr))
        figures["ours"].append(took)
        SourceAct.objects.filter(dsr=dsr, status="waiting").delete()  # she is filled in again: it would contradict
    return statistics.median(figures["script"][1:]), statistics.median(figures["ours"][1:])


def _acts(dsr: DataSubjectRequest) -> list[tuple[str, str, str]]:
    return list(SourceAct.objects.filter(dsr=dsr).values_list("act", "status", "failure_code"))
