"""The calendar at the desk: what falls due, whose it is, and where each number leads."""

import re
from datetime import timedelta

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from requests_app.admin.filters import today
from requests_app.clock import now
from requests_app.models import DataSubjectRequest
from requests_app.operations import desk, person
from requests_app.operations.actors import Actor

pytestmark = pytest.mark.django_db
QUEUE = "/admin/requests_app/datasubjectrequest/"
URL = f"{QUEUE}calendar/"


@pytest.fixture
def give(file_request, staff):
    """A request that came in so many days ago, on this desk."""

    def give_(name=None, *, ago=2, **more):
        dsr = file_request(ago=ago, email=f"a{DataSubjectRequest.objects.count()}@example.org", **more)
        if name:
            desk.assign(dsr, assignee=staff[name], actor=Actor.staff(staff["petra"]), at=now())
        return dsr

    return give_


def cell_of(answer, dsr):
    dsr.refresh_from_db()
    return next(cell for week in answer.context["weeks"] for cell in week if cell["day"].on == dsr.due_on)


def load_of(answer, name):
    return [cell["n"] for row in answer.context["loads"] if row["name"] == name for cell in row["cells"]]


def rows_behind(client, href):
    page = client.get(href)
    return set(page.context["cl"].result_list), page.content.decode()


def test_a_day_shows_how_many_fall_due_and_whose_they_are(sign_in, give):
    given = [give("bruno"), give("bruno"), give("ada"), give(None)]
    cell = cell_of(sign_in("petra").get(URL), given[0])
    assert cell["day"].total == 4
    assert [(share["name"], share["n"]) for share in cell["shares"]] == [("bruno", 2), ("ada", 1), ("nobody", 1)]


def test_each_number_of_a_day_leads_to_exactly_its_requests(sign_in, give):
    bruno, ada, nobody, _other_day = give("bruno"), give("ada"), give(None), give("bruno", ago=5)
    client = sign_in("petra")
    cell = cell_of(client.get(URL), bruno)
    assert rows_behind(client, cell["href"])[0] == {bruno, ada, nobody}
    found = {share["name"]: rows_behind(client, share["href"]) for share in cell["shares"]}
    assert {name: rows for name, (rows, _) in found.items()} == {"bruno": {bruno}, "ada": {ada}, "nobody": {nobody}}
    assert re.search(r"Only what falls due on .* and bruno handles\.", found["bruno"][1])
    assert "and nobody has taken." in found["nobody"][1]


def test_what_is_overdue_stands_in_the_workload_and_in_no_day(sign_in, give):
    late = give("bruno", ago=20)
    answer = sign_in("petra").get(URL)
    assert answer.context["total"] == 0
    assert load_of(answer, "bruno") == [1, 0, 1, 0]
    late.refresh_from_db()
    assert late.due_on < today()


def test_the_workload_counts_open_due_within_a_week_overdue_and_waiting_for_the_person(sign_in, give, staff):
    give("bruno", ago=20), give("bruno", ago=9), give("bruno", ago=1)
    asked = give("bruno", ago=3)
    desk.ask(asked, question="Which account?", actor=Actor.staff(staff["bruno"]), at=now())
    give(None, confirm=False)
    ended = give("bruno")
    person.cancel(ended, actor=Actor.person(), at=now())
    answer = sign_in("petra").get(URL)
    assert load_of(answer, "bruno") == [4, 1, 1, 1]
    assert load_of(answer, "nobody") == [1, 0, 0, 1]
    assert load_of(answer, "petra") == [0, 0, 0, 0]
    assert answer.context["sums"] == [5, 1, 1, 2]


def test_each_number_of_the_workload_leads_to_as_many_requests(sign_in, give, staff):
    give("bruno", ago=20), give("bruno", ago=15), give("bruno", ago=8), give("bruno", ago=7), give("ada", ago=9)
    desk.ask(give("bruno"), question="Which?", actor=Actor.staff(staff["bruno"]), at=now())
    give(None)
    client = sign_in("petra")
    for row in client.get(URL).context["loads"]:
        for cell in row["cells"]:
            assert len(rows_behind(client, cell["href"])[0]) == cell["n"], (row["name"], cell["view"])


def test_weekends_are_marked_in_words(sign_in, give):
    page = sign_in("petra").get(URL).content.decode()
    assert page.count('<span class="tag">weekend</span>') == 8
    assert page.count('aria-current="date"') == 1


def test_what_a_colleague_who_left_still_has_is_shown_as_such(sign_in, give, staff):
    give("bruno")
    staff["bruno"].is_active = False
    staff["bruno"].save()
    answer = sign_in("petra").get(URL)
    assert load_of(answer, "bruno")[0] == 1
    assert "not on the desk any more" in answer.content.decode()


def test_the_number_of_questions_to_the_database_does_not_grow(sign_in, give):
    client = sign_in("petra")
    give("bruno")
    client.get(URL)
    with CaptureQueriesContext(connections["default"]) as few:
        client.get(URL)
    for ago in (1, 3, 4, 6, 30):
        give("ada", ago=ago), give(None, ago=ago)
    with CaptureQueriesContext(connections["default"]) as many:
        client.get(URL)
    assert len(many) == len(few)


def test_the_calendar_names_no_case_and_no_person(sign_in, give):
    dsr = give("bruno")
    page = sign_in("petra").get(URL).content.decode()
    assert dsr.submission.case_label not in page
    assert "Bianchi" not in page


@pytest.mark.parametrize("typed", ["0", "999999", "bruno", "-1", "1; DROP", "٣"])
def test_a_handler_that_is_none_has_no_rows(sign_in, give, typed):
    give("bruno")
    assert rows_behind(sign_in("petra"), f"{QUEUE}?handler={typed}")[0] == set()


def test_the_queue_and_the_bar_lead_to_the_calendar(sign_in):
    assert sign_in("bruno").get(QUEUE).content.decode().count(URL) == 2


def test_without_requests_the_calendar_says_so(sign_in, staff):
    answer = sign_in("petra").get(URL)
    assert "Nothing falls due until" in answer.content.decode()
    assert answer.context["last"] == today() + timedelta(days=27)


def test_an_account_without_a_role_is_refused(sign_in):
    assert sign_in("otto").get(URL).status_code == 403
