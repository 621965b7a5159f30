"""The queue: its counts, filters and search, what a bulk action reports, and that nothing is edited in place."""

import re

import pytest
from django.contrib.admin.sites import site
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from requests_app import clock
from requests_app.models import DataSubjectRequest, ErasureItem, EvidenceEvent, Notice, SourceAct
from requests_app.operations import decision, desk, person
from requests_app.operations.actors import Actor
from tests.people import confirms_erasure

pytestmark = pytest.mark.django_db
QUEUE = "/admin/requests_app/datasubjectrequest/"
ANSWER = {"letter": "Here are your data.", "ground": "", "facts": "", "scope": "all", "identity_match": "code"}


def case_url(dsr):
    return reverse("admin:requests_app_datasubjectrequest_change", args=[dsr.pk])


def shown(client, **params):
    """The requests in the table, and the page itself."""
    page = client.get(QUEUE, params).content.decode()
    table = page.partition('id="result_list"')[2].partition("</table>")[0]
    return {dsr for dsr in DataSubjectRequest.objects.all() if case_url(dsr) in table}, page


def count_on(page, words):
    """The number that stands in the chip with these words."""
    return int(re.search(rf">{words} (\d+)</a>", page).group(1))


@pytest.fixture
def office(file_request, staff):
    """One request for each view."""
    bruno, now = Actor.staff(staff["bruno"]), clock.now()
    found = {
        "overdue": file_request(ago=17, email="one@example.org"),
        "today": file_request("deletion", ago=15, email="two@example.org"),
        "mine": file_request("correction", ago=5, email="three@example.org"),
        "asked": file_request(ago=4, email="four@example.org"),
        "unconfirmed": file_request(ago=1, email="five@example.org", confirm=False),
        "decided": file_request(ago=3, email="six@example.org"),
        "ended": file_request("deletion", ago=6, email="seven@example.org"),
        "not_reached": file_request("marketing_optout", ago=2, email="eight@example.org"),
    }
    for name in ("overdue", "today", "mine", "asked", "decided"):
        who = staff["bruno" if name == "mine" else "ada"]
        desk.assign(found[name], assignee=who, actor=bruno, at=now)
    desk.ask(found["asked"], question="Which account?", actor=bruno, at=now)
    decision.decide(found["decided"], outcome="done", actor=bruno, at=now, **ANSWER)
    person.cancel(found["ended"], actor=Actor.person(), at=now)
    lost = Notice.objects.filter(submission=found["not_reached"].submission, kind="acknowledgement")
    lost.update(delivery="failed", failure_code="smtp_550", next_try_at=None)
    return found


@pytest.mark.parametrize(
    ("view", "words", "names"),
    [
        ("overdue", "Overdue", {"overdue"}),
        ("today", "Due today", {"today"}),
        ("mine", "Mine", {"mine"}),
        ("unassigned", "Unassigned", {"not_reached"}),
        ("person", "Waiting for the person", {"asked", "unconfirmed"}),
        ("not_reached", "Not reached", {"not_reached"}),
        ("ended", "Ended", {"ended"}),
        ("open", "All open", {"overdue", "today", "mine", "asked", "unconfirmed", "decided", "not_reached"}),
    ],
)
def test_each_view_shows_its_requests_and_its_count_agrees(sign_in, office, view, words, names):
    rows, page = shown(sign_in("bruno"), view=view)
    assert rows == {office[name] for name in names}
    assert count_on(page, words) == len(names)


@pytest.fixture
def erasing(office, staff):
    """The deletion is approved, and its only source is told to erase."""
    dsr = confirms_erasure(office["today"], at=clock.now())
    rows = DataSubjectRequest.objects.filter(pk=dsr.pk)
    rows.update(state="executing", decided_by=staff["bruno"], approved_by=staff["ada"], answered_at=clock.now())
    now = clock.now()
    told = {"owed_at": now, "due_at": now, "next_try_at": now, "opened_at": dsr.opened_at}
    return SourceAct.objects.create(dsr=rows.get(), alias="crm", act="erase", **told)


def test_what_is_being_erased_has_a_view_and_has_not_ended(sign_in, office, erasing):
    client = sign_in("bruno")
    rows, page = shown(client, view="erasing")
    assert rows == {office["today"]}
    assert (count_on(page, "Being erased"), count_on(page, "Ended")) == (1, 1)
    assert shown(client, view="ended")[0] == {office["ended"]}
    assert office["today"] not in shown(client)[0]


@pytest.mark.parametrize(
    ("status", "words", "holder"),
    [
        ("pending", "The sources erase", "the data sources"),
        ("by_hand", "Have it erased by hand", "us"),
        ("failed", "Look why it failed", "us"),
        ("contradicted", "Have it erased again", "us"),
    ],
)
def test_while_it_is_erased_the_row_and_the_case_say_who_has_to_act(sign_in, erasing, status, words, holder):
    SourceAct.objects.filter(pk=erasing.pk).update(status=status)
    client = sign_in("bruno")
    page = shown(client, view="erasing")[1]
    assert words in page
    assert re.search(rf"field-holds[^>]*>{holder}\s*<", page)
    assert words in client.get(case_url(erasing.dsr)).content.decode()


def test_what_a_legal_hold_stops_waits_for_nobody_else(sign_in, erasing):
    SourceAct.objects.filter(pk=erasing.pk).update(status="done")
    item = {"alias": "crm", "table": "calls", "records": 2, "proposed": "erase", "way": "erase"}
    decided = {"opened_at": erasing.opened_at, "decided_by": erasing.dsr.decided_by, "decided_at": erasing.owed_at}
    ErasureItem.objects.create(dsr=erasing.dsr, **item, **decided)
    page = shown(sign_in("bruno"), view="erasing")[1]
    assert "A legal hold stops it" in page
    assert "us: a legal hold" in page


def test_what_waits_for_approval_is_shown_to_others_than_the_one_who_decided(sign_in, office):
    assert shown(sign_in("ada"), view="approve")[0] == {office["decided"]}
    assert shown(sign_in("bruno"), view="approve")[0] == set()


def test_a_request_that_the_clock_set_aside_is_shown(sign_in, office):
    DataSubjectRequest.objects.filter(pk=office["mine"].pk).update(set_aside_at=clock.now())
    assert shown(sign_in("petra"), view="set_aside")[0] == {office["mine"]}


def test_no_row_shows_its_own_markup(sign_in, office):
    _, page = shown(sign_in("petra"))
    assert "two@example.org"[3:] in page
    assert "&lt;" not in page


def test_a_right_narrows_any_view(sign_in, office):
    client = sign_in("bruno")
    assert shown(client, right="deletion")[0] == {office["today"]}
    assert shown(client, right="deletion", view="ended")[0] == {office["ended"]}


def test_a_bar_of_the_chart_leads_to_what_falls_due_on_its_day(sign_in, office):
    client = sign_in("bruno")
    day = office["mine"].due_on.isoformat()
    rows, page = shown(client)
    assert f'href="?due={day}"' in page
    assert shown(client, due=day)[0] == {office["mine"]}
    assert shown(client, due="31 November")[0] == set()


@pytest.mark.parametrize(
    "spell", [lambda s: s.case_label, lambda s: s.case_number.lower(), lambda s: " ONE@example.org"]
)
def test_search_finds_by_case_number_and_by_exact_address(sign_in, office, spell):
    dsr = office["overdue"]
    assert shown(sign_in("bruno"), q=spell(dsr.submission))[0] == {dsr}


def test_search_finds_what_has_ended(sign_in, office):
    assert shown(sign_in("bruno"), q="seven@example.org")[0] == {office["ended"]}


@pytest.mark.parametrize("part", ["one@example", "@example.org", "Bianchi", "%", "_"])
def test_search_by_a_part_finds_nothing_and_says_what_is_needed(sign_in, office, part):
    rows, page = shown(sign_in("bruno"), q=part)
    assert rows == set()
    assert "No case found." in page


def test_an_empty_view_says_so_in_a_sentence(sign_in):
    assert "Nothing is overdue." in sign_in("bruno").get(QUEUE, {"view": "overdue"}).content.decode()


def test_the_next_action_is_to_read_what_the_person_answered(sign_in, office):
    person.reply(office["asked"], text="The newer one.", file=None, actor=Actor.person(), at=clock.now())
    assert "Read the answer" in shown(sign_in("bruno"))[1]


def test_the_pace_chart_counts_answers_in_words_and_in_a_table(sign_in, office, staff):
    dsr = office["decided"]
    digest = decision.pending(dsr).content_digest
    decision.approve(dsr, digest=digest, actor=Actor.staff(staff["ada"]), at=clock.now())
    page = sign_in("bruno").get(QUEUE).content.decode()
    assert "1 answered, all in time. Half took 3 days or less. We promise 15 days." in " ".join(page.split())
    assert "<td>1</td><td>0</td><td>3</td><td>3</td>" in page


def questions(client):
    with CaptureQueriesContext(connections["default"]) as facts, CaptureQueriesContext(connections["keys"]) as keys:
        assert client.get(QUEUE).status_code == 200
    return len(facts), len(keys)


def test_fifty_rows_ask_the_databases_no_more_than_five(sign_in, file_request):
    client = sign_in("petra")
    for n in range(5):
        file_request(ago=n, email=f"person{n}@example.org")
    five = questions(client)
    for n in range(45):
        file_request(ago=n % 14, email=f"someone{n}@example.org")
    assert len(shown(client)[0]) == 50
    assert questions(client) == five


def bulk(client, rows, **more):
    data = {"action": "assign", "handler": "", "_selected_action": [str(dsr.pk) for dsr in rows], **more}
    return client.post(f"{QUEUE}?q=ana@example.org", data, follow=True).content.decode()


def test_bulk_assignment_goes_row_by_row_and_reports_each(sign_in, file_request, staff):
    dsr, other = file_request(), file_request()
    person.cancel(other, actor=Actor.person(), at=clock.now())
    page = bulk(sign_in("bruno"), [dsr, other])
    dsr.refresh_from_db()
    other.refresh_from_db()
    assert (dsr.assignee, other.assignee) == (staff["bruno"], None)
    assert f"1 assigned to you: {dsr.submission.case_label} Access." in page
    assert f"{other.submission.case_label} Access: not assigned." in page


def test_bulk_assignment_to_a_colleague_leaves_evidence_for_every_row(sign_in, file_request, staff):
    rows = [file_request(), file_request()]
    assert "2 assigned to ada" in bulk(sign_in("bruno"), rows, handler=str(staff["ada"].pk))
    assert set(DataSubjectRequest.objects.values_list("assignee", flat=True)) == {staff["ada"].pk}
    assert EvidenceEvent.objects.filter(kind="assigned").count() == 2


def test_bulk_assignment_to_somebody_outside_the_desk_is_refused(sign_in, file_request, staff):
    dsr = file_request()
    assert "1 assigned" not in bulk(sign_in("bruno"), [dsr], handler=str(staff["otto"].pk))
    dsr.refresh_from_db()
    assert dsr.assignee is None


@pytest.mark.parametrize("who", ["petra", "ada", "bruno"])
def test_nothing_is_deleted_in_bulk_even_by_a_superuser(sign_in, file_request, staff, who):
    dsr = file_request()
    staff[who].is_superuser = True
    staff[who].save()
    client = sign_in(who)
    assert "delete_selected" not in client.get(QUEUE).content.decode()
    bulk(client, [dsr], action="delete_selected", post="yes")
    assert DataSubjectRequest.objects.filter(pk=dsr.pk).exists()


@pytest.mark.parametrize("model", ["datasubjectrequest", "notice", "policyversion"])
def test_no_page_of_the_desk_adds_changes_or_deletes_in_place(sign_in, file_request, staff, model):
    dsr = file_request()
    staff["petra"].is_superuser = True
    staff["petra"].save()
    client = sign_in("petra")
    pk = {"datasubjectrequest": dsr.pk, "notice": dsr.submission.notices.first().pk, "policyversion": dsr.policy_id}
    before = (dsr.state, dsr.submission.notices.first().delivery, dsr.policy.text)
    base = f"/admin/requests_app/{model}/"
    assert client.get(f"{base}add/").status_code == 403
    assert client.post(f"{base}{pk[model]}/delete/", {"post": "yes"}).status_code == 403
    client.post(f"{base}{pk[model]}/change/", {"state": "fulfilled", "delivery": "failed", "text": "x", "_save": "1"})
    client.post(base, {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "form-0-state": "fulfilled", "_save": "1"})
    dsr = DataSubjectRequest.objects.get(pk=dsr.pk)
    assert (dsr.state, dsr.submission.notices.first().delivery, dsr.policy.text) == before


def test_no_list_of_the_desk_offers_to_edit_or_delete(staff, rf):
    ours = [admin for model, admin in site._registry.items() if model._meta.app_label == "requests_app"]
    request = rf.get("/")
    request.user = staff["petra"]
    assert len(ours) >= 3
    for admin in ours:
        assert not admin.list_editable, admin
        assert "delete_selected" not in admin.get_actions(request), admin
        assert not admin.has_change_permission(request), admin


def test_the_desk_speaks_english_to_an_italian_browser(sign_in, file_request):
    file_request()
    client = sign_in("bruno")
    page = client.get(QUEUE, headers={"accept-language": "it"}).content.decode()
    assert '<html lang="en"' in page
    assert "promise: 15 days" in page


def test_whoever_has_a_role_starts_at_the_queue(sign_in):
    assert sign_in("bruno").get("/admin/").headers["Location"] == QUEUE
    assert sign_in("otto").get("/admin/").status_code == 200
