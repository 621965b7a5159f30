"""The simulator at the desk: what would be due when, explained, in an address that can be shared."""

import re
from datetime import date

import pytest

from requests_app.models import AccessLog, DataSubjectRequest, EvidenceEvent, PolicyVersion
from requests_app.operations import policies
from tests.admin.conftest import POLICY

pytestmark = pytest.mark.django_db
URL = "/admin/requests_app/datasubjectrequest/simulate/"


@pytest.fixture
def ask(sign_in):
    client = sign_in("bruno")

    def ask_(**changes):
        version = PolicyVersion.objects.latest("published_at")
        return client.get(URL, {"received_on": "2027-01-07", "policy": version.pk, "right": "access", **changes})

    return ask_


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def dates(answer):
    return [answer.context[name]["due_on"] for name in ("promised", "statutory", "cautious")]


def test_the_form_begins_with_today_and_the_policy_in_force_and_shows_no_answer_yet(sign_in):
    answer = sign_in("bruno").get(URL)
    assert answer.status_code == 200
    assert "promised" not in answer.context
    assert str(PolicyVersion.objects.get()) in text_of(answer)


def test_all_three_dates_are_said_and_each_is_counted_step_by_step_with_its_rule(ask):
    answer = ask()
    assert dates(answer) == [date(2027, 1, 22), date(2027, 2, 7), date(2027, 1, 22)]
    words = text_of(answer)
    for sentence in ("Friday 22 January 2027", "15 days from there end on", "1 month from there end on",
                     "Sunday 7 February 2027 is no working day, so the period ends on Monday 8 February 2027",
                     "The holidays of 2027 are not known to us", "GDPR 12(3)"):  # fmt: skip
        assert sentence in words


def test_each_law_that_binds_has_a_row_with_the_day_of_its_last_check(ask):
    answer = ask()
    assert [law["title"] for law in answer.context["laws"]] == ["GDPR", "UK GDPR"]
    assert "last checked on 22 November 2026" in text_of(answer)


def test_the_same_address_gives_the_same_answer_to_a_colleague(ask, sign_in):
    address = ask(paused_from="2027-01-11", paused_to="2027-01-15", reason="identity").request
    again = sign_in("ada").get(f"{URL}?{address['QUERY_STRING']}")
    assert dates(again) == [date(2027, 1, 22), date(2027, 2, 12), date(2027, 1, 22)]


def test_what_the_policy_does_not_know_changes_nothing_and_is_said(ask):
    answer = ask(paused_from="2027-01-11", paused_to="2027-01-15", reason="identity", extended="on")
    assert "This policy does not stop the clock for this." in text_of(answer)
    assert "This policy knows no extension." in text_of(answer)
    assert answer.context["promised"]["due_on"] == date(2027, 1, 22)


def test_the_local_hour_decides_the_day_and_noon_is_taken_where_none_is_given(ask):
    assert dates(ask(received_time="00:00")) == dates(ask(received_time="23:59")) == dates(ask())


def test_the_holidays_of_another_place_can_be_supposed(ask):
    answer = ask(received_on="2026-11-25", place="it")  # Christmas is Friday, Saturday is Santo Stefano
    assert answer.context["laws"][0]["due_on"] == date(2026, 12, 28)
    assert answer.context["laws"][0]["holidays"] == "IT"


def test_an_older_version_can_be_asked_what_it_promises(ask, staff):
    text = POLICY.read_text().replace("{ value = 15,", "{ value = 10,", 1)
    old = PolicyVersion.objects.get()
    new = policies.load(
        text, prepared_by=staff["petra"], approved_by=staff["ada"], at=old.published_at.replace(year=2027)
    )
    assert dates(ask(policy=new.pk))[0] == date(2027, 1, 17)
    assert dates(ask(policy=old.pk))[0] == date(2027, 1, 22)


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("received_on", {"received_on": ""}),
        ("received_on", {"received_on": "2027-02-30"}),
        ("received_on", {"received_on": "9999-12-31"}),
        ("received_on", {"received_on": "0001-01-01"}),
        ("received_time", {"received_time": "25:00"}),
        ("policy", {"policy": "999999"}),
        ("policy", {"policy": "x"}),
        ("right", {"right": "happiness"}),
        ("paused_to", {"paused_from": "2027-01-11", "reason": "identity"}),
        ("paused_from", {"reason": "identity", "paused_to": "2027-01-11"}),
        ("reason", {"paused_from": "2027-01-11", "paused_to": "2027-01-12"}),
        ("paused_to", {"paused_from": "2027-01-11", "paused_to": "2027-01-10", "reason": "identity"}),
        ("paused_from", {"paused_from": "2027-01-06", "paused_to": "2027-01-10", "reason": "identity"}),
        ("place", {"place": "Atlantis"}),
        ("place", {"place": "IT-XXX"}),
        ("place", {"place": "-"}),
    ],
)
def test_a_mistake_is_told_at_its_field_and_nothing_is_counted(ask, field, typed):
    answer = ask(**typed)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert f'href="#id_{field}"' in answer.content.decode()
    assert "promised" not in answer.context


def test_every_day_that_can_be_asked_for_has_an_answer(ask):
    for day in ("2000-01-01", "2099-12-31"):
        answer = ask(
            received_on=day, paused_from="2099-12-31", paused_to="2099-12-31", reason="identity", place="DE-BY"
        )
        assert answer.status_code == 200, day


def test_asking_writes_nothing(ask):
    ask()
    assert [model.objects.count() for model in (DataSubjectRequest, EvidenceEvent, AccessLog)] == [0, 0, 0]


def test_an_account_without_a_role_is_refused(sign_in):
    assert sign_in("otto").get(URL).status_code == 403


def test_without_a_policy_the_page_says_how_one_is_loaded(client, django_user_model):
    petra = django_user_model.objects.create_user("petra", is_staff=True)
    petra.groups.create(name="privacy officer")
    client.force_login(petra)
    assert "manage.py load_policy" in text_of(client.get(URL))
