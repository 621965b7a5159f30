"""The desk extends a period and lets the clock stand still, where the policy allows it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from requests_app import clock
from requests_app.models import Extension, Pause
from requests_app.operations import desk, policies
from requests_app.operations.actors import Actor
from tests.operations.test_deadline_change import policy

LABELS = ("Extend the period", "Pause the clock", "Let the clock go on")


@pytest.fixture
def moving(staff, file_request):
    """Ana's request under a policy that allows both; Bruno asked her something."""
    policies.load(policy(), prepared_by=staff["petra"], approved_by=staff["ada"], at=clock.now() - timedelta(days=30))
    dsr = file_request()
    desk.ask(dsr, question="Which shop?", actor=Actor.staff(staff["bruno"]), at=clock.now())
    return dsr


def case_url(dsr):
    return reverse("admin:requests_app_datasubjectrequest_change", args=[dsr.pk])


def act_url(dsr, act):
    return reverse("admin:requests_app_datasubjectrequest_act", args=[dsr.pk, act])


def buttons(client, dsr):
    page = client.get(case_url(dsr)).content.decode()
    return [label for label in LABELS if f">{label}</a>" in page]


def test_the_buttons_stand_only_where_policy_and_role_allow_them(sign_in, file_request, moving):
    shipped = sign_in("petra")
    assert buttons(shipped, moving) == list(LABELS[:2])
    assert buttons(sign_in("bruno"), moving) == []


def test_under_a_shipped_policy_there_is_no_such_button(sign_in, file_request):
    dsr = file_request()
    client = sign_in("petra")
    assert buttons(client, dsr) == []
    page = client.post(act_url(dsr, "extend"), {"reason": "Because."}, follow=True).content.decode()
    assert "The policy of this request allows no extension." in page
    assert not Extension.objects.exists()


def test_petra_extends_and_the_case_says_so_with_the_reason(sign_in, moving):
    client = sign_in("petra")
    page = client.post(act_url(moving, "extend"), {"reason": "Nine systems hold data."}, follow=True).content.decode()
    row = Extension.objects.get()
    assert "Extended. The person is told the new date and why." in page
    assert f"to {row.due_after.day} {row.due_after:%B %Y}" in page
    assert "Nine systems hold data." in page
    assert "30 days of extension" in page
    assert "petra extended the period" in page
    assert buttons(client, moving) == ["Pause the clock"]


def test_petra_pauses_and_bruno_lets_the_clock_go_on(sign_in, moving):
    last = clock.now().date() + timedelta(days=4)
    form = {"code": "clarification", "reason": "Which shop you mean.", "planned_last_on": last.isoformat()}
    page = sign_in("petra").post(act_url(moving, "pause"), form, follow=True).content.decode()
    assert "The clock stands still. The person is told." in page
    assert "Which shop you mean." in page
    bruno = sign_in("bruno")
    assert buttons(bruno, moving) == ["Let the clock go on"]
    page = bruno.post(act_url(moving, "resume"), follow=True).content.decode()
    assert "The clock goes on. The person is told." in page
    assert Pause.objects.get().last_on is not None
    assert buttons(bruno, moving) == []


def test_a_day_beyond_the_policy_is_sent_back_with_what_was_typed(sign_in, moving):
    last = clock.now().date() + timedelta(days=60)
    form = {"code": "clarification", "reason": "Which shop you mean.", "planned_last_on": last.isoformat()}
    answer = sign_in("petra").post(act_url(moving, "pause"), form)
    assert answer.status_code == 422
    assert "30 days at most" in answer.content.decode()
    assert "Which shop you mean." in answer.content.decode()
    assert not Pause.objects.exists()
