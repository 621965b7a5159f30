"""One child of `bench.package`: files Ana's request, reads her source and makes the package; tells times and memory."""

import os
import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings

from bench.seed import published
from requests_app.connectors import Column, DataSource, Lines, Match, OnFile, Query, Table
from requests_app.models import FulfilmentStep, IdentityCheck, PackageBuild, Submission
from requests_app.operations import fulfilment, identity, intake, package, sweeps
from requests_app.operations.actors import Actor

EMAIL = "ana@example.org"
SHOWN = "bench.reading.Made"


class Made(DataSource):
    """Makes as many lines as it is told, and holds none of them."""

    def __init__(self, *, mebibytes: int, value: int) -> None:
        self.mebibytes, self.value = mebibytes, value

    def find(self, query: Query) -> Sequence[Match]:
        return [Match("1", (OnFile(EMAIL),))]

    def describe(self) -> Sequence[Table]:
        return (Table("letters", (Column("id", "number"), Column("text"))),)

    def extract(self, references: Sequence[str], *, request_id: str) -> Iterator[Lines]:
        line = b'{"id":1,"text":"' + (b"lorem ipsum " * (self.value // 12 + 1))[: self.value] + b'"}\n'
        each = max(1, 65536 // len(line))
        for _ in range(self.mebibytes * 2**20 // (len(line) * each)):
            yield Lines("letters", line * each, each)


def figures(kind: str, folder: Path, *, mebibytes: int, value: int, now: datetime) -> dict[str, float]:
    """Seconds of reading and of making, MB of memory before them and at their peak."""
    settings.FILES_DIR = str(folder / "files")
    options: dict[str, object] = {"mebibytes": mebibytes, "value": value}
    if kind != "memory":
        address = os.environ["DATABASE_URL"]
        options = {"url": address, "map": str(folder / "map.toml"), "statement_timeout": 3600}
    backend = SHOWN if kind == "memory" else "requests_app.connectors.sql.Sql"
    settings.DATA_SOURCES = {"archive": {"BACKEND": backend, "OPTIONS": options}}
    published()
    now += timedelta(hours=2 * Submission.objects.count())  # codes for one address are limited by the hour
    _filed(now)
    idle = _memory("VmRSS")
    begun = time.perf_counter()
    done = fulfilment.run_due(now + timedelta(minutes=1), budget=3600)
    step = FulfilmentStep.objects.latest("owed_at")
    assert (done, step.status) == (1, "found"), f"{step.status} {step.failure_code}"
    read = time.perf_counter()
    assert package.build_due(now + timedelta(minutes=2), budget=3600) == 1
    made = time.perf_counter()
    build = PackageBuild.objects.latest("built_at")
    return {
        "read": read - begun,
        "made": made - read,
        "idle": idle,
        "peak": _memory("VmHWM"),
        "size": build.file.size / 1e6,
    }


def _filed(now: datetime) -> None:
    """Ana asks, types the code, and the source says that she is on file."""
    PackageBuild.objects.update(next_try_at=None)
    filing = intake.Filing(uuid.uuid4(), ("access",), "Ana Example", EMAIL, "", "en")
    submission = intake.receive(filing, channel="web", actor=Actor.person(), at=now)
    check = IdentityCheck.objects.filter(submission=submission, purpose="verify").latest("issue")
    assert identity.confirm(submission, purpose="verify", code=identity.code_for(check), actor=Actor.person(), at=now)
    sweeps.run_steps(now)


def _memory(name: str) -> float:
    """MB of this process, as the kernel counts them."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith(name + ":"))
