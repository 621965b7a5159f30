"""The queue, the case page and its buttons, as the roles see them."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.urls import reverse

from requests_app import clock
from requests_app.models import AccessLog, DataSubjectRequest, Heartbeat, Notice, Submission
from tests.people import signs_of_life

pytestmark = pytest.mark.django_db
QUEUE = "/admin/requests_app/datasubjectrequest/"
LETTER = {
    "outcome": "done", "letter": "Here are your data.", "ground": "", "facts": "", "scope": "all",
    "identity_match": "code, same address on file",
}  # fmt: skip


def case_url(dsr):
    return reverse("admin:requests_app_datasubjectrequest_change", args=[dsr.pk])


def act_url(dsr, act):
    return reverse("admin:requests_app_datasubjectrequest_act", args=[dsr.pk, act])


def test_the_queue_masks_the_person_and_says_the_days_left(sign_in, file_request):
    dsr = file_request(ago=17)
    page = sign_in("bruno").get(QUEUE).content.decode()
    assert "2 days late" in page
    assert dsr.submission.case_label in page
    assert "A•• B••••••" in page
    assert "Bianchi" not in page
    assert "ana@" not in page


def test_an_account_without_a_role_sees_nothing_even_as_superuser(sign_in, file_request, staff):
    dsr = file_request()
    staff["otto"].is_superuser = True
    staff["otto"].save()
    client = sign_in("otto")
    for url in (QUEUE, case_url(dsr), act_url(dsr, "note"), f"{QUEUE}enter/", "/admin/requests_app/notice/"):
        refused = client.get(url)
        assert refused.status_code == 403, url
        assert "Your role does not include this." in refused.content.decode()
        assert "Find your requests" not in refused.content.decode()  # the words for a person


def test_opening_a_case_is_written_to_the_access_log(sign_in, file_request, staff):
    dsr = file_request()
    page = sign_in("bruno").get(case_url(dsr))
    assert page.status_code == 200
    entry = AccessLog.objects.get()
    assert (entry.staff, entry.submission, entry.what) == (staff["bruno"], dsr.submission, "case page")


def test_the_pages_carry_no_inline_style_and_no_inline_script(sign_in, file_request):
    dsr = file_request()
    client = sign_in("petra")
    for url in (QUEUE, case_url(dsr), act_url(dsr, "decide"), f"{QUEUE}enter/"):
        page = client.get(url).content.decode()
        assert "<style" not in page, url
        assert " style=" not in page, url
        assert "<script>" not in page, url


def test_nothing_is_added_changed_or_deleted_through_plain_admin(sign_in, file_request):
    dsr = file_request()
    client = sign_in("petra")
    assert client.post(f"{QUEUE}add/").status_code == 403
    assert client.post(f"{QUEUE}{dsr.pk}/delete/").status_code == 403
    client.post(case_url(dsr), {"state": "fulfilled"})
    dsr.refresh_from_db()
    assert dsr.state == "in_progress"


def test_a_decision_needs_how_identity_was_matched_and_keeps_what_was_typed(sign_in, file_request):
    dsr = file_request()
    answer = sign_in("bruno").post(act_url(dsr, "decide"), {**LETTER, "identity_match": ""})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "How identity was matched" in page
    assert "Here are your data." in page


def test_a_refusal_without_ground_and_facts_is_sent_back(sign_in, file_request):
    dsr = file_request()
    answer = sign_in("bruno").post(act_url(dsr, "decide"), {**LETTER, "outcome": "refuse"})
    assert "Choose the ground of the policy." in answer.content.decode()


def test_bruno_decides_and_ada_approves_what_she_was_shown(sign_in, file_request):
    dsr = file_request()
    assert sign_in("bruno").post(act_url(dsr, "decide"), LETTER).status_code == 302
    client = sign_in("ada")
    page = client.get(act_url(dsr, "approve"))
    digest = dsr.decisions.get().content_digest
    assert "Here are your data." in page.content.decode()
    assert digest in page.content.decode()
    assert client.post(act_url(dsr, "approve"), {"digest": "0" * 64, "read": "on"}).status_code == 422
    assert client.post(act_url(dsr, "approve"), {"digest": digest, "read": "on"}).status_code == 302
    dsr.refresh_from_db()
    assert dsr.state == "fulfilled"


def test_petra_cannot_approve_her_own_decision(sign_in, file_request):
    dsr = file_request()
    client = sign_in("petra")
    client.post(act_url(dsr, "decide"), LETTER)
    page = client.post(act_url(dsr, "approve"), {"digest": dsr.decisions.get().content_digest}, follow=True)
    assert "Another person has to approve it." in page.content.decode()
    dsr.refresh_from_db()
    assert dsr.state == "awaiting_approval"


def test_a_returned_decision_brings_its_reason(sign_in, file_request):
    dsr = file_request()
    sign_in("bruno").post(act_url(dsr, "decide"), LETTER)
    sign_in("ada").post(act_url(dsr, "return"), {"reason": "Name the shop system."})
    assert "Name the shop system." in sign_in("bruno").get(case_url(dsr)).content.decode()


@pytest.mark.parametrize("act", ["approve", "return", "reopen", "reveal"])
def test_a_handler_is_refused_what_is_not_theirs(sign_in, file_request, act):
    assert sign_in("bruno").post(act_url(file_request(), act), {}).status_code == 403


def test_the_contact_is_revealed_for_a_purpose_only_and_logged(sign_in, file_request):
    dsr = file_request()
    client = sign_in("petra")
    assert "ana@example.org" not in client.post(act_url(dsr, "reveal"), {"purpose": ""}).content.decode()
    page = client.post(act_url(dsr, "reveal"), {"purpose": "compare with file"}).content.decode()
    assert "ana@example.org" in page
    assert [look.purpose for look in AccessLog.objects.filter(what="reveal")] == ["compare with file"]


def test_an_approver_reads_an_attached_file_before_approving(sign_in, file_request):
    from django.core.files.uploadedfile import SimpleUploadedFile

    dsr = file_request()
    client = sign_in("bruno")
    client.post(act_url(dsr, "attach"), {"file": SimpleUploadedFile("data.json", b"{}")})
    client.post(act_url(dsr, "decide"), LETTER)
    url = reverse("admin:requests_app_datasubjectrequest_file", args=[dsr.answer_files.get().pk])
    assert sign_in("ada").get(url).status_code == 405
    assert sign_in("ada").post(url).content == b"{}"
    assert AccessLog.objects.filter(what="answer file").count() == 1


ENTRY = {"form_key": "0b9e2a52-6a0c-4a10-9a5d-0e2f3a4b5c6d", "channel": "post", "rights": ["access"],
         "name": "Rosa Verdi", "email": "", "postal": "Via Roma 1, Torino", "details": "", "language": "it"}  # fmt: skip  # noqa: E501


def test_a_letter_is_entered_with_its_true_receipt_date(sign_in):
    day = clock.now().date() - timedelta(days=5)
    assert sign_in("bruno").post(f"{QUEUE}enter/", {**ENTRY, "received_on": day.isoformat()}).status_code == 302
    submission = Submission.objects.get()
    assert (submission.received_on, submission.channel, submission.email) == (day, "post", "")


def test_a_receipt_date_in_the_future_is_refused(sign_in):
    day = clock.now().date() + timedelta(days=2)
    answer = sign_in("bruno").post(f"{QUEUE}enter/", {**ENTRY, "received_on": day.isoformat()})
    assert "has not come yet" in answer.content.decode()
    assert "Rosa Verdi" in answer.content.decode()


def test_the_banner_says_when_the_clock_stands_still(sign_in):
    client = sign_in("bruno")
    assert "it has never run" in client.get(QUEUE).content.decode()
    signs_of_life(clock.now())
    assert "clock enforced" in client.get(QUEUE).content.decode()
    Heartbeat.objects.filter(pk="queue:notices").update(last_at=clock.now() - timedelta(minutes=4))
    page = client.get(QUEUE).content.decode()
    assert "Mail or work stands still since" in page
    assert "Silent: queue:notices." in page
    Heartbeat.objects.filter(pk="queue:clock").update(last_at=clock.now() - timedelta(minutes=4))
    assert "The clock is not being enforced since" in client.get(QUEUE).content.decode()


def test_the_text_of_a_mail_with_a_code_is_not_shown_to_staff(sign_in, file_request):
    dsr = file_request(confirm=False)
    notice = dsr.submission.notices.exclude(check_id=None).get()
    page = sign_in("petra").get(reverse("admin:requests_app_notice_change", args=[notice.pk])).content.decode()
    assert "not shown to staff" in page


def test_load_demo_twice_files_each_request_once(settings, db, capsys):
    settings.DEMO = True
    call_command("load_demo")
    first = Submission.objects.count()
    call_command("load_demo")
    assert Submission.objects.count() == first > 0
    assert DataSubjectRequest.objects.filter(state="fulfilled", answered_at__isnull=False).count() == 8
    assert not Notice.objects.filter(failure_code="expired").exists()
    assert "petra" in capsys.readouterr().out


def test_verify_evidence_and_rotate_keys_leave_everything_readable(file_request, capsys):
    dsr = file_request()
    call_command("rotate_keys")
    call_command("verify_evidence")
    assert Submission.objects.get(pk=dsr.submission_id).name == "Ana Bianchi"
    assert "whole" in capsys.readouterr().out
