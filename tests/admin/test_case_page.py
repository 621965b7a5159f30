"""The case page reads like sentences: counting, timeline, notices, people."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from requests_app import clock
from requests_app.admin import history, words
from requests_app.models import Notice
from requests_app.operations import decision, desk, person
from requests_app.operations.actors import Actor
from requests_app.operations.evidence import Kind
from requests_app.operations.notice_kinds import KINDS, STAFF_KINDS

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def page_of(client, dsr):
    url = reverse("admin:requests_app_datasubjectrequest_change", args=[dsr.pk])
    return " ".join(client.get(url).content.decode().split())


@pytest.mark.django_db
def test_the_counting_is_told_in_sentences(sign_in, file_request):
    page = page_of(sign_in("bruno"), file_request())
    assert "That day does not count." in page
    assert "15 days from there end on" in page
    assert "<li>received" not in page
    assert "<li>count" not in page


@pytest.mark.django_db
def test_the_timeline_names_who_did_what(sign_in, file_request, staff):
    dsr = file_request()
    staff["ada"].first_name, staff["ada"].last_name = "Ada", "Kone"
    staff["ada"].save()
    desk.assign(dsr, assignee=staff["ada"], actor=Actor.staff(staff["petra"]), at=clock.now())
    page = page_of(sign_in("bruno"), dsr)
    assert "The person filed the request." in page
    assert "The person confirmed the address." in page
    assert "petra assigned it to Ada Kone." in page
    assert "You confirmed" not in page


@pytest.mark.django_db
def test_the_thread_says_who_wrote(sign_in, file_request, staff):
    dsr, bruno = file_request(), Actor.staff(staff["bruno"])
    desk.ask(dsr, question="Which account?", actor=bruno, at=clock.now())
    person.reply(dsr, text="The newer one.", file=None, actor=Actor.person(), at=clock.now())
    desk.note(dsr, text="Look into the archive.", actor=bruno, at=clock.now())
    page = page_of(sign_in("ada"), dsr)
    for said in ("bruno wrote to the person on", "The person wrote on", "Internal note by bruno on"):
        assert said in page, said


@pytest.mark.django_db
def test_a_decision_says_who_decided_and_that_nobody_approved_yet(sign_in, file_request, staff):
    dsr = file_request()
    decision.decide(
        dsr, outcome="done", letter="Here.", ground="", facts="", scope="all", identity_match="code",
        actor=Actor.staff(staff["bruno"]), at=clock.now(),
    )  # fmt: skip
    page = page_of(sign_in("bruno"), dsr)
    assert "Done, decided by bruno on" in page
    assert "Not approved yet." in page
    assert "You decided this request. Another person has to approve it." in page


@pytest.mark.django_db
def test_a_notice_that_did_not_arrive_stands_first_with_its_reason(sign_in, file_request):
    dsr = file_request()
    notice = dsr.submission.notices.get(kind="acknowledgement")
    Notice.objects.filter(pk=notice.pk).update(delivery="failed", failure_code="smtp_550", next_try_at=None)
    page = page_of(sign_in("petra"), dsr)
    assert "A notice did not reach the person" in page
    assert "Failed: the mail server refused it with code 550." in page
    Notice.objects.filter(pk=notice.pk).update(served_at=clock.now(), other_channel="letter by post")
    page = page_of(sign_in("petra"), dsr)
    assert "A notice did not reach the person" not in page
    assert "Served by letter by post on" in page


@pytest.mark.django_db
def test_the_handler_reads_what_the_person_wrote_in_the_form(sign_in, file_request):
    dsr = file_request("correction", details="My street is Via Roma 2.")
    assert "My street is Via Roma 2." in page_of(sign_in("bruno"), dsr)


@pytest.mark.parametrize(
    ("notice", "said"),
    [
        ({"delivery": "none"}, "No e-mail address: print it and send it as a letter."),
        ({"delivery": "pending"}, "About to be sent."),
        ({"delivery": "pending", "failure_code": "connect_451"},
         "Not sent yet: the mail server could not be reached. It is tried again."),
        ({"delivery": "leased"}, "Being sent now."),
        ({"delivery": "handed_over", "handed_over_at": NOON},
         "Announced by e-mail: handed over to the mail server on Sunday 22 November 2026, 13:00."),
        ({"delivery": "failed", "failure_code": "no_address"}, "Failed: no address was given."),
        ({"delivery": "ambiguous", "failure_code": "ambiguous"},
         "In doubt: the connection broke while it was being taken over. It may have arrived."),
        ({"delivery": "failed", "served_at": NOON + timedelta(hours=1), "other_channel": "phone"},
         "Served by phone on Sunday 22 November 2026, 14:00."),
    ],
)  # fmt: skip
def test_a_delivery_is_told_in_words_and_in_the_time_of_the_controller(notice, said):
    assert words.delivery(Notice(**notice), "Europe/Rome") == said


def test_every_kind_of_evidence_has_a_sentence_for_staff():
    assert set(Kind) <= set(history.SENTENCES)


def test_every_notice_to_a_person_has_a_name():
    assert set(KINDS) - set(STAFF_KINDS) <= set(words.KINDS)


@pytest.mark.parametrize(
    ("kind", "said"),
    [("due_in_5", "5 days left for the answer"), ("due_in_1", "1 day left for the answer"),
     ("reminder_verify_3", "3 days without a confirmed address"), ("overdue_daily", "the answer is overdue")],
)  # fmt: skip
def test_a_milestone_is_told_in_words(kind, said):
    assert history.milestone(kind) == said


@pytest.mark.django_db
def test_the_filled_button_is_the_next_action_of_the_queue(sign_in, file_request, staff):
    dsr, client = file_request(), sign_in("bruno")
    assert "<strong>Next:</strong> Assign" in page_of(client, dsr)
    assert re.findall(r'class="act" href="[^"]*/do/(\w+)/"', page_of(client, dsr)) == ["assign"]
    desk.assign(dsr, assignee=staff["bruno"], actor=Actor.staff(staff["bruno"]), at=clock.now())
    assert re.findall(r'class="act" href="[^"]*/do/(\w+)/"', page_of(client, dsr)) == ["decide"]


@pytest.mark.django_db
def test_a_policy_version_is_read_with_its_text_and_its_two_people(sign_in, file_request):
    url = f"/admin/requests_app/policyversion/{file_request().policy_id}/change/"
    page = sign_in("bruno").get(url).content.decode()
    assert "response_days = { value = 15" in page
    assert all(name in page for name in ("petra", "ada"))
    assert 'type="submit"' not in page.partition('id="content"')[2]


@pytest.mark.django_db
def test_the_list_of_notices_speaks_in_words(sign_in, file_request):
    dsr = file_request()
    dsr.submission.notices.filter(kind="acknowledgement").update(delivery="handed_over", handed_over_at=clock.now())
    page = sign_in("bruno").get("/admin/requests_app/notice/").content.decode()
    assert "Acknowledgement of the request" in page
    assert "handed over to the mail server on" in page


def test_a_reminder_overtaken_by_a_later_one_is_not_told_as_if_it_had_been_sent():
    overtaken, sent = (
        history.sentence("milestone", "system", "", {"milestone": "due_in_5", "superseded": late}, {})
        for late in ("true", "false")
    )
    assert overtaken == "A reminder came too late to be sent, a later one stands for it: 5 days left for the answer."
    assert sent == "The clock reminded: 5 days left for the answer."


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_of_evidence_has_a_sentence_that_can_be_said(kind):
    said = history.sentence(kind, "system", "", {}, {})
    assert said.endswith(".")
    assert "{" not in said
