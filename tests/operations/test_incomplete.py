"""Ana says that something is missing: a new clock, asked systems, a second answer; and the first stays on record."""

import json
from datetime import timedelta

import pytest

from requests_app.models import DataSubjectRequest, EvidenceEvent, FulfilmentStep, Message, Notice
from requests_app.operations import incomplete, person, release
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from tests import packages
from tests.people import NOON, ana_files, confirms, published_policy

pytestmark = [pytest.mark.django_db, pytest.mark.both]
ANA = Actor.person()
DAY = timedelta(days=1)
TEXT = "My calls to the hotline are not in it."


@pytest.fixture(autouse=True)
def _policy(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    published_policy()


def answered(right="access", **changes) -> DataSubjectRequest:
    submission = ana_files(right)
    confirms(submission)
    dsr = the(submission)
    packages.made(dsr, b"PK one", at=NOON)
    return packages.released(dsr, at=NOON, **changes)


def the(submission) -> DataSubjectRequest:
    return submission.requests.select_related("submission", "policy").get()


def again(dsr, *, at) -> DataSubjectRequest:
    """The second answer."""
    packages.made(dsr, b"PK again", at=at)
    return packages.released(dsr, at=at)


class TestReporting:
    @pytest.mark.parametrize("right", ["access", "portability"])
    def test_opens_the_request_with_a_clock_from_that_day_and_tells_the_team(self, right):
        dsr = answered(right)
        first_due = dsr.due_on
        dsr = incomplete.report_missing(dsr, text=TEXT, actor=ANA, at=NOON + 3 * DAY)
        assert (dsr.state, dsr.answered_at) == ("in_progress", None)
        assert dsr.opened_at == NOON + 3 * DAY
        assert dsr.due_on == first_due + 3 * DAY
        message = Message.objects.get()
        assert (message.author, message.body) == (Message.Author.PERSON, TEXT)
        reopened = json.loads(EvidenceEvent.objects.get(kind="reopened").body)
        assert (reopened["message"], reopened["due_before"]) == (str(message.pk), first_due.isoformat())
        assert TEXT not in json.dumps(reopened)
        assert Notice.objects.filter(kind="reopened", recipient="person").count() == 1
        told = Notice.objects.filter(kind="staff_new", occurrence=str(message.pk)).values_list("staff__username")
        assert {name for (name,) in told} == {"bruno", "petra"}

    def test_owes_every_system_a_new_step(self, settings):
        dsr = answered()
        settings.DATA_SOURCES = {"shop": {"BACKEND": "tests.operations.test_fulfilment.Shop"}}
        dsr = incomplete.report_missing(dsr, text=TEXT, actor=ANA, at=NOON + DAY)
        assert [step.opened_at for step in FulfilmentStep.objects.filter(dsr=dsr)] == [dsr.opened_at]

    def test_leaves_the_first_package_until_its_date(self):
        dsr = answered()
        file = dsr.answer_files.get()
        incomplete.report_missing(dsr, text=TEXT, actor=ANA, at=NOON + DAY)
        assert b"".join(release.begin(file, actor=ANA, at=NOON + 29 * DAY)) == b"PK one"
        with pytest.raises(Refused):
            release.begin(file, actor=ANA, at=NOON + 30 * DAY)

    def test_needs_a_word(self):
        dsr = answered()
        for text in ("", "  \n", "x" * 10_001):
            with pytest.raises(Refused):
                incomplete.report_missing(dsr, text=text, actor=ANA, at=NOON + DAY)
        assert not Message.objects.exists()

    def test_twice_at_once_opens_once(self):
        dsr = answered()
        incomplete.report_missing(dsr, text=TEXT, actor=ANA, at=NOON + DAY)
        with pytest.raises(Refused):
            incomplete.report_missing(dsr, text=TEXT, actor=ANA, at=NOON + DAY)
        assert EvidenceEvent.objects.filter(kind="reopened").count() == 1

    def test_is_heard_once_a_day(self):
        dsr = incomplete.report_missing(answered(), text=TEXT, actor=ANA, at=NOON + DAY)
        dsr = again(dsr, at=NOON + DAY + timedelta(hours=1))
        with pytest.raises(Refused, match="wait a day"):
            incomplete.report_missing(dsr, text=TEXT, actor=ANA, at=NOON + DAY + timedelta(hours=23))
        assert incomplete.report_missing(dsr, text=TEXT, actor=ANA, at=NOON + 2 * DAY).is_open

    def test_the_third_time_the_team_judges_first(self):
        dsr = answered()
        for round_ in (1, 2):
            dsr = incomplete.report_missing(dsr, text=TEXT, actor=ANA, at=NOON + 2 * round_ * DAY)
            dsr = again(dsr, at=NOON + (2 * round_ + 1) * DAY)
        dsr = incomplete.report_missing(dsr, text=TEXT, actor=ANA, at=NOON + 8 * DAY)
        assert dsr.state == "fulfilled"
        assert Message.objects.count() == 3
        last = EvidenceEvent.objects.latest("seq")
        assert (last.kind, json.loads(last.body)["why"]) == ("message_received", "missing")
        assert Notice.objects.filter(kind="staff_answered", staff__username="petra").exists()
        for day in range(9, 16):
            incomplete.report_missing(dsr, text=TEXT, actor=ANA, at=NOON + day * DAY)
        assert not incomplete.may_report(dsr)

    def test_both_answers_stay_on_record(self):
        dsr = answered()
        dsr = incomplete.report_missing(dsr, text=TEXT, actor=ANA, at=NOON + DAY)
        assert json.loads(EvidenceEvent.objects.get(kind="reopened").body)["from"] == "fulfilled"
        dsr = again(dsr, at=NOON + 2 * DAY)
        approved = EvidenceEvent.objects.filter(kind="decision_approved").order_by("seq")
        assert [event.at for event in approved] == [NOON, NOON + 2 * DAY]
        assert dsr.submission.received_at == NOON


def test_it_is_for_answers_that_hand_out_data_only():
    refused = {"outcome": "refuse", "ground": "risk_to_others", "facts": "Names.", "scope": "All."}
    for dsr in (answered("correction"), answered(**refused)):
        assert not incomplete.may_report(dsr)
        with pytest.raises(Refused):
            incomplete.report_missing(dsr, text=TEXT, actor=ANA, at=NOON + DAY)
    submission = ana_files("access")
    confirms(submission)
    assert not incomplete.may_report(the(submission))
    person.cancel(the(submission), actor=ANA, at=NOON)
    assert not incomplete.may_report(the(submission))
