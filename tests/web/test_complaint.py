"""The person complains from the page of their request, and gets one file for the authority that checks itself."""

import io
import json
import subprocess
import sys
import zipfile
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client

from requests_app.clock import now
from requests_app.models import DataSubjectRequest, EvidenceEvent, Submission
from requests_app.operations import complaints, decision, desk, evidence
from requests_app.operations.actors import Actor
from requests_app.operations.supervisors import as_of, supervisors
from tests.people import ana_files, confirms, published_policy, staff

pytestmark = pytest.mark.django_db
ANSWER = {"outcome": "done", "letter": "Dear Ana.", "ground": "", "facts": "", "scope": "", "identity_match": "Code."}


@pytest.fixture
def dsr(settings: Any) -> DataSubjectRequest:
    """Ana asked for a correction, Bruno and Ada answered, and Bruno noted something for the team."""
    settings.DATA_SOURCES = {}
    published_policy()
    at, bruno = now(), Actor.staff(staff("bruno", "handler"))
    submission = ana_files("correction", at=at, details="Since the spring.")
    confirms(submission, at=at)
    asked = submission.requests.get()
    desk.note(asked, text="Ana called me names.", actor=bruno, at=at)
    made = decision.decide(asked, **ANSWER, actor=bruno, at=at)
    asked.refresh_from_db()
    return decision.approve(asked, digest=made.content_digest, actor=Actor.staff(staff("ada", "approver")), at=at)


@pytest.fixture
def ana(dsr: DataSubjectRequest, client: Client) -> Client:
    """Her browser, in which a code was typed just now."""
    session = client.session
    session["submission"], session["proved"] = str(dsr.submission_id), [dsr.submission.email_digest]
    session["proved_at"], session["fresh_until"] = now().isoformat(), "2999-01-01T00:00:00+00:00"
    session.save()
    return client


def no_longer_fresh(client: Client) -> None:
    session = client.session
    session["fresh_until"] = now().isoformat()
    session.save()


def test_she_complains_in_one_step_and_it_begins_at_once(ana, dsr):
    page = ana.get("/status/").content.decode()
    assert f"/complain/{dsr.pk}/" in page
    shown = ana.get(f"/complain/{dsr.pk}/")
    key = shown.context["form"]["form_key"].value()
    sent = {"form_key": key, "text": "Nobody stopped anything."}
    for _again in range(2):  # a button pressed twice
        answer = ana.post(f"/complain/{dsr.pk}/", sent, follow=True)
    complaint = DataSubjectRequest.objects.get(right="complaint")
    assert complaint.state == "in_progress"
    assert complaints.about_of(complaint) == dsr
    assert complaint.submission.opened("details") == "Nobody stopped anything."
    said = answer.content.decode()
    assert dsr.submission.case_label in said
    assert complaint.submission.case_label in said


def test_without_a_fresh_code_it_is_filed_and_waits_for_one(ana, dsr):
    no_longer_fresh(ana)
    ana.post(f"/complain/{dsr.pk}/", {"text": "Nobody stopped anything."})
    assert DataSubjectRequest.objects.get(right="complaint").state == "awaiting_verification"
    assert "six digits" in ana.get("/status/").content.decode()


def test_an_empty_complaint_says_what_is_missing(ana, dsr):
    answer = ana.post(f"/complain/{dsr.pk}/", {"text": " "})
    assert answer.status_code == 422
    assert "tell us in a few words" in answer.content.decode()
    assert not DataSubjectRequest.objects.filter(right="complaint").exists()


def test_while_one_is_open_another_is_not_filed(ana, dsr):
    ana.post(f"/complain/{dsr.pk}/", {"text": "Nobody stopped anything."})
    session = ana.session
    session["submission"] = str(dsr.submission_id)
    session.save()
    assert "is being looked at" in ana.get(f"/complain/{dsr.pk}/").content.decode()
    ana.post(f"/complain/{dsr.pk}/", {"text": "Once more."})
    assert DataSubjectRequest.objects.filter(right="complaint").count() == 1


def test_she_is_shown_the_authority_of_her_country(ana, dsr):
    page = ana.get(f"/complain/{dsr.pk}/", {"country": "IT"}).content.decode()
    assert "Garante per la protezione dei dati personali" in page
    assert "Garante" not in ana.get(f"/complain/{dsr.pk}/", {"country": "XX"}).content.decode()


def test_every_country_is_named_in_every_language_of_the_pages():
    languages = [code for code, _name in configured.LANGUAGES]
    for one in supervisors("en"):
        assert [code for code in languages if not one.countries.get(code)] == [], one.code
        assert one.url.startswith("https://")
    assert len({one.code for one in supervisors("en")}) == 32
    assert as_of().year >= 2026


def fetched(ana: Client, dsr: DataSubjectRequest) -> zipfile.ZipFile:
    answer = ana.post(f"/complain/{dsr.pk}/file/")
    assert answer["Content-Type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(answer.content))


def test_the_file_for_the_authority_needs_a_fresh_code(ana, dsr):
    no_longer_fresh(ana)
    assert ana.post(f"/complain/{dsr.pk}/file/")["Content-Type"].startswith("text/html")
    assert not EvidenceEvent.objects.filter(kind="complaint_file_made").exists()


def test_it_holds_what_she_may_read_and_nothing_internal(ana, dsr):
    ana.post(f"/complain/{dsr.pk}/", {"text": "Nobody stopped anything."})
    complaint = DataSubjectRequest.objects.select_related("submission").get(right="complaint")
    told = {"actor": Actor.system(), "at": now(), "dsr_id": dsr.pk, "body": {"source": "crm-legacy"}}
    evidence.append(dsr.submission_id, evidence.Kind.SOURCE_TOLD, **told)
    archive = fetched(ana, complaint)
    page = archive.read("index.html").decode()
    for said in (dsr.submission.case_label, complaint.submission.case_label, "Since the spring.", "Ana Example"):
        assert said in page
    letters = [name for name in archive.namelist() if name.startswith("letters/")]
    assert any("Dear Ana." in archive.read(name).decode() for name in letters)
    contents = [archive.read(name).decode(errors="replace") for name in archive.namelist()]
    assert all("called me names" not in content and "crm-legacy" not in content for content in contents)


def test_it_does_not_tell_what_is_not_approved_yet(ana, dsr):
    submitted = EvidenceEvent.objects.get(submission=dsr.submission, kind="decision_submitted")
    lines = fetched(ana, dsr).read(f"evidence-{dsr.submission.case_label}.jsonl").decode().splitlines()
    assert "event" not in json.loads(lines[submitted.seq])
    assert json.loads(lines[submitted.seq])["leaf"] == submitted.leaf_hash


def test_its_proofs_hold_without_us_and_fail_where_a_word_is_changed(ana, dsr, tmp_path):
    fetched(ana, dsr).extractall(tmp_path)
    name = f"evidence-{dsr.submission.case_label}.jsonl"

    def verdict() -> tuple[int, str]:
        command = [sys.executable, "verify_chain.py", name]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.strip()

    assert verdict() == (0, "The chain holds.")
    lines = (tmp_path / name).read_text().splitlines()
    internal = [json.loads(line) for line in lines if "event" not in json.loads(line)]
    assert internal  # the note of the team is counted, and not told
    (tmp_path / name).write_text("\n".join(lines).replace("2026", "2025", 1))
    assert verdict()[0] == 1
    (tmp_path / name).write_text("\n".join(lines[:2] + lines[3:]))
    assert verdict() == (1, "event 2 is missing")


def test_what_was_handed_out_is_known_by_its_digest(ana, dsr):
    fetched(ana, dsr)
    body = json.loads(EvidenceEvent.objects.get(kind="complaint_file_made").body)
    assert body["size"] > 1000
    assert len(body["sha256"]) == 64


def test_neither_an_unconfirmed_nor_anothers_request_can_be_complained_about(client, ana, dsr):
    otto = Client()
    assert otto.get(f"/complain/{dsr.pk}/").status_code == 404
    unproved = ana_files("objection", at=now())
    session = client.session
    session["submission"] = session["filed"] = str(unproved.pk)
    session.save()
    assert client.get(f"/complain/{unproved.requests.get().pk}/").status_code == 404
    assert Submission.objects.count() == 2
