"""Under several policies at once, whatever opens and ends when: all goes within a day of its date, and not before."""

import random
import uuid
from datetime import datetime, timedelta

import pytest

from requests_app.models import (
    DataSubjectRequest,
    EvidenceEvent,
    PolicyVersion,
    SignIn,
    Submission,
    SubmissionKey,
)
from requests_app.operations import evidence, policies, sweeps
from tests.people import NOON, POLICY, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
DAY = timedelta(days=1)
# proofs, packages, messages, contact data, the case
PERIODS = ((0, 1, 2, 3, 5), (7, 20, 20, 40, 60), (1, 1, 2, 60, 70), (3, 5, 15, 15, 15), (30, 30, 30, 30, 90))
MARKS = {"messages": "messages_destroyed_at", "contact": "contact_destroyed_at", "case": "destroyed_at"}


def versions() -> list[PolicyVersion]:
    """The same policy with other periods, each published."""
    names = ("proof_days", "package_days", "message_days", "contact_days", "case_days")
    found = []
    for periods in PERIODS:
        lines = [line for line in POLICY.read_text().splitlines() if not line.startswith("reissue_days")]
        for name, days in zip(names, periods, strict=True):
            row = f'{name} = {{ value = {days}, source = "the test" }}'
            lines = [row if line.startswith(f"{name} ") else line for line in lines]
        told = {"prepared_by": staff("petra"), "approved_by": staff("ada"), "at": NOON}
        found.append(policies.load("\n".join(lines), **told))
    return found


class Cases:
    """So many rows with one request each, made in bulk; `ended` says when each ended last, None while it is open."""

    def __init__(self, count: int, dice: random.Random) -> None:
        self.dice, kinds = dice, versions()
        pks = [uuid.UUID(int=dice.getrandbits(128)) for _ in range(count)]
        self.policy = {pk: n % len(kinds) for n, pk in enumerate(pks)}
        SubmissionKey.objects.bulk_create(SubmissionKey(pk, wrapped=b"key") for pk in pks)
        Submission.objects.bulk_create(
            Submission(
                pk, case_number=f"{n:08}", form_key=uuid.uuid4(), channel="web", name_sealed=b"name", language="en",
                email_digest=f"1:{n}", received_at=NOON, received_on=NOON.date(), received_zone="UTC",
                policy=kinds[self.policy[pk]],
            )
            for n, pk in enumerate(pks)
        )  # fmt: skip
        DataSubjectRequest.objects.bulk_create(
            DataSubjectRequest(
                submission_id=pk, right="access", state="in_progress", policy=kinds[self.policy[pk]],
                opened_at=NOON, opened_on=NOON.date(), due_on=NOON.date(),
            )
            for pk in pks
        )  # fmt: skip
        SignIn.objects.bulk_create(SignIn(pk, subject_digest="1:a", first_at=NOON, last_at=NOON) for pk in pks)
        self.ended: dict[uuid.UUID, datetime | None] = dict.fromkeys(pks)

    def live(self, day: datetime, *, ending: bool) -> None:
        """Within this day some end, and a few that had ended are open again."""
        gone = set(Submission.objects.exclude(contact_destroyed_at=None).values_list("pk", flat=True))
        for pk, ended in self.ended.items():
            at = day + timedelta(seconds=self.dice.randrange(86_400))
            rows = DataSubjectRequest.objects.filter(submission=pk)
            if ended is None and (ending or self.dice.random() < 0.15):
                rows.update(state="cancelled", answered_at=at)
                self.ended[pk] = at
            elif ended is not None and pk not in gone and not ending and self.dice.random() < 0.02:
                rows.update(state="in_progress", answered_at=None)
                self.ended[pk] = None

    def late_or_early(self, now: datetime) -> list[str]:
        """What is still there a day after its date, or went before it."""
        wrong = []
        left = {row.pk: row for row in Submission.objects.all()}
        signed_in = set(SignIn.objects.values_list("pk", flat=True))
        for pk, ended in self.ended.items():
            proof, _package, *rest = PERIODS[self.policy[pk]]
            if ended and ended + timedelta(days=proof) + DAY <= now and pk in signed_in:
                wrong.append(f"{pk}: sign-in")
            for (name, column), days in zip(MARKS.items(), rest, strict=True):
                went = getattr(left[pk], column)
                if ended is None:
                    continue
                due = ended + timedelta(days=days)
                if went is not None and went > ended and not due <= went < due + DAY:
                    wrong.append(f"{pk}: {name} due {due}, went {went}")
                if (went is None or went < ended) and due + DAY <= now:
                    wrong.append(f"{pk}: {name} due {due}, is still there")
        return wrong


def lived(count: int, seed: int) -> Cases:
    """Four months, swept once a day; every evening nothing is late and nothing went early."""
    cases = Cases(count, random.Random(seed))
    for number in range(130):
        cases.live(NOON + number * DAY, ending=number >= 30)
        now = NOON + (number + 1) * DAY
        sweeps.apply_retention(now)
        assert cases.late_or_early(now) == []
    return cases


def whole_and_gone(cases: Cases) -> None:
    """All went, each with its evidence."""
    assert Submission.objects.filter(destroyed_at__isnull=False).count() == len(cases.ended)
    assert not SubmissionKey.objects.exists()
    assert not Submission.objects.exclude(email_digest="", name_sealed=b"").exists()
    assert EvidenceEvent.objects.filter(kind="case_destroyed").count() == len(cases.ended)
    assert list(evidence.verify()) == []


def test_everything_goes_within_a_day_of_its_date_and_nothing_before():
    whole_and_gone(lived(20, 1))


@pytest.mark.long
def test_the_same_holds_for_thousands():
    whole_and_gone(lived(2000, 3))


def test_the_cases_of_a_policy_that_keeps_long_do_not_stand_before_the_others():
    short, long = 0, 4
    cases = Cases(len(PERIODS) * 60, random.Random(4))
    for pk in cases.ended:
        ended = NOON - DAY if cases.policy[pk] == long else NOON
        DataSubjectRequest.objects.filter(submission=pk).update(state="cancelled", answered_at=ended)
    sweeps.apply_retention(NOON + timedelta(hours=1))
    left = set(SignIn.objects.values_list("pk", flat=True))
    assert [pk for pk in left if cases.policy[pk] == short] == []
    assert len([pk for pk in left if cases.policy[pk] == long]) == 60
