"""Four eyes on every file: what a second person has not approved reaches nobody, also after a request is reopened."""

from datetime import timedelta

import pytest

from requests_app.models import AnswerFile, DataSubjectRequest
from requests_app.operations import decision, desk, identity
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from requests_app.web import cards
from tests.packages import fetched
from tests.people import NOON, ana_files, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
ANA = Actor.person()
DONE = {"outcome": "done", "letter": "Dear Ana.", "ground": "", "facts": "", "scope": "", "identity_match": "Code."}
LATER = NOON + timedelta(hours=2)


class Desk:
    """Ana's request for access, answered with one approved file."""

    def __init__(self) -> None:
        published_policy()
        self.bruno, self.ada, self.petra = (
            Actor.staff(staff(name, role))
            for name, role in (("bruno", "handler"), ("ada", "approver"), ("petra", "privacy officer"))
        )
        submission = ana_files("access")
        code = identity.code_for(submission.identity_checks.get())
        assert identity.confirm(submission, purpose="verify", code=code, actor=ANA, at=NOON)
        self.approved = self.attach(b"hers")
        self.answer()

    @property
    def dsr(self) -> DataSubjectRequest:
        return DataSubjectRequest.objects.select_related("submission", "policy").get()

    def attach(self, content: bytes, *, at=NOON) -> AnswerFile:
        return desk.attach(self.dsr, name="data.json", content=content, actor=self.bruno, at=at)

    def decide(self, *, at=NOON, **changes) -> str:
        return decision.decide(self.dsr, **(DONE | changes), actor=self.bruno, at=at).content_digest

    def answer(self, *, at=NOON, **changes) -> None:
        decision.approve(self.dsr, digest=self.decide(at=at, **changes), actor=self.ada, at=at)

    def reopen(self, *, at=NOON + timedelta(hours=1)) -> None:
        decision.reopen(self.dsr, reason="A file is missing.", actor=self.petra, at=at)

    def shown(self, *, at=LATER) -> list:
        package = cards.card(self.dsr, at=at)["package"]
        return [file["id"] for file in package["files"]] if package else []


def test_a_draft_attached_after_reopening_is_neither_shown_nor_handed_out():
    office = Desk()
    office.reopen()
    draft = office.attach(b"somebody else's", at=LATER)
    assert office.shown() == [office.approved.pk]
    with pytest.raises(Refused):
        fetched(draft, actor=ANA, at=LATER)


def test_a_draft_that_waits_for_the_second_person_is_not_handed_out():
    office = Desk()
    office.reopen()
    draft = office.attach(b"not read yet", at=LATER)
    office.decide(at=LATER)
    assert draft.pk not in office.shown()
    with pytest.raises(Refused):
        fetched(draft, actor=ANA, at=LATER)


def test_what_was_refused_in_the_second_round_is_not_handed_out():
    office = Desk()
    office.reopen()
    draft = office.attach(b"withheld", at=LATER)
    ground = {"ground": "risk_to_others", "facts": "Names of others.", "scope": "The attachment."}
    office.answer(at=LATER, outcome="refuse", **ground)
    assert draft.pk not in office.shown()
    with pytest.raises(Refused):
        fetched(draft, actor=ANA, at=LATER)


def test_what_the_second_person_approved_in_the_second_round_is_handed_out():
    office = Desk()
    office.reopen()
    second = office.attach(b"also hers", at=LATER)
    office.answer(at=LATER)
    assert set(office.shown()) == {office.approved.pk, second.pk}
    assert fetched(second, actor=ANA, at=LATER) == b"also hers"
