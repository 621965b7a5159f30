"""What the pages of whoever asks for another tell, and what remains open where two features met, asked over HTTP."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.test import Client

from requests_app import clock
from requests_app.models import Authority, Contact, IdentityCheck, Submission
from requests_app.operations import identity, sweeps
from tests.attacks.test_on_file import said
from tests.people import published_policy
from tests.web.access_table import ADMIN, WEB
from tests.web.access_world import World, footprint
from tests.web.test_behalf import second_page

pytestmark = pytest.mark.django_db
FORM_TYPE = "application/x-www-form-urlencoded"
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


class TestAnotherMethod:
    """HEAD, PUT and the like to every address, with what a POST would bring."""

    @pytest.mark.parametrize("method", ["head", "put", "patch", "delete", "options"])
    def test_changes_nothing(self, method, settings, tmp_path):
        settings.FILES_DIR, settings.DATA_SOURCES = tmp_path, {}
        world = World()
        for rows, who in ((WEB, "ana"), (ADMIN, "petra")):
            for row in rows:
                url, data = world.address(row, known=True)
                body = urlencode({name: value for name, value in data.items() if isinstance(value, str)})
                with transaction.atomic(), transaction.atomic("keys"):
                    typed = {} if method == "head" else {"data": body, "content_type": FORM_TYPE}
                    answer = getattr(world.client(who), method)(url, **typed)
                    after = footprint()
                    transaction.set_rollback(True)
                    transaction.set_rollback(True, "keys")
                assert answer.status_code != 500, (method, url)
                looks = 1  # opening a page of the desk is a look, and is written down
                assert [*after[:looks], *after[looks + 1 :]] == [*world.before[:looks], *world.before[looks + 1 :]], url
