"""The use of data is restricted from the case page, an objection is weighed there, and both read so."""

from datetime import timedelta

import pytest
from django.urls import reverse

from requests_app import clock
from requests_app.models import Balancing, Notice, Restriction, SourceAct
from requests_app.operations import sweeps
from requests_app.rules.lifecycle import State

pytestmark = pytest.mark.django_db
NAME = "admin:requests_app_datasubjectrequest"
RECORD = {
    "outcome": "compelling", "purpose": "", "controller": "Fraud is found by it.", "person": "She wants no profile.",
    "situation": "None was named.", "reasons": "Fraud harms many.",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _source(settings):
    people = [{"emails": ["ana@example.org"]}]
    settings.DATA_SOURCES = {
        "crm": {"BACKEND": "requests_app.connectors.in_memory.InMemory", "OPTIONS": {"people": people}}
    }


def words(response):
    return " ".join(response.content.decode().split())


def typed(**changes):
    review = (clock.now() + timedelta(days=60)).date()
    said = {"ground": "accuracy", "scope": "The address.", "until": "The address is checked.", "review_on": review}
    return {**said, **changes}


def test_what_is_restricted_stands_on_the_page_with_what_the_sources_said(sign_in, file_request):
    dsr = file_request("restriction")
    bruno = sign_in("bruno")
    assert "Write down what is not used any more" in words(bruno.get(reverse(f"{NAME}_change", args=[dsr.pk])))
    sweeps.run_steps(clock.now())
    said = words(bruno.post(reverse(f"{NAME}_restrict", args=[dsr.pk]), typed(), follow=True))
    assert "The person contests that the data are right, while we check it: 18(1)(a)" in said
    assert "crm, restrict: not yet" in said
    sweeps.carry_out_acts(clock.now())
    said = words(bruno.get(reverse(f"{NAME}_change", args=[dsr.pk])))
    assert "crm, restrict: done" in said
    assert "Nobody has said that those who got the data were told of the restriction (GDPR 19)." in said
    assert "Providers who work for us; Others, with your consent" in said
    act = SourceAct.objects.get(alias="recipients:")
    bruno.post(reverse(f"{NAME}_source_act", args=[act.pk, "by_hand"]), {"note": "Bruno wrote to them."})
    act.refresh_from_db()
    assert act.status == "done"


def test_what_is_refused_says_why_and_keeps_what_was_typed(sign_in, file_request):
    dsr = file_request("restriction")
    page = sign_in("bruno").post(reverse(f"{NAME}_restrict", args=[dsr.pk]), typed(review_on="2020-01-01"))
    assert page.status_code == 422
    assert "within 180 days" in words(page)
    assert "The address is checked." in words(page)


def test_the_person_is_told_and_then_it_is_lifted(sign_in, file_request):
    dsr = file_request("restriction")
    bruno = sign_in("bruno")
    bruno.post(reverse(f"{NAME}_restrict", args=[dsr.pk]), typed())
    row = Restriction.objects.get()
    page, lift = reverse(f"{NAME}_change", args=[dsr.pk]), reverse(f"{NAME}_restriction", args=[row.pk, "lift"])
    assert lift not in words(bruno.get(page))
    type(dsr).objects.update(state=State.FULFILLED, answered_at=clock.now())
    told = bruno.post(reverse(f"{NAME}_restriction", args=[row.pk, "announce"]), {"why": "It is right."}, follow=True)
    assert "The person was told: it does not end before" in words(told)
    assert "Why it ends" in words(told)
    assert lift in words(told)
    refused = bruno.post(lift)
    assert (refused.status_code, "was told that it does not end before" in words(refused)) == (422, True)
    assert Notice.objects.filter(kind="restriction_ending").count() == 1
    stands = bruno.post(reverse(f"{NAME}_restriction", args=[row.pk, "stand"]), typed(), follow=True)
    assert "Stands, to be reviewed on" in words(stands)


def test_an_objection_is_weighed_and_whoever_approves_reads_it(sign_in, file_request):
    dsr = file_request("objection")
    sweeps.run_steps(clock.now())
    sweeps.carry_out_acts(clock.now())
    bruno = sign_in("bruno")
    page = reverse(f"{NAME}_change", args=[dsr.pk])
    assert "Nobody has weighed the interests yet" in words(bruno.get(page))
    assert "All data that we hold of you" in words(bruno.get(page))
    said = words(bruno.post(reverse(f"{NAME}_weigh", args=[dsr.pk]), RECORD, follow=True))
    assert "We have compelling legitimate grounds" in said
    assert "Fraud is found by it." in said
    assert Balancing.objects.get().opened("reasons") == "Fraud harms many."
    letter = {
        "outcome": "refuse",
        "letter": "Dear Ana.",
        "ground": "compelling_grounds",
        "facts": "So.",
        "scope": "All.",
    }
    bruno.post(reverse(f"{NAME}_act", args=[dsr.pk, "decide"]), letter)
    approval = words(sign_in("ada").get(reverse(f"{NAME}_act", args=[dsr.pk, "approve"])))
    assert "How it was weighed" in approval
    assert "Fraud harms many." in approval


def test_a_record_with_a_gap_is_refused_with_its_field(sign_in, file_request):
    dsr = file_request("objection")
    page = sign_in("bruno").post(reverse(f"{NAME}_weigh", args=[dsr.pk]), {**RECORD, "situation": ""})
    assert page.status_code == 422
    assert "Their particular situation" in words(page)
    assert not Balancing.objects.exists()


def test_another_right_shows_nothing_of_it(sign_in, file_request):
    page = sign_in("bruno").get(reverse(f"{NAME}_change", args=[file_request("correction").pk]))
    assert "What is not used for now" not in words(page)
