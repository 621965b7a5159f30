"""The journal of erasures: what is cut or changed is noticed, and any number of writers make one chain."""

import json
import multiprocessing
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from requests_app.operations import journal
from requests_app.operations.journal import Broken

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture
def file(settings, tmp_path) -> Path:
    """Three records."""
    settings.REGISTER_DIR = tmp_path / "register"
    for number in range(3):
        journal.append("key", {"ids": [uuid.UUID(int=number).hex]}, pk=uuid.uuid4(), at=AT)
    return journal.path()


def lines(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines(keepends=True)


def numbers() -> list[int]:
    return [record.mark.seq for record in journal.records()]


def test_what_is_written_is_read_again_in_its_order(file):
    read = list(journal.records())
    assert [record.mark.seq for record in read] == [1, 2, 3]
    assert [record.body["ids"] for record in read] == [[uuid.UUID(int=n).hex] for n in range(3)]
    assert {record.at for record in read} == {AT}
    assert read[-1].mark.end == file.stat().st_size
    assert [record.mark.seq for record in journal.records(read[0].mark)] == [2, 3]


def test_nobody_but_its_owner_reads_it(file):
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_line_that_was_taken_out_is_noticed(file, place):
    end = list(journal.records())[-1].mark
    kept = lines(file)
    del kept[place]
    file.write_bytes(b"".join(kept))
    with pytest.raises(Broken):
        list(journal.records(end if place == 2 else journal.START))  # the last one is missed by whoever knew it


@pytest.mark.parametrize(("name", "value"), [
    ("at", "2026-11-23T12:00:00+00:00"), ("seq", 7), ("kind", "suppress"), ("ids", []), ("id", uuid.UUID(int=9).hex),
    ("link", f"1:{'0' * 64}"), ("link", f"9:{'0' * 64}"), ("link", "nonsense"), ("more", 1),
])  # fmt: skip
def test_a_line_that_was_changed_is_noticed(file, name, value):
    first, second, third = lines(file)
    changed = json.dumps({**json.loads(second), name: value}).encode() + b"\n"
    file.write_bytes(first + changed + third)
    with pytest.raises(Broken) as broken:
        list(journal.records())
    assert broken.value.place == 2


def test_lines_that_changed_their_places_are_noticed(file):
    first, second, third = lines(file)
    file.write_bytes(second + first + third)
    with pytest.raises(Broken):
        list(journal.records())


def test_one_made_with_another_key_is_noticed(file, settings):
    settings.SUPPRESSION_KEYS = {1: "ab" * 32}
    with pytest.raises(Broken):
        list(journal.records())


def test_a_later_key_goes_on_with_the_chain(file, settings):
    settings.SUPPRESSION_KEYS = {**settings.SUPPRESSION_KEYS, 2: "ab" * 32}
    assert journal.append("key", {"ids": []}, pk=uuid.uuid4(), at=AT).mark.link.startswith("2:")
    assert numbers() == [1, 2, 3, 4]


def test_half_a_line_was_never_a_record(file):
    """A power cut: nobody relied on it, since nothing is destroyed before the whole line is on the disk."""
    with file.open("ab") as out:
        out.write(b'{"at":"2026-')
    assert numbers() == [1, 2, 3]
    journal.append("key", {"ids": []}, pk=uuid.uuid4(), at=AT)
    assert numbers() == [1, 2, 3, 4]


def test_nothing_is_written_behind_what_is_not_whole(file):
    end = list(journal.records())[-1].mark
    file.write_bytes(b"".join(lines(file)[:2]))
    with pytest.raises(Broken):
        journal.append("key", {"ids": []}, pk=uuid.uuid4(), at=AT, after=end)
    assert numbers() == [1, 2]


def test_a_journal_that_is_gone_is_noticed_by_whoever_knew_it(file):
    end = list(journal.records())[-1].mark
    file.unlink()
    assert numbers() == []
    with pytest.raises(Broken, match="missing"):
        list(journal.records(end))


def test_what_of_a_broken_one_is_whole_goes_on_and_the_rest_is_put_aside(file):
    first, _, third = lines(file)
    file.write_bytes(first + third)
    aside = journal.keep_whole_part()
    assert aside is not None
    assert aside.read_bytes() == first + third
    assert numbers() == [1]
    assert journal.keep_whole_part() is None


def write_many(count: int) -> None:
    for _ in range(count):
        journal.append("key", {"ids": [uuid.uuid4().hex]}, pk=uuid.uuid4(), at=AT)


def test_writers_of_several_processes_make_one_chain(settings, tmp_path):
    settings.REGISTER_DIR = tmp_path / "register"
    forked = multiprocessing.get_context("fork")
    writers = [forked.Process(target=write_many, args=(25,)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    assert numbers() == list(range(1, 76))
    assert len({record.id for record in journal.records()}) == 75
