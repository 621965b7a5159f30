"""E2: whatever backup is restored, nobody of it is readable before the replay, and none is there after it."""

import copy
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from requests_app.connectors import NotOffered, Pending, RetryLater
from requests_app.connectors.in_memory import InMemory
from requests_app.models import (
    JournalIntent,
    Message,
    Notice,
    RegisterState,
    SourceRematch,
    Submission,
    SubmissionKey,
    SuppressionEntry,
)  # fmt: skip
from requests_app.models.keys import KeyDestroyed
from requests_app.operations import files, journal, person, register, restore_guard, suppression, sweeps
from requests_app.operations.actors import Actor
from requests_app.rules.identifiers import Identifier, Kind
from tests.people import NOON, ana_files, confirms, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
TABLES = {
    "customer": {"columns": {"name": "text"}},
    "orders": {"columns": {"number": "text"}, "at_erasure": "keep", "keep": {"reason": "Tax law"}},
    "letters": {"columns": {"text": "text"}},
}
DAY = timedelta(days=1)
ERASED_AT = NOON + 10 * DAY


class Changing(InMemory):
    """Behaves as it is told."""

    how: Any = None

    def plan_erasure(self, references, *, request_id):
        return (
            Changing.how("plan")
            if Changing.how and Changing.how("plan")
            else super().plan_erasure(references, request_id=request_id)
        )

    def erase(self, references, *, items, request_id):
        answer = Changing.how("erase") if Changing.how else None
        return answer or super().erase(references, items=items, request_id=request_id)

    def everybody(self):
        if Changing.how:
            Changing.how("everybody")
        return super().everybody()


def who(number: int, **changes: Any) -> dict[str, Any]:
    records = {"customer": [{"name": f"N{number}"}], "orders": [{"number": f"O{number}"}], "letters": [{"text": "x"}]}
    return {"reference": f"C-{number}", "emails": [f"p{number}@example.org"], "records": records, **changes}


def address(number: int) -> Identifier:
    return Identifier(Kind.EMAIL, f"p{number}@example.org")


@pytest.fixture(autouse=True)
def people(settings, tmp_path) -> list[dict[str, Any]]:
    """Four people of a shop; the first two are erased later."""
    settings.FILES_DIR = tmp_path
    Changing.how = None
    made = [who(number) for number in range(4)]
    options = {"people": made, "tables": TABLES}
    settings.DATA_SOURCES = {"shop": {"BACKEND": f"{__name__}.Changing", "OPTIONS": options}}
    published_policy()
    restore_guard.forget()
    return made


def erase(people: list[dict[str, Any]], *numbers: int, kept: tuple[str, ...] = ()) -> None:
    """What carrying out does: known first, then erased."""
    for number in numbers:
        register.suppress([address(number)], submission_id=None, actor=Actor.system(), at=ERASED_AT, kept=kept)
        for table in set(TABLES) - {"orders"} - {name.partition(".")[2] for name in kept}:
            people[number]["records"].pop(table)


def held(people: list[dict[str, Any]], number: int) -> set[str]:
    return set(people[number].get("records", {}))


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("replay_erasures", *arguments, stdout=out)
    restore_guard.forget()
    return out.getvalue()


def backup(people: list[dict[str, Any]]) -> Any:
    models = (SubmissionKey, SuppressionEntry, RegisterState, JournalIntent)
    return [(model, list(model.objects.all())) for model in models], copy.deepcopy(people)


def restore(people: list[dict[str, Any]], kept: Any) -> None:
    rows, before = kept
    for model, some in rows:
        model.objects.all().delete()
        model.objects.bulk_create(some)
    people[:] = before
    restore_guard.forget()


def with_a_file() -> Submission:
    submission = ana_files("complaint")
    confirms(submission)
    person.reply(submission.requests.get(), text="Hello", file=("a.txt", b"plain"), actor=Actor.person(), at=NOON)
    return submission


@pytest.mark.parametrize("days", [1, 7, 30])
def test_of_a_restored_backup_nothing_is_readable_before_the_replay_and_nothing_after_it(people, days, client):
    """The backups of T-1, T-7 and T-30, with some whose erasure the older ones lack."""
    cases = [with_a_file() for _ in range(3)]
    at = {1: 2, 7: 1, 30: 0}[days]  # so many were erased when the backup was made
    register.destroy_keys([case.pk for case in cases[:at]], at=NOON)
    erase(people, *range(at))
    before = backup(people)
    register.destroy_keys([case.pk for case in cases[at:]], at=ERASED_AT)
    erase(people, *range(at, 3))
    restore(people, before)
    for page in ("/", "/find/", "/admin/", "/status/"):
        assert client.get(page).status_code == 503
    assert "replay_erasures" in client.get("/healthz").json()["register"]
    assert [sweep(NOON) for sweep in sweeps.SWEEPS.values()] == [0] * len(sweeps.SWEEPS)
    said = run()
    assert f"{3 - at} keys" in said
    assert client.get("/").status_code == 200
    for case in cases:
        with pytest.raises(KeyDestroyed):
            Submission.objects.get(pk=case.pk).opened("name")
        message = Message.objects.get(dsr__submission=case, author="person")
        assert not files.path_of(message.pk).exists()
    assert all(suppression.suppressed([address(0), address(1), address(2)]))
    assert [held(people, number) for number in range(3)] == [{"orders"}] * 3  # kept by law, and kept again
    assert held(people, 3) == set(TABLES)


def test_a_replay_counts_and_names_nobody(people):
    before = backup(people)
    erase(people, 0, 1)
    restore(people, before)
    staff("petra", "privacy officer")
    said = run()
    assert "2 records" in said
    assert "shop: 2 erased again, 0 of whom the rest is kept" in said
    assert "everybody is served again" in said
    letter = Notice.objects.get(kind="staff_alarm").opened("text")
    assert "2 people erased again" in letter
    written = said + letter + journal.path().read_text()
    for told in ("p0@", "example.org", "C-0", "N0"):
        assert told not in written
    assert list(journal.records())[-1].kind == "replayed"


def test_a_dry_run_changes_nothing(people):
    case = with_a_file()
    before = backup(people)
    erase(people, 0)
    register.destroy_keys([case.pk], at=ERASED_AT)
    restore(people, before)
    lines = journal.path().read_bytes()
    said = run("--dry-run")
    assert "1 entries of the register, 1 keys, 1 files" in said
    assert "shop: 1 erased again" in said
    assert "Nothing was changed" in said
    assert held(people, 0) == set(TABLES)
    assert SubmissionKey.objects.filter(pk=case.pk).exists()
    assert not SuppressionEntry.objects.exists()
    assert journal.path().read_bytes() == lines
    assert restore_guard.standing() == restore_guard.AHEAD


def test_a_second_replay_finds_nothing_to_do(people):
    before = backup(people)
    erase(people, 0)
    restore(people, before)
    run()
    said = run()
    assert "0 records of the journal were not known to the database: 0 entries of the register, 0 keys, 0 files" in said
    assert "shop: 0 erased again, 1 of whom the rest is kept" in said


def test_a_source_restored_alone_is_replayed_too(people):
    before = copy.deepcopy(people)
    erase(people, 0)
    people[:] = before
    assert restore_guard.standing() == ""  # the portal knows; only the shop forgot
    assert "shop: 1 erased again" in run()
    assert held(people, 0) == {"orders"}


def test_what_was_kept_by_decision_is_kept_again(people):
    before = copy.deepcopy(people)
    erase(people, 0, kept=("shop.letters",))
    people[:] = before
    run()
    assert held(people, 0) == {"orders", "letters"}


def test_who_came_back_by_themselves_is_left_for_people_to_judge(people):
    erase(people, 0, 1)
    later = datetime.combine(ERASED_AT.date() + DAY, datetime.min.time(), UTC)
    people[0] = who(0, since=later)
    people[1] = who(1, since=ERASED_AT - DAY)
    said = run()
    assert "shop: 1 erased again, 0 of whom the rest is kept, 1 stored anew" in said
    assert held(people, 0) == set(TABLES)
    assert held(people, 1) == {"orders"}


def test_a_number_given_to_the_next_person_erases_nobody(people):
    register.suppress(
        [address(0), Identifier(Kind.NUMBER, "C-0", "shop")], submission_id=None, actor=Actor.system(), at=ERASED_AT
    )
    people[0] = who(0, emails=["otto@example.net"])
    assert "shop: 0 erased again" in run()
    assert held(people, 0) == set(TABLES)


class PowerCut(BaseException):
    """Nobody catches it."""


@pytest.mark.parametrize("place", ["everybody", "plan", "erase"])
def test_a_replay_that_was_killed_goes_on_under_its_name(people, place):
    before = backup(people)
    erase(people, 0, 1)
    restore(people, before)

    def dies(step):
        if step == place:
            raise PowerCut

    Changing.how = dies
    with pytest.raises(PowerCut):
        run()
    name = RegisterState.objects.get().replay
    assert name is not None
    restore_guard.forget()
    assert restore_guard.standing() == restore_guard.AHEAD
    Changing.how = None
    run()
    assert [record.id for record in journal.records() if record.kind == "replayed"] == [name]
    assert RegisterState.objects.get().replay is None
    assert [held(people, 0), held(people, 1)] == [{"orders"}] * 2
    assert restore_guard.standing() == ""


def test_a_source_that_is_away_holds_the_door_shut_until_it_is_left_out(people, settings):
    before = backup(people)
    erase(people, 0)
    restore(people, before)
    staff("petra", "privacy officer")

    def away(step):
        raise RetryLater("busy")

    Changing.how = away
    with pytest.raises(CommandError, match="nobody is served yet"):
        run()
    restore_guard.forget()
    assert Client().get("/").status_code == 503
    assert SuppressionEntry.objects.count() == 1  # what could be done was
    assert "shop: left out" in run("--without", "shop")
    assert Client().get("/").status_code == 200
    assert "left out, and have to be looked through: shop" in Notice.objects.get(kind="staff_alarm").opened("text")


@pytest.mark.parametrize(("step", "answer", "said"), [
    ("everybody", NotOffered("no"), "does not tell whom it knows; look there by hand"),
    ("plan", NotOffered("no"), "1 to be erased by hand"),
    ("plan", Pending(), "1 to be erased by hand"),
    ("erase", NotOffered("no"), "1 to be erased by hand"),
    ("erase", Pending(), "1 being erased by others"),
])  # fmt: skip
def test_what_a_source_leaves_to_others_is_said(people, step, answer, said):
    erase(people, 0)
    people[0] = who(0)
    staff("petra", "privacy officer")

    def answers(asked):
        if asked == step and isinstance(answer, Exception):
            raise answer
        return answer if asked == step else None

    Changing.how = answers
    assert said in run()
    assert "by hand" in (told := Notice.objects.get(kind="staff_alarm").opened("text")) or "by others" in told


def test_without_its_journal_nothing_goes_on_until_somebody_accepts_that_it_is_lost(people):
    erase(people, 0, 1)
    register.destroy_keys([with_a_file().pk], at=ERASED_AT)
    staff("petra", "privacy officer")
    journal.path().unlink()
    restore_guard.forget()
    assert Client().get("/").status_code == 503
    with pytest.raises(CommandError, match="--accept-lost-journal"):
        run()
    assert "everybody is served again" in run("--accept-lost-journal")
    assert Client().get("/").status_code == 200
    told = [notice.opened("text") for notice in Notice.objects.filter(kind="staff_alarm")]
    assert any("journal of erasures was lost" in text for text in told)
    entries = backup(people)
    for model in (SuppressionEntry, RegisterState):
        model.objects.all().delete()
    restore_guard.forget()
    assert restore_guard.standing() == restore_guard.AHEAD
    run()
    assert all(suppression.suppressed([address(0), address(1)]))
    assert len(entries[0][1][1]) == SuppressionEntry.objects.count() == 2


def test_a_broken_journal_goes_on_with_what_of_it_is_whole(people):
    case = with_a_file()
    register.destroy_keys([case.pk], at=ERASED_AT)
    erase(people, 0)
    file = journal.path()
    first, second = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(first + second.replace(b"email", b"phone"))
    restore_guard.forget()
    with pytest.raises(CommandError):
        run()
    assert "put aside" in run("--accept-lost-journal")
    assert [record.kind for record in journal.records()][:3] == ["key", "lost", "suppress"]
    assert restore_guard.standing() == ""


class TestComingBack:
    """Every thirty days the sources are looked through, and officers hear of whoever is there again."""

    @pytest.fixture(autouse=True)
    def _petra(self):
        staff("petra", "privacy officer")

    def look(self, at):
        sweeps.SWEEPS["rematch_sources"](at)
        return [notice.opened("text") for notice in Notice.objects.filter(kind="staff_alarm").order_by("created_at")]

    def test_nobody_is_asked_while_nobody_was_erased(self, people):
        Changing.how = lambda step: pytest.fail("asked")
        assert self.look(NOON) == []

    def test_who_is_back_is_told_of_and_not_erased(self, people):
        erase(people, 0, 1)
        assert self.look(ERASED_AT) == []
        people[0] = who(0)
        assert self.look(ERASED_AT + 29 * DAY) == []
        (told,) = self.look(ERASED_AT + 31 * DAY)
        assert "in the data source shop again: 1 as they were, 0 stored anew" in told
        assert held(people, 0) == set(TABLES)
        assert "p0@" not in told

    def test_it_is_looked_at_least_as_often_as_the_law_of_california_asks(self, people):
        erase(people, 0)
        self.look(ERASED_AT)
        row = SourceRematch.objects.get()
        assert row.next_try_at - row.looked_at <= timedelta(days=45)

    def test_of_whom_the_rest_is_kept_nobody_hears(self, people):
        erase(people, 0)
        assert held(people, 0) == {"orders"}
        assert self.look(ERASED_AT) == []

    def test_who_came_back_by_themselves_is_told_of_once(self, people):
        erase(people, 0)
        people[0] = who(0, since=ERASED_AT + DAY)
        assert "0 as they were, 1 stored anew" in self.look(ERASED_AT + 2 * DAY)[0]
        assert len(self.look(ERASED_AT + 32 * DAY)) == 1

    def test_a_source_that_is_away_is_asked_again_soon(self, people):
        erase(people, 0)

        def away(step):
            raise RetryLater("busy")

        Changing.how = away
        self.look(ERASED_AT)
        assert SourceRematch.objects.get().looked_at is None
        Changing.how = None
        self.look(ERASED_AT + timedelta(minutes=2))
        assert SourceRematch.objects.get().looked_at > ERASED_AT + timedelta(minutes=1)
