"""Twenty days of people and sweepers on one clock, with what goes wrong meanwhile."""

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db.models import Q

from requests_app.models import Balancing, DataSubjectRequest, Notice, SourceAct, Submission
from requests_app.operations import decision, erasure, erasure_plan, identity, intake, objection, person, restriction
from requests_app.operations.actors import Actor
from tests.faults.sweepers import Sweeper
from tests.faults.workload import NO_PROOF, STEP, Asked, Plan
from tests.services import free_port
from tests.smtp import Relay

AGAIN = timedelta(seconds=40)  # after a kill: longer than the lease of a batch
LETTER = "Dear Ana, this is the answer."
WEIGHED = dict.fromkeys(Balancing.TEXTS, "As written down.")


@dataclass
class Story:
    """What is played; `kills` is the chance that one of the sweepers dies in a look."""

    plans: list[Plan]
    looks: list[datetime]
    mail: Relay
    seed: int
    kills: float = 0.0
    refused: tuple[datetime, datetime] | None = None  # the mail server does not even listen
    sweepers: int = 2
    killed: int = 0
    last_kill: float = 0.0
    drained_after: float = 0.0
    acknowledged: dict[str, str] = field(default_factory=dict)  # form key to case number, as the page showed it

    def play(self) -> None:
        """All twenty days; then time goes on until no mail is owed."""
        self.chance = random.Random(self.seed)
        self.running = [Sweeper() for _ in range(self.sweepers)]
        try:
            acts = sorted(self.acts(), key=lambda act: act[0])
            for look in self.looks:
                while acts and acts[0][0] <= look:
                    at, plan, asked = acts.pop(0)
                    self.act(at, plan, asked)
                self.look(look)
            self.drain(self.looks[-1])
        finally:
            for sweeper in self.running:
                sweeper.kill()

    def acts(self) -> Iterator[tuple[datetime, Plan, Asked | str]]:
        for plan in self.plans:
            yield plan.filed_at, plan, "file"
            if plan.verified_at:
                yield plan.verified_at, plan, "confirm"
            for asked in plan.asked:
                if asked.confirmed_at:
                    yield asked.confirmed_at, plan, asked.right
                if asked.ended_at:
                    yield asked.ended_at, plan, asked

    def act(self, at: datetime, plan: Plan, what: Asked | str) -> None:
        if what == "file":
            for _ in range(1 + plan.twice):
                self.acknowledged[str(plan.form_key)] = _file(plan, at).case_number
        elif what == "confirm":
            _confirm(plan, at)
        elif isinstance(what, Asked):
            _end(plan, what, at)
        else:
            _confirm_erasure(plan, what, at)

    def look(self, now: datetime) -> None:
        """All sweepers at once; where one died, again until nothing waits for a lease."""
        died = self.round(now, lethal=self.chance.random() < self.kills)
        until = now + STEP / 4
        while (
            died and now < until and DataSubjectRequest.objects.filter(wake_at__lte=until, set_aside_at=None).exists()
        ):
            now += AGAIN
            self.round(now)

    def round(self, now: datetime, *, lethal: bool = False) -> bool:
        refused = self.refused is not None and self.refused[0] <= now < self.refused[1]
        port = free_port() if refused else self.mail.port
        for sweeper in self.running:
            sweeper.begin(now, mail_port=port)
        if lethal:
            time.sleep(self.chance.uniform(0, 0.08))
            victim = self.chance.randrange(len(self.running))
            self.running[victim].kill()
            self.running[victim] = Sweeper()
            self.killed, self.last_kill = self.killed + 1, time.monotonic()
            others = [s for n, s in enumerate(self.running) if n != victim]
            assert all(sweeper.finished() for sweeper in others)
            return True
        assert all(sweeper.finished() for sweeper in self.running)
        return False

    def drain(self, now: datetime) -> None:
        """Until nothing is owed; in real seconds since the last fault."""
        began = time.monotonic()
        if self.kills:
            self.round(now, lethal=True)
            began = self.last_kill
        for _ in range(80):
            if not Notice.objects.filter(~Q(next_try_at=None)).exists():
                break
            now += timedelta(minutes=20)
            self.round(now)
        self.drained_after = time.monotonic() - began


def _file(plan: Plan, at: datetime) -> Submission:
    filing = intake.Filing(
        form_key=plan.form_key,
        rights=tuple(asked.right for asked in plan.asked),
        name="Ana Example",
        email=plan.email,
        details="",
        language=plan.language,
    )
    return intake.receive(filing, channel="web", actor=Actor.person(), at=at)


def _confirm(plan: Plan, at: datetime) -> None:
    submission = Submission.objects.get(form_key=plan.form_key)
    if not submission.requests.filter(state="awaiting_verification").exists():
        return
    check = identity.issue_code(submission, purpose="verify", actor=Actor.person(), at=at)
    code = identity.code_for(check)
    assert identity.confirm(submission, purpose="verify", code=code, actor=Actor.person(), at=at)


def _confirm_erasure(plan: Plan, right: str, at: datetime) -> None:
    rows = DataSubjectRequest.objects.select_related("submission", "policy")
    dsr = rows.get(submission__form_key=plan.form_key, right=right)
    if not dsr.is_open:
        return
    code = identity.code_for(erasure.issue_code(dsr, actor=Actor.person(), at=at))
    assert erasure.confirm(dsr, code=code, actor=Actor.person(), at=at)


def _end(plan: Plan, asked: Asked, at: datetime) -> None:
    rows = DataSubjectRequest.objects.select_related("submission", "policy")
    dsr = rows.get(submission__form_key=plan.form_key, right=asked.right)
    if asked.ending == "cancelled":
        person.cancel(dsr, actor=Actor.person(), at=at)
        return
    bruno, ada = (Actor.staff(User.objects.get(username=name)) for name in ("bruno", "ada"))
    if asked.right in NO_PROOF:
        decision.carry_out(dsr, note=LETTER, actor=bruno, at=at)
        return
    _limit(dsr, bruno, at)
    told = {"outcome": "done", "letter": LETTER, "ground": "", "facts": "", "scope": "", "identity_match": "The code."}
    digest = decision.decide(dsr, **told, actor=bruno, at=at).content_digest
    dsr.refresh_from_db()
    decision.approve(dsr, digest=digest, actor=ada, at=at)


def _limit(dsr: DataSubjectRequest, bruno: Actor, at: datetime) -> None:
    """What has to be on record before a restriction or an objection is answered."""
    if dsr.right == "objection":
        objection.weigh(dsr, outcome="person", texts=WEIGHED, actor=bruno, at=at)
    if dsr.right == "restriction":
        review_on = (at + timedelta(days=60)).date()
        asked = {"ground": "accuracy", "scope": "The address.", "until": "It is checked.", "review_on": review_on}
        restriction.restrict(dsr, **asked, actor=bruno, at=at)
        told = SourceAct.objects.get(dsr=dsr, alias="recipients:")
        erasure_plan.attest(told, note="They were told.", actor=bruno, at=at)
