"""F24: a builder that is killed in the middle leaves nothing that can be downloaded; the next one leaves no rest."""

import io
import os
import signal
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from requests_app.connectors import Column, DataSource, Lines, Match, OnFile, Query, Table
from requests_app.models import AnswerFile, DisclosurePackage, FulfilmentStep, PackageBuild
from requests_app.operations import files, package, streams, sweeps
from tests.people import NOON, ana_files, confirms, published_policy

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]
RECORD = b'{"id":1,"text":"' + b"x" * 1000 + b'"}\n'
RECORDS = 4000
SOON, THEN, LATER = (NOON + timedelta(minutes=m) for m in (1, 2, 3))
LEASE_OVER = LATER + timedelta(minutes=6)


class Archive(DataSource):
    """Holds some megabytes of Ana."""

    def find(self, query: Query) -> list[Match]:
        return [Match("1", (OnFile("ana@example.org", since=NOON - timedelta(days=900)),))]

    def describe(self) -> tuple[Table, ...]:
        return (Table("letters", (Column("id", "number"), Column("text"))),)

    def extract(self, references: Any, *, request_id: str) -> Iterator[Lines]:
        for _ in range(RECORDS // 100):
            yield Lines("letters", RECORD * 100, 100)


@pytest.fixture
def dsr(settings: Any, tmp_path: Path) -> Any:
    """Ana's request, of which everything has been read and nothing put together."""
    published_policy()
    settings.FILES_DIR = str(tmp_path)
    settings.DATA_SOURCES = {"archive": {"BACKEND": f"{__name__}.Archive"}}
    submission = ana_files("access")
    confirms(submission)
    sweeps.run_steps(SOON)
    sweeps.read_sources(THEN)
    return submission.requests.get()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def at_write(number: int) -> Callable[[pytest.MonkeyPatch], None]:
    """Die at this piece of the ZIP."""

    def prepare(patch: pytest.MonkeyPatch) -> None:
        real, seen = streams.Writer.write, [0]

        def write(self: streams.Writer, data: Any) -> int:
            seen[0] += 1
            if seen[0] == number:
                die()
            return real(self, data)

        patch.setattr(streams.Writer, "write", write)

    return prepare


def before_it_lies_there(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Path, "replace", lambda *_: die())


def before_it_is_recorded(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(package, "_record", lambda *_, **__: die())


def killed(prepare: Callable[[pytest.MonkeyPatch], None]) -> None:
    """A builder in a process of its own, which dies there."""
    connections.close_all()
    pid = os.fork()
    if not pid:
        with pytest.MonkeyPatch.context() as patch:
            prepare(patch)
            package.build_due(LATER, budget=60)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def on_disk() -> set[str]:
    return {path.name for paths in files.written_before(NOON + timedelta(days=9999)) for path in paths}


@pytest.mark.parametrize(
    "prepare",
    [at_write(1), at_write(2), at_write(4), before_it_lies_there, before_it_is_recorded],
    ids=["at once", "early", "late", "whole, not named", "named, not recorded"],
)
def test_f24_a_builder_killed_mid_package_leaves_nothing_to_download_and_the_next_leaves_no_rest(prepare, dsr):
    killed(prepare)
    assert not AnswerFile.objects.exists()
    assert not DisclosurePackage.objects.exists()
    assert package.build_due(LATER, budget=60) == 0  # somebody may still be at it
    assert package.build_due(LEASE_OVER, budget=60) == 1
    file = PackageBuild.objects.get().file
    assert on_disk() == {file.pk.hex, FulfilmentStep.objects.get().pk.hex}
    with zipfile.ZipFile(io.BytesIO(streams.Reader(dsr.submission_id, file.pk).read())) as whole:
        assert whole.testzip() is None
        assert whole.read("data/archive/letters.jsonl") == RECORD * RECORDS
