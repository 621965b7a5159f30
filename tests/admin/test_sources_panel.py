"""The panel of the case page: what each source holds, in words, and what can be done about it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from requests_app import clock
from requests_app.admin import history
from requests_app.models import FulfilmentStep, PackageBuild
from requests_app.operations import sweeps
from requests_app.operations.owed_steps import steps_of
from tests.admin.test_desk import case_url

pytestmark = pytest.mark.django_db
MEMORY = "requests_app.connectors.in_memory.InMemory"
TABLES = {
    "customer": {"category": "Contact data", "columns": {"email": "text", "name": "text"}},
    "orders": {
        "label": {"en": "Orders", "it": "Ordini"},
        "category": "Orders",
        "columns": {"n": "number", "note": "text"},
    },
}
NOTE = "Left with Mr Otto Rossi, +39 02 5550 7788."


def holds(settings, *records, **people):
    """A shop that holds these records of Ana."""
    tables: dict = {}
    for table, row in records:
        tables.setdefault(table, []).append(row)
    ana = {"reference": "C-1", "emails": ["ana@example.org"], "records": tables, **people}
    settings.DATA_SOURCES = {"shop": {"BACKEND": MEMORY, "OPTIONS": {"people": [ana], "tables": TABLES}}}


@pytest.fixture
def asked(settings, file_request):
    def asked_(*records, sweep=True, **kwargs):
        holds(settings, *records)
        dsr = file_request(**kwargs)
        if sweep:
            read(clock.now())
        return dsr

    return asked_


def read(at):
    sweeps.run_steps(at)
    sweeps.read_sources(at)
    sweeps.check_others(at + timedelta(minutes=1))
    sweeps.build_packages(at + timedelta(minutes=1))


def panel(client, dsr) -> str:
    page = client.get(case_url(dsr)).content.decode()
    return page.split('id="sources"')[1].split("</section>")[0] if 'id="sources"' in page else ""


def act(step, name):
    return reverse("admin:requests_app_datasubjectrequest_step_act", args=[step.pk, name])


def test_without_sources_there_is_no_panel(sign_in, file_request):
    assert panel(sign_in("bruno"), file_request()) == ""


def test_every_sentence_of_the_timeline_can_be_said_of_a_bare_event():
    for kind in history.SENTENCES:
        assert history.sentence(kind, "system", "", {}, {})


def test_what_was_found_is_said_with_numbers(sign_in, asked):
    dsr = asked(("customer", {"email": "ana@example.org"}), ("orders", {"n": 1, "note": NOTE}))
    said = panel(sign_in("bruno"), dsr)
    assert "Found 2 records in 2 tables" in said
    assert "1 place to look at first" in said
    assert "to review" in said
    assert ">Look<" in said
    assert "Nobody has looked through what the data source shop handed out." in said
    assert "Fetch the package" in said
    assert "Rossi" not in said


def test_while_something_is_to_be_looked_through_nobody_reads_that_nothing_stands_in_the_way(sign_in, asked):
    page = sign_in("bruno").get(case_url(asked(("customer", {"email": "ana@example.org"})))).content.decode()
    said = page.split('id="before-release"')[1].split("</section>")[0]
    assert "It is shown who asks. What is handed out is not ready" in said
    assert "Nothing stands in the way" not in page


def test_before_anybody_showed_who_asks_it_waits(sign_in, asked):
    dsr = asked(("customer", {"email": "ana@example.org"}), sweep=False)
    assert "Waits until it is shown who asks" in panel(sign_in("bruno"), dsr)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"status": "pending"}, "Asked. The answer comes by itself"),
        ({"status": "nothing"}, "Nothing found"),
        ({"status": "failed", "failure_code": "NobodyShown"}, "nobody has shown that it is the person who asks"),
        ({"status": "failed", "failure_code": "OddError"}, "Could not be asked: OddError"),
        ({"status": "waiting", "failure_code": "RetryLater", "attempts": 3}, "Has not answered: it is away or busy"),
    ],
)
def test_each_state_is_said_in_words(sign_in, asked, values, words):
    dsr = asked(("customer", {"email": "ana@example.org"}))
    steps_of(dsr).update(next_try_at=clock.now() if values["status"] == "waiting" else None, **values)
    said = panel(sign_in("bruno"), dsr)
    assert words in said
    assert ("after 3 tries" in said) == ("attempts" in values)
    assert ("Next try on" in said) == (values["status"] == "waiting")


def test_bruno_has_a_source_asked_again(sign_in, asked):
    dsr = asked(("customer", {"email": "ana@example.org"}))
    answer = sign_in("bruno").post(act(steps_of(dsr).get(), "retry"))
    assert answer["Location"] == case_url(dsr)
    assert steps_of(dsr).get().status == "waiting"


def test_bruno_withholds_with_a_ground_and_words(sign_in, asked):
    dsr = asked(("customer", {"email": "ana@example.org"}))
    client, step = sign_in("bruno"), steps_of(dsr).get()
    assert client.post(act(step, "withhold"), {"ground": "", "why": ""}).status_code == 422
    client.post(act(step, "withhold"), {"ground": "risk_to_others", "why": "It names a witness."})
    said = panel(client, dsr)
    assert "Withheld" in said
    assert "It names a witness." in said
    assert "rights of others" in said
    assert f'{act(step, "withhold")}"' not in said
    client.post(act(step, "retry"))
    said = panel(client, dsr)
    assert "It names a witness." not in said
    assert "withheld" not in said


def test_ada_who_approves_withholds_nothing(sign_in, asked):
    dsr = asked(("customer", {"email": "ana@example.org"}))
    client = sign_in("ada")
    assert "Withhold" not in panel(client, dsr)
    step = steps_of(dsr).get()
    assert client.post(act(step, "withhold"), {"ground": "risk_to_others", "why": "W."}).status_code == 403
    assert client.post(act(step, "hide_marked"), {"ground": "risk_to_others"}).status_code == 403
    assert FulfilmentStep.objects.get().status == "found"


def test_a_package_that_could_not_be_made_says_so(sign_in, asked):
    dsr = asked(("customer", {"email": "ana@example.org"}))
    PackageBuild.objects.update(next_try_at=clock.now(), failure_code="OSError")
    assert "It could not be made (OSError). It is tried again on" in panel(sign_in("bruno"), dsr)


def test_the_package_is_fetched_as_it_is(sign_in, asked):
    dsr = asked(("customer", {"email": "ana@example.org"}))
    file = PackageBuild.objects.get(dsr=dsr).file
    answer = sign_in("ada").post(reverse("admin:requests_app_datasubjectrequest_file", args=[file.pk]))
    assert b"".join(answer.streaming_content)[:2] == b"PK"
    assert "attachment" in answer["Content-Disposition"]
