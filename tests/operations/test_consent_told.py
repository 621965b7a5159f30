"""The sources are told what a person allows: each once, anew when it changes, and never a yes that nobody gave."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from requests_app.connectors import ConsentAct, DataSource, Match, NotOffered, OnFile, Query, RetryLater
from requests_app.models import ConsentEntry, EvidenceEvent, Notice, SourceAct
from requests_app.models.keys import lookup_digests
from requests_app.operations import consents, person, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.consents import How, New, Seen
from requests_app.rules.consents import Act
from tests.people import NOON, ana_files, published_policy

pytestmark = [pytest.mark.django_db, pytest.mark.both]
MAIL, COOKIES = "direct_marketing", "optional_cookies"
SOON, LATER = NOON + timedelta(minutes=1), NOON + timedelta(hours=2)


class Shop(DataSource):
    """Knows Ana and Otto, and notes what it is told."""

    told: list[tuple[tuple[str, ...], tuple[ConsentAct, ...]]] = []
    fails: Any = None

    def find(self, query: Query) -> list[Match]:
        people = (("C-1", "ana@example.org"), ("C-2", "otto@example.net"))
        return [Match(number, (OnFile(email),)) for number, email in people]

    def withdraw_consent(self, references: Sequence[str], *, acts: Sequence[ConsentAct], request_id: str) -> None:
        if Shop.fails:
            raise Shop.fails
        Shop.told.append((tuple(references), tuple(acts)))


@pytest.fixture(autouse=True)
def _world(settings):
    Shop.told, Shop.fails = [], None
    settings.DATA_SOURCES = {"shop": {"BACKEND": f"{__name__}.Shop"}}
    published_policy()


def only(submission):
    return submission.requests.select_related("submission", "policy").get()


def run(at):
    sweeps.SWEEPS["carry_out_acts"](at)


def test_each_source_is_told_of_the_address_alone_and_the_request_is_carried_out():
    dsr = only(ana_files("marketing_optout"))
    run(SOON)
    assert Shop.told == [(("C-1",), (ConsentAct(MAIL, False, NOON),))]
    dsr.refresh_from_db()
    assert dsr.state == "fulfilled"
    assert SOON <= dsr.answered_at < LATER
    assert "Each of our systems was told" in Notice.objects.get(kind="decision_done", dsr=dsr).text
    assert EvidenceEvent.objects.filter(kind="consent_told").count() == 1
    run(LATER)
    assert len(Shop.told) == 1


def test_one_that_is_away_is_told_later_and_the_request_waits_for_it():
    dsr, Shop.fails = only(ana_files("marketing_optout")), RetryLater("away")
    run(SOON)
    dsr.refresh_from_db()
    assert dsr.state == "in_progress"
    Shop.fails = None
    run(LATER)
    dsr.refresh_from_db()
    assert dsr.state == "fulfilled"


def test_what_no_machine_does_people_have_to(settings):
    settings.DATA_SOURCES = {**settings.DATA_SOURCES, "office": {"BACKEND": f"{__name__}.Shop"}}
    dsr, Shop.fails = only(ana_files("marketing_optout")), NotOffered("by hand")
    run(SOON)
    assert set(SourceAct.objects.values_list("status", flat=True)) == {"by_hand"}
    dsr.refresh_from_db()
    assert dsr.state == "in_progress"


def test_taken_back_before_anybody_was_told_nothing_is_stopped():
    dsr = only(ana_files("consent_withdrawal"))
    person.undo(dsr, actor=Actor.person(), at=NOON)
    run(SOON)
    acts = [act for _references, told in Shop.told for act in told]
    assert {(act.purpose, act.allowed) for act in acts} == {(MAIL, True)}


def test_taken_back_after_it_was_told_the_source_is_told_again():
    digest = lookup_digests("ana@example.org")[0]
    given = New(digest, COOKIES, Act.GRANTED, NOON - timedelta(days=3), Seen("1"), How.IMPORT)
    consents.record([given], actor=Actor.system(), at=NOON)
    dsr = only(ana_files("consent_withdrawal"))
    run(SOON)
    person.undo(dsr, actor=Actor.person(), at=LATER)
    run(LATER)
    first, last = ({act.purpose: act.allowed for act in acts} for _references, acts in Shop.told)
    assert (first, last) == ({MAIL: False, COOKIES: False}, {MAIL: True, COOKIES: True})


def test_what_only_the_source_knows_is_put_back_by_people_and_never_invented():
    dsr = only(ana_files("consent_withdrawal", purposes=(COOKIES,)))
    run(SOON)
    person.undo(dsr, actor=Actor.person(), at=LATER)
    run(LATER)
    assert [act.allowed for _references, acts in Shop.told for act in acts] == [False]
    assert SourceAct.objects.get(occasion__startswith="back:").status == "by_hand"
    assert not ConsentEntry.objects.filter(act="granted").exists()


def test_whether_one_that_did_not_answer_had_heard_it_nobody_knows_and_people_look():
    dsr, Shop.fails = only(ana_files("consent_withdrawal", purposes=(COOKIES,))), RetryLater("no answer came")
    run(SOON)
    person.undo(dsr, actor=Actor.person(), at=LATER)
    Shop.fails = None
    run(LATER)
    assert not Shop.told
    assert SourceAct.objects.get(occasion__startswith="back:").status == "by_hand"
