"""The desk sees what newer holidays would change before it presses the one button."""

from datetime import timedelta

import pytest
from django.urls import reverse

from requests_app.models import DataSubjectRequest, EvidenceEvent

PAGE = "/admin/requests_app/datasubjectrequest/recalculate/"


@pytest.fixture
def older(file_request):
    """Ana's request, stored with holidays by which the law's date was a day earlier."""
    dsr = file_request()
    earlier = dsr.statutory_on - timedelta(days=1)
    DataSubjectRequest.objects.filter(pk=dsr.pk).update(statutory_on=earlier)
    return dsr


def test_petra_sees_both_dates_and_recalculates_what_was_shown(sign_in, older):
    client = sign_in("petra")
    page = client.get(PAGE).content.decode()
    assert older.submission.case_label in page
    assert "The law asks by" in page
    assert "Answer by" not in page
    assert f"{older.statutory_on.day} {older.statutory_on:%B %Y}" in page
    done = client.post(PAGE, {"dsr": str(older.pk)}, follow=True).content.decode()
    assert "1 request recalculated. Each is on record." in done
    assert "Nothing differs." in done
    assert DataSubjectRequest.objects.get().statutory_on == older.statutory_on
    case = client.get(reverse("admin:requests_app_datasubjectrequest_change", args=[older.pk])).content.decode()
    assert "had the dates counted anew with newer holidays" in case


def test_what_was_not_shown_is_left_alone(sign_in, older):
    page = sign_in("petra").post(PAGE, {"dsr": "00000000-0000-4000-8000-000000000000"}, follow=True).content.decode()
    assert "0 requests recalculated." in page
    assert not EvidenceEvent.objects.filter(kind="deadline_recalculated").exists()


def test_the_policy_leads_there_for_petra_only(sign_in, older):
    url = reverse("admin:requests_app_policyversion_change", args=[older.policy_id])
    assert PAGE in sign_in("petra").get(url).content.decode()
    assert PAGE not in sign_in("bruno").get(url).content.decode()


def test_a_handler_neither_looks_nor_presses(sign_in, older):
    client = sign_in("bruno")
    assert (client.get(PAGE).status_code, client.post(PAGE).status_code) == (403, 403)
