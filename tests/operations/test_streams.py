"""Sealed streams: any size, read from any place, and nothing changed, cut or added goes unnoticed."""

import hashlib
import io
import os
import time
import uuid

import pytest
from cryptography.exceptions import InvalidTag

from requests_app.models import SubmissionKey
from requests_app.models.keys import KeyDestroyed, create_key
from requests_app.operations import files, streams
from requests_app.operations.streams import BLOCK, CHUNK, Reader, Writer

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture
def case(settings, tmp_path):
    settings.FILES_DIR = str(tmp_path)
    case = uuid.uuid4()
    create_key(case)
    return case


def written(case, content: bytes, step: int = 50_000) -> uuid.UUID:
    pk = uuid.uuid4()
    with Writer(case, pk) as out:
        for start in range(0, len(content), step):
            out.write(content[start : start + step])
    assert out.size == len(content)
    return pk


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 17])
def test_what_was_written_is_read_again(case, size):
    content = os.urandom(size)
    reader = Reader(case, written(case, content))
    assert (reader.size, reader.read()) == (size, content)


def test_it_is_read_from_any_place(case):
    content = os.urandom(5 * CHUNK + 99)
    reader = Reader(case, written(case, content))
    for start, end in ((0, 10), (CHUNK - 3, CHUNK + 3), (2 * CHUNK, 4 * CHUNK + 1), (len(content) - 5, len(content))):
        assert b"".join(streams.pieces(reader, start=start, end=end)) == content[start:end]
    assert (reader.seek(-7, io.SEEK_END), reader.read()) == (len(content) - 7, content[-7:])


def test_lines_come_whole_with_their_places(case):
    rows = [b"a" * n + b"\n" for n in (1, 0, 3, CHUNK, 2 * CHUNK + 5, 7)]
    reader = Reader(case, written(case, b"".join(rows)))
    found = list(streams.lines(reader, start=0, end=reader.size))
    assert [line for _, line in found] == rows
    for at, line in found:
        assert b"".join(streams.pieces(reader, start=at, end=at + len(line))) == line


def test_a_record_as_long_as_a_file_is_read_in_one_go(case):
    """Joining piece after piece took time that grew with its square: minutes for one line of some hundred megabytes."""
    reader = Reader(case, written(case, b"a" * 48 * 1024 * 1024 + b"\n" + b"b\n", step=1024 * 1024))
    began = time.process_time()
    assert [len(line) for _, line in streams.lines(reader, start=0, end=reader.size)] == [48 * 1024 * 1024 + 1, 2]
    assert time.process_time() - began < 1.5


@pytest.mark.parametrize("first_ends", ["before", "after"])
@pytest.mark.parametrize("well", [True, False])
def test_of_two_who_write_at_once_the_later_one_counts_and_stays_whole(case, first_ends, well):
    """A source that is slow is asked again by hand: its late answer must not lie over what was reviewed since."""
    pk = uuid.uuid4()
    late, second = Writer(case, pk), Writer(case, pk)
    late.write(b"late")
    second.write(b"second")

    def late_ends() -> None:
        if well:
            with pytest.raises(streams.Overtaken):
                late.close()
        else:
            late.discard()

    if first_ends == "before":
        late_ends()
    second.close()
    if first_ends == "after":
        late_ends()
    assert Reader(case, pk).read() == b"second"


def test_what_the_disk_refuses_while_more_is_written_is_told_in_the_end(case, monkeypatch):
    """The system tells such an error once: had it been asked beside and not listened to, nobody would know."""

    def refuses(_number: int) -> None:
        raise OSError("input/output error")

    monkeypatch.setattr(streams, "BEHIND", CHUNK)
    monkeypatch.setattr(os, "fdatasync", refuses)
    pk = uuid.uuid4()
    out = Writer(case, pk)
    out.write(b"x" * (CHUNK + 1))
    with pytest.raises(OSError, match="input/output"):
        out.close()
    assert not files.path_of(pk).exists()


def test_what_was_sealed_beside_is_whole_and_digested_in_its_order(case):
    content = os.urandom(5 * BLOCK + 99)
    pk = uuid.uuid4()
    with Writer(case, pk) as out:
        for start in range(0, len(content), 70_000):
            out.write(memoryview(content)[start : start + 70_000])
    assert out.sha256 == hashlib.sha256(content).hexdigest()
    assert Reader(case, pk).read() == content


def test_what_is_taken_may_be_written_over_at_once(case):
    """Whoever reads a file into one buffer again and again must not change what waits to be sealed."""
    pk = uuid.uuid4()
    buffer = bytearray(b"a" * CHUNK)
    with Writer(case, pk) as out:
        out.write(buffer)
        buffer[:] = b"b" * CHUNK
        out.write(buffer)
    assert Reader(case, pk).read() == b"a" * CHUNK + b"b" * CHUNK


def test_a_full_disk_is_told_though_another_thread_met_it_and_nothing_remains(case, tmp_path, monkeypatch):
    def is_full(_writer: Writer, _block: memoryview, *, last: bool = False) -> None:
        raise OSError(f"no space left on device, {last=}")

    monkeypatch.setattr(Writer, "_seal", is_full)
    with pytest.raises(OSError, match="last=False"), Writer(case, uuid.uuid4()) as out:
        out.write(bytes(BLOCK + 1))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_was_given_up_in_the_end_may_be_given_up_once_more(case, tmp_path, monkeypatch):
    """A form with several files destroys all of them where one could not be written, that one too."""

    def refuses(_number: int) -> None:
        raise OSError("input/output error")

    monkeypatch.setattr(os, "fsync", refuses)
    out = Writer(case, uuid.uuid4())
    with pytest.raises(OSError, match="input/output"):
        out.close()
    out.discard()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_is_put_to_disk_beside_is_whole(case, monkeypatch):
    monkeypatch.setattr(streams, "BEHIND", CHUNK)
    content = os.urandom(9 * CHUNK + 3)
    assert Reader(case, written(case, content)).read() == content


def test_nothing_stands_in_the_clear(case):
    pk = written(case, b"ana@example.org" * 20_000)
    assert b"ana@example" not in files.path_of(pk).read_bytes()


@pytest.mark.parametrize(
    "harm",
    [
        lambda raw: raw[: -CHUNK // 2],
        lambda raw: raw[: len(raw) - (CHUNK + 16) - (len(raw) - 100) % (CHUNK + 16)],
        lambda raw: raw[:-40] + bytes([raw[-40] ^ 1]) + raw[-39:],
        lambda raw: raw + raw[-200:],
    ],
    ids=["cut", "cut between chunks", "one bit", "longer"],
)
def test_a_changed_stream_is_not_read_to_its_end(case, harm):
    pk = written(case, os.urandom(3 * CHUNK + 50))
    path = files.path_of(pk)
    path.write_bytes(harm(path.read_bytes()))
    reader = Reader(case, pk)
    with pytest.raises(InvalidTag):
        reader.read()


def test_two_chunks_do_not_change_places(case):
    pk = written(case, os.urandom(3 * CHUNK))
    path = files.path_of(pk)
    raw = path.read_bytes()
    head = len(raw) - 3 * (CHUNK + 16)
    one, two, three = (raw[head + n * (CHUNK + 16) : head + (n + 1) * (CHUNK + 16)] for n in range(3))
    path.write_bytes(raw[:head] + two + one + three)
    with pytest.raises(InvalidTag):
        Reader(case, pk).read(1)


def test_the_stream_of_another_row_is_not_taken_for_this_one(case):
    pk, other = written(case, b"one"), written(case, b"two")
    files.path_of(pk).write_bytes(files.path_of(other).read_bytes())
    with pytest.raises(InvalidTag):
        Reader(case, pk)


def test_left_by_an_error_nothing_remains(case, tmp_path):
    pk = uuid.uuid4()

    def breaks():
        with Writer(case, pk) as out:
            out.write(b"x" * CHUNK * 2)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        breaks()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_without_the_key_of_the_case_nobody_reads_it(case):
    pk = written(case, b"gone")
    SubmissionKey.objects.filter(pk=case).delete()
    with pytest.raises(KeyDestroyed):
        Reader(case, pk)
