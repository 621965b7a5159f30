"""What the pages of whoever asks for another tell, and what remains open where two features met, asked over HTTP."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from requests_app import clock
from requests_app.models import Authority, Contact, IdentityCheck, Submission
from requests_app.operations import identity, sweeps
from tests.attacks.test_on_file import said
from tests.people import published_policy
from tests.web.test_behalf import second_page

pytestmark = pytest.mark.django_db
OLD = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _sources(settings):
    published_policy()
    people = [{"identifiers": ["K-1001"], "emails": ["ana@on-file.example"], "since": OLD}]
    backend = "requests_app.connectors.in_memory.InMemory"
    settings.DATA_SOURCES = {"customers": {"BACKEND": backend, "OPTIONS": {"people": people}}}


def bruno_asks(number: str, *, rights: list[str], **changes) -> tuple[Client, str]:
    """Bruno asks for Ana, whose address he does not know, and names a number."""
    bruno, address = Client(), f"bruno{number[-4:]}@agents.example"
    typed = second_page(person_email="", details=f"Her number is {number}.", email=address, rights=rights, **changes)
    assert bruno.post("/behalf/", typed)["Location"] == "/status/"
    check = IdentityCheck.objects.filter(purpose="verify").latest("issued_at")
    assert bruno.post("/confirm/", {"code": identity.code_for(check)})["Location"] == "/status/"
    bruno.get("/status/")
    sweeps.run_steps(clock.now())
    return bruno, address


def pages(number: str, **changes) -> list[tuple]:
    bruno, address = bruno_asks(number, **changes)
    own = Submission.objects.get(pk=bruno.session["submission"]).requests
    addresses = ["/status/", *(f"/erase/{dsr.pk}/" for dsr in own.filter(right="deletion")), "/new-address/"]
    return [said(bruno.get(one, follow=True), address) for one in addresses]


@pytest.mark.parametrize("rights", [["access", "deletion"], ["deletion"]])
@pytest.mark.parametrize("kind", ["agent", "guardian"])
def test_no_page_tells_bruno_whether_ana_is_known(kind, rights):
    changes = {"for_whom": kind, "rights": rights}
    if kind == "guardian":
        changes |= {"born_on": str(clock.now().date().replace(month=1, day=1) - timedelta(days=366 * 16))}
    known, unknown = pages("K-1001", **changes), pages("K-9999", **changes)
    assert Contact.objects.filter(role="on_file").count() == 1
    assert Authority.objects.filter(asked__isnull=False).count() == 1
    for one, other in zip(known, unknown, strict=True):
        assert one == other
