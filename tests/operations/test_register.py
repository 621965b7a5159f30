"""What was erased stays known: journal first, then the database, and a database that forgot serves nobody (A58)."""

import os
import uuid
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.utils import timezone

from requests_app.models import EvidenceEvent, JournalIntent, RegisterState, SubmissionKey, SuppressionEntry
from requests_app.models.keys import create_key
from requests_app.operations import journal, register, restore_guard, suppression, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.restore_guard import AHEAD, KEYS, Stopped
from requests_app.rules.identifiers import Identifier, Kind
from tests.identifiers import people, strangers
from tests.people import NOON, ana_files, published_policy

pytestmark = [pytest.mark.django_db, pytest.mark.both]
ANA = Identifier(Kind.EMAIL, "ana@example.org")
PHONE = Identifier(Kind.PHONE, "+39 333 1234567")
OTTO = Identifier(Kind.EMAIL, "otto@example.net")


@pytest.fixture(autouse=True)
def _looks():
    restore_guard.forget()


def suppress(*identifiers, at=NOON, submission_id=None, kept=()):
    return register.suppress(identifiers, submission_id=submission_id, actor=Actor.system(), at=at, kept=kept)


def known(*identifiers):
    restore_guard.forget()
    return suppression.suppressed(identifiers)


def standing():
    restore_guard.forget()
    return restore_guard.standing()


def backup():
    """What a backup of the database holds of the register."""
    return [list(model.objects.all()) for model in (SuppressionEntry, RegisterState, JournalIntent)]


def restore(kept):
    for model, rows in zip((SuppressionEntry, RegisterState, JournalIntent), kept, strict=True):
        model.objects.all().delete()
        model.objects.bulk_create(rows)


def test_a_first_start_with_nothing_in_either_is_well():
    assert standing() == ""
    assert known(ANA) == [False]


def test_who_was_erased_is_known_in_another_spelling_and_nobody_else_is():
    assert suppress(ANA, PHONE) == 2
    assert known(Identifier(Kind.EMAIL, "Ana <ANA@Example.org>"), OTTO, Identifier(Kind.PHONE, "0039 333/1234567")) == [
        True, False, True,
    ]  # fmt: skip
    assert standing() == ""


def test_neither_table_nor_journal_says_who_it_was():
    published_policy()
    submission = ana_files("deletion")
    suppress(ANA, PHONE, submission_id=submission.pk)
    written = journal.path().read_text() + repr(list(SuppressionEntry.objects.values()))
    for told in ("ana", "example", "1234567", submission.pk.hex, str(submission.pk), submission.case_number):
        assert told not in written.lower()
    event = EvidenceEvent.objects.filter(submission=submission).latest("seq")
    assert event.kind == "suppressed"
    assert '"identifiers":2' in event.body
    assert "digest" not in event.body


def test_the_digest_needs_a_key_that_no_database_has(settings):
    suppress(ANA)
    assert known(ANA) == [True]
    settings.SUPPRESSION_KEYS = {1: "cd" * 32}
    assert list(suppression.entries_of([ANA])) == [None]


def test_an_old_key_still_compares_after_a_new_one_came(settings):
    suppress(ANA)
    settings.SUPPRESSION_KEYS = {**settings.SUPPRESSION_KEYS, 2: "cd" * 32}
    suppress(OTTO)
    assert known(ANA, OTTO, PHONE) == [True, True, False]
    assert {entry.digest.partition(":")[0] for entry in SuppressionEntry.objects.all()} == {"1", "2"}


def test_what_identifies_nobody_is_not_written_down():
    assert suppress(Identifier(Kind.EMAIL, "nobody")) == 0
    assert not journal.path().exists()
    assert known(Identifier(Kind.EMAIL, "nobody"), Identifier(Kind.PHONE, "")) == [False, False]


def test_erased_twice_is_known_since_the_later_one():
    suppress(ANA, at=NOON, kept=["shop.orders"])
    suppress(ANA, at=NOON + timedelta(days=400))
    suppress(ANA, at=NOON + timedelta(days=3))
    entry = SuppressionEntry.objects.get()
    assert (entry.added_at, entry.kept) == (NOON + timedelta(days=400), [])


def test_an_entry_goes_when_it_has_served_its_time(settings):
    settings.SUPPRESSION_DAYS = 30
    suppress(ANA)
    register.tidy(NOON + timedelta(days=30))
    assert known(ANA) == [True]
    assert register.tidy(NOON + timedelta(days=30, seconds=1)) == 1
    assert known(ANA) == [False]


def test_the_journal_is_on_the_disk_before_a_key_is_destroyed(monkeypatch):
    create_key(pk := uuid.uuid4())
    synced, real = [], os.fsync

    def fsync(file):
        synced.append(SubmissionKey.objects.filter(pk=pk).exists())
        real(file)

    monkeypatch.setattr(os, "fsync", fsync)
    assert register.destroy_keys([pk], at=NOON) == 1
    assert synced == [True, True]  # the file, then its folder; the key was still there
    assert not SubmissionKey.objects.filter(pk=pk).exists()
    assert standing() == ""


def test_nothing_is_destroyed_where_the_journal_cannot_be_written(monkeypatch):
    create_key(pk := uuid.uuid4())

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        register.destroy_keys([pk], at=NOON)
    assert SubmissionKey.objects.filter(pk=pk).exists()


class PowerCut(BaseException):
    """Nobody catches it."""


def test_a_crash_after_the_record_is_made_good_without_anybody(monkeypatch):
    create_key(pk := uuid.uuid4())

    def die(record):
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(register, "carry_out", die)
        for act in (lambda: suppress(ANA), lambda: register.destroy_keys([pk], at=NOON)):
            with pytest.raises(PowerCut):
                act()
    assert standing() == ""  # the database knows that it had begun
    assert not SuppressionEntry.objects.exists()
    sweeps.apply_retention(timezone.now())
    assert known(ANA) == [True]
    assert not SubmissionKey.objects.filter(pk=pk).exists()
    assert not JournalIntent.objects.exists()


def test_a_crash_before_the_record_is_made_good_too(monkeypatch):
    def die(*args, **kwargs):
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(journal, "append", die)
        with pytest.raises(PowerCut):
            suppress(ANA)
    assert standing() == ""
    assert not journal.path().exists()
    register.tidy(NOON)
    assert known(ANA) == [True]
    assert [record.at for record in journal.records()] == [NOON]
    assert not JournalIntent.objects.exists()


def test_keys_that_are_owed_go_with_whoever_settles_next():
    create_key(pk := uuid.uuid4())
    register.owe_keys([pk], at=NOON)
    assert SubmissionKey.objects.filter(pk=pk).exists()
    suppress(ANA)
    assert not SubmissionKey.objects.filter(pk=pk).exists()
    assert sorted(record.kind for record in journal.records()) == ["key", "suppress"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", [lambda: suppress(ANA), lambda: register.destroy_keys([], at=NOON), register.settle])
def test_nothing_is_settled_inside_a_transaction_that_could_be_undone(act):
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        act()


def test_a_restored_database_that_lacks_an_erasure_is_stopped():
    suppress(OTTO)
    before = backup()
    suppress(ANA)
    restore(before)
    assert standing() == AHEAD
    with pytest.raises(Stopped):
        suppression.suppressed([ANA])
    with pytest.raises(Stopped):
        suppress(PHONE)
    with pytest.raises(Stopped):
        register.settle()
    assert sum(1 for _ in journal.records()) == 2


def test_a_restored_database_that_is_empty_is_stopped():
    empty = backup()
    suppress(ANA)
    restore(empty)
    assert standing() == AHEAD


def test_a_restore_that_lacks_no_erasure_is_served():
    suppress(ANA)
    restore(backup())
    assert standing() == ""


def test_restored_keys_that_were_destroyed_stop_it():
    create_key(pk := uuid.uuid4())
    row = SubmissionKey.objects.get(pk=pk)
    register.destroy_keys([pk], at=NOON)
    assert standing() == ""
    SubmissionKey.objects.bulk_create([row])
    assert standing() == KEYS


def test_a_key_that_is_just_being_destroyed_stops_nothing(monkeypatch):
    create_key(pk := uuid.uuid4())
    seen = []

    def look(record):
        assert SubmissionKey.objects.filter(pk=pk).exists()
        seen.append(standing())
        return real(record)

    real = register.carry_out
    monkeypatch.setattr(register, "carry_out", look)
    register.destroy_keys([pk], at=NOON)
    assert seen == [""]
    assert not SubmissionKey.objects.filter(pk=pk).exists()


@pytest.mark.parametrize("harm", ["missing", "cut", "changed", "another"])
def test_a_journal_that_is_not_the_one_that_the_database_knows_stops_it(harm):
    suppress(OTTO)
    suppress(ANA)
    file = journal.path()
    lines = file.read_bytes().splitlines(keepends=True)
    if harm == "missing":
        file.unlink()
    elif harm == "another":
        file.unlink()
        journal.append("suppress", {"entries": []}, pk=uuid.uuid4(), at=NOON)
    else:
        file.write_bytes(lines[0] if harm == "cut" else lines[0].replace(b"email", b"phone") + lines[1])
    said = standing()
    assert "REGISTER_DIR" in said
    assert "--accept-lost-journal" in said


def test_its_newest_copy_mends_it_without_a_restart():
    suppress(OTTO)
    suppress(ANA)
    assert restore_guard.look() == ""
    file = journal.path()
    whole = file.read_bytes()
    file.write_bytes(whole[:-80])
    assert restore_guard.look() != ""
    file.write_bytes(whole)
    assert restore_guard.look() == ""


def test_a_look_asks_next_to_nothing(django_assert_num_queries):
    with django_assert_num_queries(1):
        restore_guard.look()
    create_key(pk := uuid.uuid4())
    register.destroy_keys([pk], at=NOON)
    restore_guard.look()
    with django_assert_num_queries(1), django_assert_num_queries(1, connection=connections["keys"]):
        restore_guard.look()
    restore_guard.standing()
    with django_assert_num_queries(0):
        restore_guard.standing()


def test_no_sweep_does_anything_after_a_restore(monkeypatch):
    published_policy()
    done = []
    monkeypatch.setattr(sweeps.delivery, "deliver_due", done.append)
    empty = backup()
    suppress(ANA)
    restore(empty)
    restore_guard.forget()
    for sweep in sweeps.SWEEPS.values():
        assert sweep(timezone.now()) == 0
    assert done == []
    journal.path().unlink()
    restore_guard.forget()
    sweeps.SWEEPS["deliver_notices"](timezone.now())
    assert len(done) == 1


def import_again(count: int, others: int) -> None:
    """Erase so many people, import each again in twelve spellings, and strangers besides."""
    suppression.put(suppression.body_of(identifier for identifier, _ in people(count, seed=3)), added_at=NOON)
    again = [spelling for _, spellings in people(count, seed=3) for spelling in spellings]
    assert len(again) == 12 * count
    assert all(suppression.suppressed(again))
    assert not any(suppression.suppressed(list(strangers(others, seed=3, known=count))))


def test_nobody_who_was_erased_comes_back_by_an_import_and_no_stranger_is_kept_out():
    import_again(40, 400)


@pytest.mark.long
def test_of_ten_thousand_in_twelve_spellings_none_comes_back_and_of_a_hundred_thousand_strangers_none_is_hit():
    import_again(10_000, 100_000)
