"""What people and sweeps do, each as: what stands before it, the act, and whether it is one transaction."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from requests_app.models import AnswerFile, DataSubjectRequest, IdentityCheck, Submission
from requests_app.operations import decision, desk, identity, intake, person, sweeps
from requests_app.operations.actors import Actor
from tests.packages import fetched
from tests.people import NOON

PERSON = Actor.person()


@dataclass(frozen=True)
class Flow:
    """`act` gets the form key of Ana's submission; it is repeated after a crash, as she or a sweep would."""

    name: str
    act: Callable[[uuid.UUID], Any]
    before: Callable[[uuid.UUID], Any] = lambda form_key: None
    atomic: bool = True
    at: datetime = NOON
    repeatable: tuple[str, ...] = ()  # kinds of evidence that a repetition truthfully adds


def the_submission(form_key: uuid.UUID) -> Submission:
    return Submission.objects.get(form_key=form_key)


def the_request(form_key: uuid.UUID) -> DataSubjectRequest:
    return the_submission(form_key).requests.select_related("submission", "policy").get()


def colleague(name: str) -> Actor:
    return Actor.staff(User.objects.get(username=name))


def submit(form_key: uuid.UUID, right: str = "access") -> None:
    address = f"ana.{form_key.hex}@example.org"
    filing = intake.Filing(form_key=form_key, rights=(right,), name="Ana", email=address, details="", language="en")
    intake.receive(filing, channel="web", actor=PERSON, at=NOON)


def opt_out(form_key: uuid.UUID) -> None:
    submit(form_key, "marketing_optout")


def confirm(form_key: uuid.UUID) -> None:
    submission = the_submission(form_key)
    code = identity.code_for(IdentityCheck.objects.filter(submission=submission).latest("issue"))
    identity.confirm(submission, purpose="verify", code=code, actor=PERSON, at=NOON)


def verified(form_key: uuid.UUID) -> None:
    submit(form_key)
    confirm(form_key)


def attach(form_key: uuid.UUID) -> None:
    if not AnswerFile.objects.filter(dsr=the_request(form_key)).exists():  # staff look before they try again
        bruno = colleague("bruno")
        desk.attach(the_request(form_key), name="data.json", content=b'{"orders": 2}', actor=bruno, at=NOON)


def decide(form_key: uuid.UUID) -> None:
    decision.decide(
        the_request(form_key),
        outcome="done",
        letter="Dear Ana, here are your data.",
        ground="",
        facts="",
        scope="",
        identity_match="Code, and the address in the customer file.",
        actor=colleague("bruno"),
        at=NOON,
    )


def with_file(form_key: uuid.UUID) -> None:
    verified(form_key)
    attach(form_key)


def decided(form_key: uuid.UUID) -> None:
    with_file(form_key)
    decide(form_key)


def approve(form_key: uuid.UUID) -> None:
    dsr = the_request(form_key)
    waiting = dsr.decisions.latest("decided_at")
    decision.approve(dsr, digest=waiting.content_digest, actor=colleague("ada"), at=NOON)


def approved(form_key: uuid.UUID) -> None:
    decided(form_key)
    approve(form_key)


def download(form_key: uuid.UUID) -> None:
    file = AnswerFile.objects.select_related("dsr").get(dsr=the_request(form_key))
    assert fetched(file, actor=PERSON, at=NOON) == b'{"orders": 2}'


def cancel(form_key: uuid.UUID) -> None:
    person.cancel(the_request(form_key), actor=PERSON, at=NOON)


def cancelled(form_key: uuid.UUID) -> None:
    submit(form_key)
    cancel(form_key)


def reopen(form_key: uuid.UUID) -> None:
    person.reopen(the_request(form_key), proved=False, actor=PERSON, at=NOON + timedelta(minutes=1))


def swept(name: str, at: datetime) -> Callable[[uuid.UUID], None]:
    def sweep(form_key: uuid.UUID) -> None:
        sweeps.SWEEPS[name](at)

    return sweep


MISSED = NOON + timedelta(days=16)
ENDED = NOON + timedelta(days=50)
FLOWS = (
    Flow("file", submit),
    Flow("opt out", opt_out),
    Flow("confirm", confirm, submit),
    Flow("attach", attach, verified),
    Flow("decide", decide, with_file),
    Flow("approve", approve, decided),
    Flow("download", download, approved, repeatable=("downloaded",)),
    Flow("cancel", cancel, submit),
    Flow("reopen", reopen, cancelled),
    Flow("deliver", swept("deliver_notices", NOON), submit, atomic=False),
    Flow("enforce", swept("enforce_deadlines", MISSED), verified, atomic=False, at=MISSED),
    Flow("lapse", swept("enforce_deadlines", MISSED), submit, atomic=False, at=MISSED),
    Flow(
        "retention",
        swept("apply_retention", ENDED),
        approved,
        atomic=False,
        at=ENDED,
        repeatable=("package_destroyed",),
    ),
)
