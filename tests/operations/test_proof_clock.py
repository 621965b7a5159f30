"""What waiting for a document does to the dates: UK GDPR counts from the day it came, and the promise never moves."""

import json
from datetime import date, timedelta

import pytest

from requests_app.connectors import pictures
from requests_app.models import EvidenceEvent, PolicyVersion
from requests_app.operations import counting, policies, recalculation
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from requests_app.rules.three_dates import Changes
from requests_app.templatetags.counting import cited, sentence
from tests.operations.test_proof import DRAWN, as_it_stands, ask, confirm, review, send
from tests.operations.test_road import verified
from tests.people import NOON, POLICY, ana_files, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _portal(settings, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "draw", DRAWN)
    settings.FILES_DIR = tmp_path


@pytest.fixture
def reviewers():
    return staff("ines", "identity reviewer"), staff("ivo", "identity reviewer")


def bound_by(*laws: str) -> PolicyVersion:
    named = ", ".join(f'"{law}"' for law in laws)
    text = POLICY.read_text().replace('regimes = { value = ["gdpr", "uk_gdpr"]', f"regimes = {{ value = [{named}]", 1)
    petra, ada = staff("petra", "privacy officer"), staff("ada", "approver")
    return policies.load(text, prepared_by=petra, approved_by=ada, at=NOON)


def shown(reviewers, *, asked_at, sent_at, confirmed_at):
    dsr = ask(verified(ana_files("access")), staff("bruno", "handler"), at=asked_at)
    before = (dsr.due_on, dsr.statutory_on, dsr.cautious_on)
    document = review(send(dsr, at=sent_at), reviewers[0], at=confirmed_at)
    confirm(document, reviewers[1], at=confirmed_at)
    return before, as_it_stands(dsr)


def test_under_uk_gdpr_the_month_counts_from_the_day_on_which_the_document_came(reviewers):
    bound_by("uk_gdpr")
    (due_on, statutory_on, cautious_on), dsr = shown(
        reviewers, asked_at=NOON + DAY, sent_at=NOON + 4 * DAY, confirmed_at=NOON + 6 * DAY
    )
    assert statutory_on == date(2026, 12, 22)
    assert dsr.statutory_on == date(2026, 12, 29)  # 26 December is a Saturday, the 28th its substitute day
    assert (dsr.due_on, dsr.cautious_on) == (due_on, cautious_on) == (date(2026, 12, 7), date(2026, 12, 7))
    told = json.loads(EvidenceEvent.objects.get(kind="deadline_restarted").body)
    assert (told["statutory_before"], told["statutory_on"], told["due_on"]) == (
        "2026-12-22",
        "2026-12-29",
        "2026-12-07",
    )
    steps = counting.dates_as_stored(dsr).statutory.steps
    says = [(sentence(step), cited(step.cite)) for step in steps if step.code == "restart"]
    assert says == [
        (
            "The period counts from Thursday 26 November 2026, when we had everything that we had asked for.",
            "UK GDPR 12A: the latest of receipt, requested identity or authority, and fee",
        )
    ]


def test_what_is_stored_is_what_a_recalculation_gives(reviewers):
    bound_by("uk_gdpr")
    _, dsr = shown(reviewers, asked_at=NOON, sent_at=NOON + 2 * DAY, confirmed_at=NOON + 3 * DAY)
    with pytest.raises(Refused, match="nothing to recalculate"):
        recalculation.recalculate(dsr, actor=Actor.staff(staff("petra")), at=NOON + 4 * DAY)


def test_under_gdpr_nothing_moves(reviewers):
    bound_by("gdpr")
    before, dsr = shown(reviewers, asked_at=NOON, sent_at=NOON + 4 * DAY, confirmed_at=NOON + 5 * DAY)
    assert before == (dsr.due_on, dsr.statutory_on, dsr.cautious_on)
    assert not EvidenceEvent.objects.filter(kind="deadline_restarted").exists()


def test_where_both_bind_the_earlier_law_stays_the_date(reviewers):
    bound_by("gdpr", "uk_gdpr")
    before, dsr = shown(reviewers, asked_at=NOON, sent_at=NOON + 4 * DAY, confirmed_at=NOON + 5 * DAY)
    assert before == (dsr.due_on, dsr.statutory_on, dsr.cautious_on)


def test_a_restart_of_another_reason_moves_nothing():
    version = bound_by("uk_gdpr")
    plain = policies.deadline_from(version, at=NOON, right="access")
    odd = policies.deadline_from(
        version, at=NOON, right="access", changes=Changes(restarts={"weather": date(2027, 1, 1)})
    )
    assert odd.statutory_on == plain.statutory_on
