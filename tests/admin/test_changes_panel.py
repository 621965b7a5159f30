"""A change is written down on the case page, and what came of it stands there."""

import pytest
from django.urls import reverse

from requests_app.models import RequestedChange, SourceAct

CASE = "admin:requests_app_datasubjectrequest_change"
PAGE = "admin:requests_app_datasubjectrequest_requested_change"


@pytest.fixture(autouse=True)
def _source(settings):
    people = [{"emails": ["ana@example.org"]}]
    settings.DATA_SOURCES = {
        "crm": {"BACKEND": "requests_app.connectors.in_memory.InMemory", "OPTIONS": {"people": people}}
    }


@pytest.mark.django_db
def test_a_change_is_written_down_and_its_outcome_stands_on_the_page(sign_in, file_request):
    dsr = file_request("correction")
    bruno = sign_in("bruno")
    typed = {"field": "email", "before": "", "wanted": "new@example.org"}
    said = bruno.post(reverse(PAGE, args=[dsr.pk]), typed, follow=True).content.decode()
    assert RequestedChange.objects.get().said == typed
    assert "email: “new@example.org”" in said
    assert "crm: not yet, due on" in " ".join(said.split())
    SourceAct.objects.filter(alias="crm").update(status="by_hand", next_try_at=None, answer={"outcome": "refused"})
    page = " ".join(bruno.get(reverse(CASE, args=[dsr.pk])).content.decode().split())
    assert "Somebody has to change it in the data source crm, and say so." in page
    assert "It was done by hand" in page
    assert "Fornitori" not in page
    assert "Providers who work for us; Others, with your consent" in page
    act = SourceAct.objects.get(alias="recipients:")
    by_hand = reverse("admin:requests_app_datasubjectrequest_source_act", args=[act.pk, "by_hand"])
    assert "It was done by hand: those who got it from us" in bruno.get(by_hand).content.decode()
    bruno.post(by_hand, {"note": "Bruno wrote to them."})
    act.refresh_from_db()
    assert act.status == "done"
