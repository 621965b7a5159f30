"""F20: fifty at once want the same thing. It happens once, and the others are told so."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connections

from requests_app.models import AnswerFile, DisclosurePackage, EvidenceEvent, IdentityCheck, Notice, Submission
from requests_app.operations import decision, evidence, identity, person
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from requests_app.rules.lifecycle import ActionNotAllowed
from tests.faults import figures, flows
from tests.people import NOON, published_policy, staff

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]
WAYS = 50
ROUNDS = figures.scaled(1, 200)


@pytest.fixture(autouse=True)
def _team(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    published_policy()
    staff("bruno", "handler")


def at_once(*acts: Callable[[], object]) -> Counter[str]:
    """Let all begin together; how many did it and how many were told that it was done already."""
    start, outcomes = threading.Barrier(len(acts)), Counter[str]()

    def run(act: Callable[[], object]) -> None:
        try:
            start.wait()
            act()
            outcomes["done"] += 1
        except (Refused, ActionNotAllowed):
            outcomes["told"] += 1
        except Exception as error:  # whatever else escapes is what the test is looking for
            outcomes[f"{type(error).__name__}: {error}"] += 1
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def rounds(what: str, before: Callable[[uuid.UUID], object], race: Callable[[uuid.UUID], bool]) -> None:
    """So many rounds, each of which has exactly one effect."""
    good = 0
    for _ in range(ROUNDS):
        form_key = uuid.uuid4()
        before(form_key)
        good += race(form_key)
    assert list(evidence.verify()) == []
    figures.exactly("F20", f"rounds of {WAYS} with exactly one effect: {what}", good, ROUNDS)


def events(form_key: uuid.UUID, kind: str) -> int:
    return EvidenceEvent.objects.filter(submission__form_key=form_key, kind=kind).count()


def notices(form_key: uuid.UUID, kind: str) -> int:
    return Notice.objects.filter(submission__form_key=form_key, kind=kind, recipient="person").count()


def test_f20_one_form_sent_fifty_times_is_one_filing():
    def race(form_key: uuid.UUID) -> bool:
        outcomes = at_once(*[lambda: flows.submit(form_key)] * WAYS)
        assert outcomes == {"done": WAYS}
        assert Submission.objects.filter(form_key=form_key).count() == 1
        return (events(form_key, "filed"), notices(form_key, "acknowledgement"), notices(form_key, "code")) == (1, 1, 1)

    rounds("submit", lambda form_key: None, race)


def test_f20_a_code_typed_fifty_times_moves_the_request_once():
    def race(form_key: uuid.UUID) -> bool:
        submission = flows.the_submission(form_key)
        code = identity.code_for(IdentityCheck.objects.get(submission=submission))

        def confirm() -> None:
            if not identity.confirm(submission, purpose="verify", code=code, actor=Actor.person(), at=NOON):
                raise Refused

        outcomes = at_once(*[confirm] * WAYS)
        return outcomes == {"done": 1, "told": WAYS - 1} and events(form_key, "identity_confirmed") == 1

    rounds("confirm", flows.submit, race)


def test_f20_fifty_approvals_answer_once():
    def race(form_key: uuid.UUID) -> bool:
        outcomes = at_once(*[lambda: flows.approve(form_key)] * WAYS)
        told = (events(form_key, "decision_approved"), notices(form_key, "decision_done"))
        packages = DisclosurePackage.objects.filter(dsr=flows.the_request(form_key)).count()
        return outcomes == {"done": 1, "told": WAYS - 1} and (*told, packages) == (1, 1, 1)

    rounds("approve", flows.decided, race)


def test_f20_fifty_downloads_are_counted_and_recorded_each():
    def race(form_key: uuid.UUID) -> bool:
        outcomes = at_once(*[lambda: flows.download(form_key)] * WAYS)
        assert outcomes == {"done": WAYS}
        package = DisclosurePackage.objects.get(dsr=flows.the_request(form_key))
        return package.downloads == events(form_key, "downloaded") == WAYS

    rounds("release (each download recorded once)", flows.approved, race)


def test_f20_fifty_reopenings_start_one_clock():
    def race(form_key: uuid.UUID) -> bool:
        outcomes = at_once(*[lambda: flows.reopen(form_key)] * WAYS)
        told = (events(form_key, "reopened"), notices(form_key, "reopened"), notices(form_key, "code"))
        return outcomes == {"done": 1, "told": WAYS - 1} and told == (1, 1, 2)

    rounds("reopen", flows.cancelled, race)


def test_f20_a_request_is_cancelled_or_approved_and_never_both():
    def race(form_key: uuid.UUID) -> bool:
        half = WAYS // 2
        outcomes = at_once(*([lambda: flows.cancel(form_key), lambda: flows.approve(form_key)] * half))
        ended = (events(form_key, "cancelled"), events(form_key, "decision_approved"))
        told = (notices(form_key, "cancelled"), notices(form_key, "decision_done"))
        released = DisclosurePackage.objects.filter(dsr=flows.the_request(form_key)).count()
        state = flows.the_request(form_key).state
        return outcomes == {"done": 1, "told": WAYS - 1} and (ended, told, released, state) in {
            ((1, 0), (1, 0), 0, "cancelled"),
            ((0, 1), (0, 1), 1, "fulfilled"),
        }

    rounds("cancel or approve", flows.decided, race)


def test_f20_fifty_ask_for_a_code_and_no_address_gets_more_than_five_an_hour():
    def race(form_key: uuid.UUID) -> bool:
        submission = flows.the_submission(form_key)
        issue = lambda: identity.issue_code(submission, purpose="verify", actor=Actor.person(), at=NOON)  # noqa: E731
        outcomes = at_once(*[issue] * WAYS)
        return outcomes == {"done": 4, "told": WAYS - 4} and notices(form_key, "code") == 5

    rounds("codes, one at filing and four more", flows.submit, race)


def test_f20_whoever_withdraws_the_approval_and_whoever_gives_it_do_not_both_win():
    def race(form_key: uuid.UUID) -> bool:
        ada = Actor.staff(staff("ada", "approver"))

        def give_back() -> None:
            decision.return_for_change(flows.the_request(form_key), reason="The file is old.", actor=ada, at=NOON)

        outcomes = at_once(*([give_back, lambda: flows.approve(form_key)] * (WAYS // 2)))
        ended = (events(form_key, "decision_returned"), events(form_key, "decision_approved"))
        return outcomes == {"done": 1, "told": WAYS - 1} and ended in {(1, 0), (0, 1)}

    rounds("return or approve", flows.decided, race)


def test_f20_an_effect_is_undone_once():
    def race(form_key: uuid.UUID) -> bool:
        def undo() -> None:
            person.undo(flows.the_request(form_key), actor=Actor.person(), at=NOON)

        outcomes = at_once(*[undo] * WAYS)
        told = (events(form_key, "effect_reversed"), notices(form_key, "effect_undone"))
        return outcomes == {"done": 1, "told": WAYS - 1} and told == (1, 1)

    rounds("undo", flows.opt_out, race)
    assert not AnswerFile.objects.exists()
