"""A no that is being said while the answer is released: the release waits for it, and is refused (A34, A39, A40)."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import close_old_connections, connections, transaction

from requests_app.models import Contact, IdentityCheck
from requests_app.operations import (
    assurance,
    authority,
    contact_change,
    decision,
    erasure,
    evidence,
    identity,
    on_file,
    sweeps,
)
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from requests_app.rules.lifecycle import ActionNotAllowed
from tests.operations.behalf import ana_says_yes, bruno_files, two_accept, types_code
from tests.operations.test_road import decided
from tests.operations.test_seams import by_hand
from tests.people import NOON, ana_files, confirms, confirms_erasure, published_policy, staff

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]
ANA = Actor.person()
LATER, DAY = NOON + timedelta(minutes=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def _ready(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    published_policy()


def right(submission):
    return submission.requests.select_related("submission", "policy").get()


def code_of(check):
    return identity.code_for(check)


def contact_on_file_says_no(settings):
    people = [{"emails": ["ana@on-file.example"], "reference": "C-1001", "since": datetime(2024, 2, 12, tzinfo=UTC)}]
    backend = "requests_app.connectors.in_memory.InMemory"
    settings.DATA_SOURCES = {"customers": {"BACKEND": backend, "OPTIONS": {"people": people}}}
    submission = ana_files("access", details="C-1001")
    confirms(submission)
    sweeps.run_steps(NOON)
    check = Contact.objects.get().checks.select_related("submission", "contact").get()
    by_hand(submission, LATER)  # two people overruled its silence: nothing but the no holds the release
    return submission, lambda: on_file.answer_by_link(
        check, code=code_of(check), mine=False, actor=ANA, at=LATER + DAY / 2
    )


def ana_takes_her_word_back(settings):
    filed = bruno_files("access")
    ana_says_yes(filed)
    two_accept(filed)
    types_code(at=LATER)
    return filed, lambda: authority.stop(filed.authority, actor=ANA, at=LATER)


def the_address_is_changed(settings):
    submission = ana_files("access")
    confirms(submission)
    submission.refresh_from_db()
    contact_change.ask(
        submission, email="otto@elsewhere.example", proved=True, old_mailbox_lost=False, actor=ANA, at=NOON
    )
    check = IdentityCheck.objects.get(purpose="change")
    return submission, lambda: contact_change.confirm(submission, code=code_of(check), actor=ANA, at=LATER)


def a_known_address_stops_the_deletion(settings):
    submission = ana_files("deletion")
    confirms(submission)
    confirms_erasure(right(submission))
    check = IdentityCheck.objects.select_related("submission", "contact").get(purpose="stop")
    return submission, lambda: erasure.stop(check, code=code_of(check), at=LATER)


NOES = (
    contact_on_file_says_no,
    ana_takes_her_word_back,
    the_address_is_changed,
    a_known_address_stops_the_deletion,
)


@pytest.mark.parametrize("no", NOES, ids=lambda no: no.__name__)
def test_the_release_waits_for_a_no_that_is_being_said_and_is_refused(no, settings):
    submission, says = no(settings)
    waiting = decided(right(submission), staff("hans", "handler"))
    ada, at = Actor.staff(staff("ada", "approver")), NOON + 5 * DAY
    assert assurance.obstacles(right(submission), at=at) == (), "nothing else would hold it"
    outcomes, said, free = [], threading.Event(), threading.Event()

    def objects():
        with transaction.atomic():
            outcomes.append(bool(says()))
            said.set()
            free.wait(1)
        connections.close_all()

    def releases():
        said.wait(10)
        try:
            decision.approve(right(submission), digest=waiting.content_digest, actor=ada, at=at)
            outcomes.append("released")
        except (Refused, ActionNotAllowed):
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for run in (objects, releases)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    close_old_connections()
    assert outcomes == [True, "refused"]
    assert right(submission).state in {"awaiting_approval", "cancelled"}
    assert list(evidence.verify()) == []
