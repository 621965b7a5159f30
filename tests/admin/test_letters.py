"""From the entry of a letter to the printed answer: the person has no e-mail, and the channel is on record."""

import json
from datetime import timedelta

import pytest
from django.urls import reverse

from requests_app import clock
from requests_app.models import AccessLog, DataSubjectRequest, EvidenceEvent, Notice, Submission
from requests_app.operations import decision
from requests_app.operations.actors import Actor
from tests.admin.test_desk import ENTRY, LETTER, QUEUE, act_url

pytestmark = pytest.mark.django_db
LIST = "/admin/requests_app/notice/"
DAY = timedelta(days=1)


def url(verb, notice):
    return reverse(f"admin:requests_app_notice_{verb}", args=[notice.pk])


@pytest.fixture
def rosa(sign_in):
    """Rosa wrote a letter, in Italian, without an e-mail address; Bruno entered it."""
    day = clock.now().date() - 2 * DAY
    sign_in("bruno").post(f"{QUEUE}enter/", {**ENTRY, "received_on": day.isoformat()})
    return Submission.objects.get()


def test_from_entry_to_the_posted_answer(sign_in, staff, rosa):
    dsr = DataSubjectRequest.objects.get()
    assert dsr.state == "in_progress"
    sign_in("bruno").post(act_url(dsr, "decide"), {**LETTER, "identity_match": "signature on file"})
    made = dsr.decisions.get()
    dsr.refresh_from_db()
    decision.approve(dsr, digest=made.content_digest, actor=Actor.staff(staff["ada"]), at=clock.now())
    notice = Notice.objects.get(kind="decision_done")
    assert notice.delivery == "none"
    client = sign_in("petra")
    assert url("change", notice) in client.get(LIST, {"service": "print"}).content.decode()
    page = client.post(url("print", notice)).content.decode()
    for words in ("Rosa Verdi", "Via Roma 1, Torino", rosa.case_label, "Here are your data.", notice.check_code):
        assert words in page
    assert "Questa lettera è autentica?" in page
    assert "http://testserver/genuine/" in page
    assert f'value="{clock.now().date().isoformat()}"' in page  # what a date field of a browser reads
    assert "<script" not in page
    assert " style=" not in page
    assert AccessLog.objects.filter(what="letter", submission=rosa, staff=staff["petra"]).count() == 1
    client.post(url("posted", notice), {"posted_on": clock.now().date().isoformat()})
    notice.refresh_from_db()
    assert (notice.other_channel, notice.served_at.date()) == ("letter by post", clock.now().date())
    body = json.loads(EvidenceEvent.objects.get(kind="other_channel_used").body)
    assert (body["notice"], body["channel"]) == (str(notice.pk), "letter by post")
    assert url("change", notice) not in client.get(LIST, {"service": "print"}).content.decode()


def test_the_queue_counts_the_letters_to_print(sign_in, rosa):
    page = sign_in("bruno").get(QUEUE).content.decode()
    count = Notice.objects.filter(recipient="person").count()
    assert f'<span class="number">{count}</span> <span>Letters to print</span>' in page


def test_opening_the_letter_by_a_link_opens_nothing(sign_in, rosa):
    notice = Notice.objects.get(kind="acknowledgement")
    assert sign_in("petra").get(url("print", notice)).status_code == 405
    assert not AccessLog.objects.filter(what="letter").exists()


@pytest.mark.parametrize("name", ["bruno", "ada", "otto"])
def test_who_may_not_see_a_contact_may_not_print_it(sign_in, rosa, name):
    notice = Notice.objects.get(kind="acknowledgement")
    for verb in ("print", "posted"):
        assert sign_in(name).post(url(verb, notice)).status_code == 403, verb
    assert "Open the letter to print" not in sign_in("bruno").get(url("change", notice)).content.decode()


def test_a_mail_with_a_code_is_not_printed(sign_in, file_request):
    notice = file_request(confirm=False).submission.notices.exclude(check_id=None).get()
    assert sign_in("petra").post(url("print", notice)).status_code == 403


@pytest.mark.parametrize(("day", "words"), [(DAY, "has not come yet"), (-2 * DAY, "written after this day")])
def test_a_posting_day_that_cannot_be_is_refused(sign_in, rosa, day, words):
    notice = Notice.objects.get(kind="acknowledgement")
    data = {"posted_on": (clock.now().date() + day).isoformat()}
    assert words in sign_in("petra").post(url("posted", notice), data, follow=True).content.decode()
    notice.refresh_from_db()
    assert notice.served_at is None


def test_a_letter_of_yesterday_is_recorded_with_yesterday(sign_in, rosa):
    notice = Notice.objects.get(kind="acknowledgement")
    Notice.objects.filter(pk=notice.pk).update(created_at=clock.now() - 3 * DAY)
    day = clock.now().date() - DAY
    sign_in("petra").post(url("posted", notice), {"posted_on": day.isoformat()})
    notice.refresh_from_db()
    assert notice.served_at.date() == day


def test_destroyed_contact_data_make_no_letter(sign_in, rosa):
    from requests_app.models import SubmissionKey

    SubmissionKey.objects.all().delete()
    notice = Notice.objects.get(kind="acknowledgement")
    page = sign_in("petra").post(url("print", notice), follow=True).content.decode()
    assert "have been destroyed" in page


def test_a_mail_in_doubt_for_good_is_not_reached(sign_in, file_request):
    notice = file_request().submission.notices.get(kind="acknowledgement")
    rows = Notice.objects.filter(pk=notice.pk)
    client = sign_in("petra")
    rows.update(delivery="ambiguous", failure_code="ambiguous", next_try_at=clock.now())
    assert url("change", notice) not in client.get(LIST, {"service": "not_reached"}).content.decode()
    rows.update(next_try_at=None)
    assert url("change", notice) in client.get(LIST, {"service": "not_reached"}).content.decode()
    label = notice.submission.case_label
    assert label in client.get(QUEUE, {"view": "not_reached"}).content.decode()
    assert "Open the letter to print" in client.get(url("change", notice)).content.decode()
    client.post(url("posted", notice), {"posted_on": clock.now().date().isoformat()})
    assert label not in client.get(QUEUE, {"view": "not_reached"}).content.decode()
