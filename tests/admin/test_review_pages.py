"""The pages of the review: records as text, long ones cut, what cannot be seen written out, every opening logged."""

import re

import pytest
from django.urls import reverse

from requests_app import clock
from requests_app.models import AccessLog, Mark, Redaction, StepFile
from requests_app.operations import decision
from requests_app.operations.actors import Actor
from requests_app.operations.owed_steps import steps_of
from tests.admin.test_desk import case_url
from tests.admin.test_sources_panel import NOTE, act, asked  # noqa: F401

pytestmark = pytest.mark.django_db
CUSTOMER = ("customer", {"email": "ana@example.org", "name": "Ana"})


def step_url(step, start=None):
    return reverse("admin:requests_app_datasubjectrequest_step", args=[step.pk]) + (
        "" if start is None else f"?from={start}"
    )


def record_url(step, position):
    return reverse("admin:requests_app_datasubjectrequest_record", args=[step.pk, position])


def orders_of(step):
    return step.parts[-1]["start"]


@pytest.fixture
def step(asked):  # noqa: F811
    return steps_of(
        asked(CUSTOMER, ("orders", {"n": 1, "note": NOTE}), ("orders", {"n": 2, "note": "x" * 50_000}))
    ).get()


def test_records_stand_by_table_and_category(sign_in, step):
    page = sign_in("bruno").get(step_url(step)).content.decode()
    assert "Contact data" in page
    assert "2 records" in page
    assert "ana@example.org" in page
    assert "Rossi" not in page.split('id="records"')[1]  # the other table is another page
    assert AccessLog.objects.filter(what="records of shop").count() == 1


def test_a_marked_place_says_what_was_found_and_counts_as_opened(sign_in, step, staff):
    client = sign_in("bruno")
    first = client.get(step_url(step)).content.decode()
    assert "You have not opened 1 of the marked places" in first
    (jump,) = re.findall(
        r'<li><a href="([^"#]+)#records">', first.split("Look at these first")[1].split("</section>")[0]
    )
    page = client.get(jump).content.decode()
    assert "<q>Otto Rossi</q>" in page
    assert Mark.objects.get().seen_by == [staff["bruno"].pk]
    assert "You have not opened" not in page


def test_a_long_value_is_cut_and_read_in_full_piece_by_piece(sign_in, step):
    client = sign_in("bruno")
    page = client.get(step_url(step, orders_of(step))).content.decode()
    assert "x" * 300 in page
    assert "x" * 301 not in page
    position = int(re.findall(r'id="at-(\d+)"', page)[-1])
    whole, seen = record_url(step, position), 0
    url = whole
    while url:
        text = client.get(url).content.decode()
        seen += max(len(run) for run in re.findall("x+", text))
        more = re.search(r'href="(\?field=[^"]+)">go on', text)
        url = whole + more[1].replace("&amp;", "&") if more else ""
    assert seen == 50_000
    assert AccessLog.objects.filter(what="record of shop").count() == 3


def test_markup_and_signs_that_cannot_be_seen_are_text(sign_in, asked):  # noqa: F811
    dsr = asked(("orders", {"n": 1, "note": "<script>alert(1)</script>a\u202egnp.exe\x00"}))
    for url in (step_url(steps_of(dsr).get()), record_url(steps_of(dsr).get(), 0)):
        page = sign_in("bruno").get(url).content.decode()
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert" not in page
        assert "a⟨U+202E⟩gnp.exe⟨U+0000⟩" in page
        assert "\u202e" not in page


def test_bruno_hides_a_passage_and_shows_it_again(sign_in, step):
    client, url = sign_in("bruno"), record_url(step, orders_of(step))
    assert "<q>Otto Rossi</q>" in client.get(url).content.decode()
    form = {"action": "hide", "column": "1", "passage": "Mr Otto Rossi", "ground": "risk_to_others"}
    assert client.post(url, form)["Location"] == url
    page = client.get(url).content.decode()
    assert "Hidden of it" in page
    assert "<q>Otto Rossi</q>" not in page  # what the check found besides is still there
    assert "<q>+39 02 5550 7788</q>" in page
    assert "Left with [withheld], " in client.get(step_url(step, orders_of(step))).content.decode()
    client.post(url, {"action": "show", "redaction": Redaction.objects.get().pk})
    assert "Hidden of it" not in client.get(url).content.decode()


def test_what_cannot_be_hidden_is_said_beside_the_form(sign_in, step):
    client, url = sign_in("bruno"), record_url(step, orders_of(step))
    form = {"action": "hide", "column": "1", "passage": "Nobody", "ground": "risk_to_others"}
    answer = client.post(url, form)
    assert answer.status_code == 422
    assert "does not stand in the field" in answer.content.decode()
    for odd in ({"column": "9"}, {"column": ""}, {"column": "name"}, {"ground": "because"}):
        assert client.post(url, form | odd).status_code == 422
    assert not Redaction.objects.exists()


def test_a_sign_that_was_written_out_can_be_copied_into_the_form(sign_in, asked):  # noqa: F811
    step = steps_of(asked(("orders", {"n": 1, "note": "ot\u200bto"}))).get()
    form = {"action": "hide", "column": "1", "passage": "ot⟨U+200B⟩to", "ground": "risk_to_others"}
    assert sign_in("bruno").post(record_url(step, 0), form).status_code == 302
    assert Redaction.objects.get().passage == "ot\u200bto"


def test_a_record_that_is_hidden_is_not_listed_but_can_be_opened(sign_in, step):
    client = sign_in("bruno")
    client.post(record_url(step, 0), {"action": "hide", "column": "all", "passage": "", "ground": "risk_to_others"})
    assert "This record is withheld." in client.get(step_url(step)).content.decode()
    assert "Show it again" in client.get(record_url(step, 0)).content.decode()


@pytest.mark.parametrize("place", ["1", "99999999", "99999999999999999999", "-1", "x"])
def test_a_place_where_no_record_begins_is_not_found_or_the_beginning(sign_in, step, place):
    assert sign_in("bruno").get(step_url(step, place)).status_code in {200, 404}
    assert sign_in("bruno").get(step_url(step, 1)).status_code == 404
    assert sign_in("bruno").get(record_url(step, 1)).status_code == 404


def test_what_was_destroyed_is_said(sign_in, step, tmp_path):
    for file in tmp_path.rglob(step.pk.hex):
        file.unlink()
    answer = sign_in("bruno").get(step_url(step), follow=True)
    assert answer.redirect_chain[-1][0] == case_url(step.dsr)
    assert "has been destroyed or cannot be read" in answer.content.decode()


def reviewed_from(client, step, why=""):
    """Press "Reviewed" on the page of the source, and on the form that it leads to."""
    (url,) = re.findall(r'href="([^"]+/do/reviewed/[^"]*)"', client.get(step_url(step)).content.decode())
    (seen,) = re.findall(r'name="seen" value="([0-9a-f]{64})"', client.get(url).content.decode())
    return client.post(url, {"why": why, "seen": seen})


def test_reviewed_is_of_what_stood_on_the_page_and_not_of_what_was_answered_since(sign_in, step):
    client = sign_in("bruno")
    (url,) = re.findall(r'href="([^"]+/do/reviewed/[^"]*)"', client.get(step_url(step)).content.decode())
    StepFile.objects.create(step=step, name_sealed=b"", media_type="", size=1, sha256="0" * 64, received_at=clock.now())
    (seen,) = re.findall(r'name="seen" value="([0-9a-f]{64})"', client.get(url).content.decode())
    answer = client.post(url, {"why": "All of it.", "seen": seen})
    assert answer.status_code == 422
    assert "look at it again" in answer.content.decode()
    assert client.post(act(step, "reviewed"), {"why": "All of it."}).status_code == 422
    step.refresh_from_db()
    assert step.reviewed_at is None


def test_reviewed_needs_the_places_to_be_opened_or_a_reason(sign_in, step):
    client = sign_in("bruno")
    answer = reviewed_from(client, step)
    assert answer.status_code == 422
    assert "You have not opened every marked place: 1 left." in answer.content.decode()
    client.get(step_url(step, orders_of(step)))
    reviewed_from(client, step)
    assert "Reviewed by bruno" in client.get(case_url(step.dsr)).content.decode()


def test_the_second_person_sees_what_is_in_the_package(sign_in, step, staff):
    client = sign_in("bruno")
    client.post(record_url(step, 0), {"action": "hide", "column": "1", "passage": "", "ground": "risk_to_others"})
    reviewed_from(client, step, "Only one, and seen by phone.")
    approve = reverse("admin:requests_app_datasubjectrequest_act", args=[step.dsr_id, "decide"])
    page = sign_in("ada").get(approve).content.decode()
    said = page.split('id="contents"')[1].split("</section>")[0]
    assert "Found 3 records in 2 tables" in said
    assert "Hidden: 1 place. The request puts the rights of others at risk" in said
    assert "1 marked place handed out as it is, 1 of them not opened" in said
    assert "Reviewed by bruno" in said
    assert step_url(step) in said
    assert "The package" in said
    assert sign_in("ada").get(step_url(step)).status_code == 200
    assert "Hide something" not in sign_in("ada").get(record_url(step, 0)).content.decode()


def test_once_decided_nothing_can_be_pressed_any_more(sign_in, step, staff):
    words = {"letter": "No.", "ground": "not_own_identity", "facts": "F.", "scope": "All.", "identity_match": "Code."}
    decision.decide(step.dsr, outcome="refuse", **words, actor=Actor.staff(staff["bruno"]), at=clock.now())
    page = sign_in("petra").get(step_url(step)).content.decode()
    assert "Hide all that is marked" not in page
    assert ">Reviewed<" not in page
    form = {"action": "hide", "column": "all", "passage": "", "ground": "risk_to_others"}
    assert sign_in("petra").post(record_url(step, 0), form).status_code == 422
