"""An erasure that overtakes the access filed with it: what was read before and not released goes to nobody (A40)."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from requests_app.connectors import Column, Record, Table
from requests_app.models import AnswerFile, DataSubjectRequest, ErasureItem, FulfilmentStep
from requests_app.operations import decision, erasure, erasure_plan, evidence, review, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.files import path_of
from requests_app.operations.refused import Refused
from requests_app.rules.erasure_plan import Choice
from tests.operations.test_package import TOLD
from tests.operations.test_source_acts import (
    DAY,
    DONE,
    MINUTE,
    SOON,
    Shop,
    _world,  # noqa: F401 (a fixture of every test here)
    carried_out,
)
from tests.people import NOON, ana_files, confirms, confirms_erasure

pytestmark = [pytest.mark.django_db, pytest.mark.both]
HOUR = timedelta(hours=1)
ERASED = NOON + 14 * DAY


class Store(Shop):
    """Hands out what the shop holds, too."""

    def describe(self) -> tuple[Table, ...]:
        return (Table("customers", (Column("name", "text", TOLD),)), Table("orders", (Column("number", "text", TOLD),)))

    def extract(self, references: Sequence[str], *, request_id: str) -> Iterator[Record]:
        for table, column in (("customers", "name"), ("orders", "number")):
            for number in range(Shop.held[table]):
                yield Record(table, {column: f"canary-{number}"})


@pytest.fixture(autouse=True)
def _store(_world: None, settings: Any, tmp_path: Any) -> None:  # noqa: F811
    settings.DATA_SOURCES = {"shop": {"BACKEND": f"{__name__}.Store"}}
    settings.FILES_DIR = tmp_path


@pytest.fixture
def access(bruno: Actor) -> DataSubjectRequest:
    """Read and packed, and not answered; the deletion beside it was asked for on the ninth day."""
    submission = ana_files("access", "deletion")
    confirms(submission)
    sweeps.run_steps(SOON)
    sweeps.read_sources(SOON)
    sweeps.carry_out_acts(SOON)
    dsr = submission.requests.get(right="access")
    review.mark_reviewed(FulfilmentStep.objects.get(), why="All of it is hers.", actor=bruno, at=SOON)
    sweeps.build_packages(SOON + MINUTE)
    assert AnswerFile.objects.get(dsr=dsr).destroyed_at is None
    return dsr


def erased(access: DataSubjectRequest, bruno: Actor, ada: Actor) -> None:
    dsr = access.submission.requests.get(right="deletion")
    confirms_erasure(dsr, at=NOON + 9 * DAY)
    choices = {item.pk: Choice("erase") for item in ErasureItem.objects.filter(dsr=dsr)}
    erasure_plan.decide(dsr, choices, actor=bruno, at=ERASED)
    made = decision.decide(dsr, **DONE, actor=bruno, at=ERASED)
    decision.approve(dsr, digest=made.content_digest, actor=ada, at=ERASED)
    carried_out(ERASED + HOUR)
    assert Shop.held == {"customers": 0, "orders": 0}


def test_access_comes_first(access: DataSubjectRequest) -> None:
    dsr = access.submission.requests.get(right="deletion")
    with pytest.raises(Refused, match="comes first"):
        erasure.issue_code(dsr, actor=Actor.person(), at=NOON + 2 * DAY)


def test_a_package_that_was_overtaken_is_destroyed_and_what_it_was_made_of_is_read_anew(
    access: DataSubjectRequest, bruno: Actor, ada: Actor
) -> None:
    stale = AnswerFile.objects.get(dsr=access)
    erased(access, bruno, ada)
    with pytest.raises(Refused, match="has not answered yet"):
        decision.decide(access, **DONE, actor=bruno, at=ERASED + HOUR)
    sweeps.read_sources(ERASED + 2 * HOUR)
    sweeps.build_packages(ERASED + 3 * HOUR)
    stale.refresh_from_db()
    assert stale.destroyed_at is not None
    assert not path_of(stale.pk).exists()
    step = FulfilmentStep.objects.get(dsr=access)
    assert (step.status, step.records, step.size) == ("nothing", 0, 0)
    assert list(evidence.verify()) == []


def test_a_package_that_waits_for_approval_is_not_released_any_more(
    access: DataSubjectRequest, bruno: Actor, ada: Actor
) -> None:
    made = decision.decide(access, **DONE, actor=bruno, at=ERASED - DAY)
    erased(access, bruno, ada)
    access.refresh_from_db()
    with pytest.raises(Refused, match="has not answered yet"):
        decision.approve(access, digest=made.content_digest, actor=ada, at=ERASED + 2 * HOUR)


def test_what_was_released_before_stays_hers_for_its_period(
    access: DataSubjectRequest, bruno: Actor, ada: Actor
) -> None:
    made = decision.decide(access, **DONE, actor=bruno, at=NOON + DAY)
    decision.approve(access, digest=made.content_digest, actor=ada, at=NOON + DAY)
    erased(access, bruno, ada)
    sweeps.read_sources(ERASED + 2 * HOUR)
    file = AnswerFile.objects.get(dsr=access)
    assert file.destroyed_at is None
    assert path_of(file.pk).exists()
