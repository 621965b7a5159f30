"""What many sources were told is read with as many questions to the database as what two were told."""

import pytest
from django.db import connections
from django.test.utils import CaptureQueriesContext

from requests_app import clock
from requests_app.admin import changes, erasure, limits, source_acts
from requests_app.models import SourceAct
from requests_app.operations import changes as stating
from requests_app.operations import doing, source_tasks, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.doing import Word

pytestmark = pytest.mark.django_db
PEOPLE = "requests_app.connectors.people.DepartmentPeople"
PANELS = {
    "consent_withdrawal": source_acts.panel,
    "correction": changes.panel,
    "deletion": erasure.panel,
    "objection": limits.panel,
}


@pytest.fixture
def told(settings, staff, file_request):
    """So many departments were told of it, and every other one said that it is done."""

    def told_(right, many):
        settings.DATA_SOURCES = {
            f"archive{n}": {"BACKEND": PEOPLE, "OPTIONS": {"name": f"Archive {n}", "to": [f"c{n}@shop.example"]}}
            for n in range(many)
        }
        dsr, at = file_request(right), clock.now()
        if right == "correction":
            actor = Actor.staff(staff["bruno"])
            stating.state_change(dsr, field="street", before="", wanted="Via Po 2", actor=actor, at=at)
        sweeps.carry_out_acts(at)
        for link in source_tasks.with_task().filter(task__act__dsr=dsr).order_by("added_at", "pk")[::2]:
            doing.say(link, Word.DONE, statement="Done.", by="Carla", at=at)
        assert SourceAct.objects.filter(dsr=dsr, alias__startswith="archive").count() == many
        return dsr

    return told_


@pytest.mark.parametrize("right", PANELS)
def test_eight_acts_take_as_many_questions_as_two(right, told, staff):
    counted = []
    for many in (2, 8):
        dsr = told(right, many)
        PANELS[right](dsr, staff["petra"])  # what she may is asked once
        with CaptureQueriesContext(connections["default"]) as asked, CaptureQueriesContext(connections["keys"]) as keys:
            assert f"archive{many - 1}" in str(PANELS[right](dsr, staff["petra"]))
        counted.append((len(asked), len(keys)))
    assert counted[0] == counted[1]
