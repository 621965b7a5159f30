"""A person without e-mail is served by a posted letter; who opens it and when it went are on record."""

import json
import uuid
from datetime import date, timedelta

import pytest

from requests_app.models import AccessLog, EvidenceEvent, Notice
from requests_app.operations import delivery, intake, letters
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from tests.people import NOON, ana_files, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
LATER = NOON + timedelta(days=2)


@pytest.fixture
def notice() -> Notice:
    published_policy()
    filing = intake.Filing(
        form_key=uuid.uuid4(), rights=("access",), name="Rosa Verdi", email="", details="", language="it",
        postal="Via Roma 1, Torino",
    )  # fmt: skip
    submission = intake.receive(filing, channel="post", actor=Actor.staff(staff("bruno", "handler")), at=NOON)
    return Notice.objects.get(submission=submission, kind="acknowledgement")


@pytest.fixture
def petra() -> Actor:
    return Actor.staff(staff("petra", "privacy officer"))


def test_petra_opens_the_letter_and_the_look_is_on_record(notice: Notice, petra: Actor) -> None:
    letter = letters.open_letter(notice, actor=petra, at=NOON)
    assert (letter.name, letter.postal) == ("Rosa Verdi", "Via Roma 1, Torino")
    look = AccessLog.objects.get(what="letter")
    assert (look.staff, look.purpose) == (petra.user, f"print {notice.check_code}")


def test_bruno_neither_opens_a_letter_nor_records_it(notice: Notice) -> None:
    bruno = Actor.staff(staff("bruno", "handler"))
    with pytest.raises(Refused):
        letters.open_letter(notice, actor=bruno, at=NOON)
    with pytest.raises(Refused):
        letters.record_posted(notice, posted_on=NOON.date(), actor=bruno, at=NOON)
    assert not AccessLog.objects.exists()


def test_a_code_is_opened_for_nobody(petra: Actor) -> None:
    published_policy()
    code = Notice.objects.get(submission=ana_files("access"), kind="code")
    with pytest.raises(Refused):
        letters.open_letter(code, actor=petra, at=NOON)


def test_the_posted_letter_leaves_the_list_and_is_evidence_once(notice: Notice, petra: Actor) -> None:
    assert notice in delivery.to_print()
    letters.record_posted(notice, posted_on=date(2026, 11, 23), actor=petra, at=LATER)
    assert notice not in delivery.to_print()
    body = json.loads(EvidenceEvent.objects.get(kind="other_channel_used").body)
    assert (body["channel"], body["served_at"][:10]) == ("letter by post", "2026-11-23")
    with pytest.raises(Refused, match="recorded already"):
        letters.record_posted(notice, posted_on=date(2026, 11, 23), actor=petra, at=LATER)
    assert EvidenceEvent.objects.filter(kind="other_channel_used").count() == 1


@pytest.mark.parametrize("day", [date(2026, 11, 21), date(2026, 11, 25)])
def test_no_letter_is_posted_before_it_was_written_or_tomorrow(notice: Notice, petra: Actor, day: date) -> None:
    with pytest.raises(Refused, match="day on which it was posted"):
        letters.record_posted(notice, posted_on=day, actor=petra, at=LATER)


def test_mail_in_doubt_for_good_is_not_reached_and_a_code_in_doubt_is_no_such_case(petra: Actor) -> None:
    published_policy()
    submission = ana_files("access")
    Notice.objects.filter(submission=submission).update(delivery="ambiguous", next_try_at=NOON)
    assert not delivery.not_reached().exists()
    Notice.objects.filter(submission=submission).update(next_try_at=None)
    assert [n.kind for n in delivery.not_reached()] == ["acknowledgement"]
