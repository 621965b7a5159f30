"""A case whose data key is destroyed: every page says so or leaves it out, and none breaks."""

from datetime import timedelta
from itertools import product

import pytest
from django.urls import reverse

from requests_app import clock
from requests_app.models import DataSubjectRequest, LegalHold, Notice, Restriction, Submission, SubmissionKey
from requests_app.operations import evidence, retention, sealed_columns, sweeps
from requests_app.rules.retention import Stage
from tests.people import staff
from tests.web.access_table import ADMIN, WEB
from tests.web.access_world import World, footprint
from tests.web.test_access_matrix import METHODS, visit

pytestmark = pytest.mark.django_db
CASE = "admin:requests_app_datasubjectrequest_change"


def everything_ended(world: World) -> None:
    now = clock.now()
    DataSubjectRequest.objects.exclude(answered_at__isnull=False).update(state="cancelled", answered_at=now)
    LegalHold.objects.update(lifted_at=now, lifted_by=staff("petra"))
    word = {"announced_at": now - timedelta(days=8), "lift_from": now.date()}
    Restriction.objects.update(**word, lifted_at=now, lifted_by=staff("petra"))
    Notice.objects.filter(next_try_at__isnull=False).update(delivery="handed_over", next_try_at=None)


@pytest.fixture
def destroyed(settings, tmp_path, monkeypatch):
    settings.FILES_DIR = tmp_path
    monkeypatch.setattr(retention, "forget_sessions", lambda now: None)  # two years on everybody would be signed out
    world = World()
    everything_ended(world)
    for hours in (0, 1):
        sweeps.apply_retention(clock.now() + timedelta(days=731, hours=hours))
    assert not Submission.objects.filter(destroyed_at=None).exists()
    assert not SubmissionKey.objects.exists()
    world.before = footprint()
    return world


def test_no_page_and_no_button_breaks(destroyed):
    broken = {}
    for rows, visitors in ((ADMIN, ("petra", "bruno")), (WEB, ("ana", "department"))):
        for row, visitor, method in product(rows, visitors, METHODS):
            try:
                status = visit(destroyed.client(visitor), method, destroyed, row, known=True).status_code
            except Exception as error:
                status = type(error).__name__
            if status not in {200, 302, 403, 404, 405, 410, 422} and row != "healthz":
                broken[row, visitor, method] = status
    assert broken == {}


def test_the_case_page_says_when_and_offers_nothing(destroyed):
    dsr = destroyed.dsr("access")
    page = destroyed.client("petra").get(reverse(CASE, args=[dsr.pk])).content.decode()
    day = dsr.submission.destroyed_at
    assert f"destroyed on {day.day} {day:%B %Y} under the retention rules" in page
    assert "/do/" not in page
    assert "no e-mail: letters are printed" not in page
    search = {"q": dsr.submission.case_number}
    queue = destroyed.client("petra").get(reverse("admin:requests_app_datasubjectrequest_changelist"), search)
    assert dsr.submission.case_label in queue.content.decode()
    assert list(evidence.verify()) == []


def test_the_person_reads_that_the_text_of_a_letter_was_deleted(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    world = World()
    everything_ended(world)
    notice = Notice.objects.filter(submission=world.ana, kind="acknowledgement").get()
    sealed_columns.empty(Stage.MESSAGES, world.ana.pk)
    ana = world.client("ana")
    status = ana.get("/status/").content.decode()
    assert "A letter whose text was deleted" in status
    assert "The text was deleted, as our retention rules say." in status
    assert (
        "We keep the texts of letters and messages only for a time."
        in ana.get(reverse("notice", args=[notice.pk])).content.decode()
    )
