"""The box "Before anything is released": what stands in the way, what was looked up, and no address."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from requests_app import clock
from requests_app.models import AccessLog, Contact
from requests_app.operations import sweeps
from tests.admin.test_desk import case_url
from tests.rules.test_addresses import ANA, LOOK_ALIKES

pytestmark = pytest.mark.django_db
MEMORY = "requests_app.connectors.in_memory.InMemory"
OLD = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def on_file(settings):
    def on_file_(**person):
        people = [{"reference": "C-1001", "since": OLD, **person}]
        settings.DATA_SOURCES = {"customers": {"BACKEND": MEMORY, "OPTIONS": {"people": people}}}

    return on_file_


def box(client, dsr) -> str:
    page = client.get(case_url(dsr)).content.decode()
    assert "Before anything is released" in page
    return page.split('id="before-release"')[1].split("</section>")[0]


def asked(file_request, *args, **kwargs):
    dsr = file_request(*args, **kwargs)
    sweeps.run_steps(clock.now())
    return dsr


def test_before_the_code_it_says_that_nobody_showed_the_address(sign_in, file_request):
    said = box(sign_in("bruno"), file_request(confirm=False))
    assert "Nobody has shown that the address given is theirs." in said
    assert "Verify by hand" in said


def test_a_contact_on_file_is_named_by_its_source_and_never_by_its_address(sign_in, file_request, on_file):
    on_file(emails=["ana@old.example"])
    dsr = asked(file_request, details="C-1001")
    client = sign_in("petra")
    said = box(client, dsr)
    assert "A code went there, and nobody has typed it." in said
    assert "Data source customers" in said
    assert "Found somebody under another address" in said
    page = client.get(case_url(dsr)).content.decode()
    assert "old.example" not in page
    reveal = reverse("admin:requests_app_datasubjectrequest_act", args=[dsr.pk, "reveal"])
    assert "ana@old.example (on file in a data source)" in client.post(reveal, {"purpose": "compare"}).content.decode()
    assert AccessLog.objects.get(what="reveal").purpose == "compare"


def test_the_typed_address_on_file_leaves_nothing_in_the_way(sign_in, file_request, on_file):
    on_file(emails=["ana@example.org"])
    dsr = asked(file_request)
    said = box(sign_in("bruno"), dsr)
    assert "Found them under the address typed" in said
    assert "Nothing stands in the way but the second person." in said
    assert (
        "The person showed that the address on file is theirs" in sign_in("bruno").get(case_url(dsr)).content.decode()
    )


def test_a_source_that_waits_is_told(sign_in, file_request, on_file):
    on_file(emails=["ana@example.org"])
    assert "Has not answered yet" in box(sign_in("bruno"), file_request())


def test_staff_see_that_the_same_person_had_something_corrected(sign_in, file_request, on_file):
    on_file(emails=["ana@example.org"], since=clock.now() - timedelta(days=3))
    file_request("correction", ago=20)
    said = box(sign_in("bruno"), asked(file_request))
    assert "From this address a correction was asked for on" in said
    assert "no address there vouches" in said


def test_an_opt_out_has_no_such_box(sign_in, file_request):
    assert (
        "Before anything is released"
        not in sign_in("bruno").get(case_url(file_request("marketing_optout"))).content.decode()
    )


@pytest.mark.parametrize("typed", [one for one in LOOK_ALIKES if one.isascii() and " " not in one][::4])
def test_an_address_that_looks_like_that_of_another_case_is_a_warning(sign_in, file_request, typed):
    first = file_request(email=ANA)
    said = box(sign_in("bruno"), file_request(email=typed))
    assert "Easily confused" in said
    assert first.submission.case_label in said
    assert typed not in said
    assert ANA not in said


def test_the_same_address_again_and_another_one_are_no_warning(sign_in, file_request):
    file_request(email=ANA)
    file_request(email="otto@example.net")
    assert "Easily confused" not in box(sign_in("bruno"), file_request(email=f" {ANA.upper()}"))


def test_a_contact_on_file_that_looks_like_the_typed_one_is_a_warning(sign_in, file_request, on_file):
    on_file(emails=["ana@example.org"])
    dsr = asked(file_request, email="ana+x@example.org", details="C-1001")
    assert "An address on file in a data source." in box(sign_in("bruno"), dsr)
    assert Contact.objects.count() == 1


def decide_page(client, dsr) -> str:
    page = client.get(reverse("admin:requests_app_datasubjectrequest_act", args=[dsr.pk, "decide"])).content.decode()
    return page.split('id="id_letter_helptext"')[1].split("</p>")[0] if "id_letter_helptext" in page else ""


def test_no_data_and_no_proof_are_refused_in_the_same_words(sign_in, file_request, on_file):
    on_file(emails=["ana@old.example"])
    nobody, other = asked(file_request, email="otto@example.net"), asked(file_request, details="C-1001")
    assert [dsr.submission.lookups.get().result for dsr in (nobody, other)] == ["nobody", "other"]
    words = {decide_page(sign_in("bruno"), dsr) for dsr in (nobody, other)}
    assert len(words) == 1
    assert "This does not say whether we hold any." in words.pop()
    on_file(emails=["ana@example.org"])
    assert decide_page(sign_in("bruno"), asked(file_request)) == ""
