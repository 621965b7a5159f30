"""Nothing that people typed or that was made for them is left in any byte once their cases are destroyed (E1, E8)."""

import contextlib
import time
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.core import mail
from django.db import connections

from requests_app.models import (
    DataSubjectRequest,
    FulfilmentStep,
    Notice,
    SourceTask,
    StepFile,
    Submission,
    SubmissionKey,
)
from requests_app.models.keys import KeyDestroyed, seal, unseal
from requests_app.operations import (
    deadline_change,
    decision,
    delivery,
    desk,
    evidence,
    manual_verification,
    person,
    policies,
    streams,
    sweeps,
)
from requests_app.operations.actors import Actor
from requests_app.operations.on_behalf import Behalf
from requests_app.rules.authority import Kind
from tests.attacks.test_leftovers import files_below, logged
from tests.operations.test_deadline_change import policy
from tests.people import NOON, ana_files, confirms, staff

__all__ = ["logged"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.both]
CANARY = b"canary-e1-7f3a"
OVER = NOON + timedelta(days=900)


def contents(folder: Path) -> bytes:
    held = []
    for file in sorted(folder.rglob("*")):
        with contextlib.suppress(FileNotFoundError):  # the server works on: it drops what is empty, and renames a log
            if file.is_file():
                held.append(file.read_bytes())
    return b"".join(held)


def raw(alias: str) -> bytes:
    """Every byte of a database: file and log of SQLite; heap and indexes on PostgreSQL, and the WAL of the server."""
    connection = connections[alias]
    if connection.vendor == "sqlite":
        path = Path(connection.settings_dict["NAME"])
        return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        folder = Path(cursor.fetchone()[0])
    return heap(alias) + contents(folder / "pg_wal")


def end_other_sessions(alias: str) -> None:
    """What an earlier test left open would hold the table that is written anew."""
    connection = connections[alias]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            others = "datname = current_database() AND pid <> pg_backend_pid()"
            cursor.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}")  # noqa: S608


def sampled(alias: str) -> None:
    """As autovacuum does in its own time: what it samples of a table, it keeps in the catalogue."""
    if connections[alias].vendor == "postgresql":
        with connections[alias].cursor() as cursor:
            cursor.execute("ANALYZE")


def heap(alias: str) -> bytes:
    """The same without the WAL of PostgreSQL, which is recycled in its own time."""
    connection = connections[alias]
    if connection.vendor == "sqlite":
        return raw(alias)
    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("SHOW data_directory")
        folder = Path(cursor.fetchone()[0])
        cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
        base = folder / "base" / str(cursor.fetchone()[0])
    return contents(base)


class Erased:
    """One person: a request of every field, and another filed for them by an agent. `typed` counts the canaries."""

    def __init__(self, number: int) -> None:
        self.number, self.typed = number, 0
        bruno, petra = Actor.staff(staff("bruno", "handler")), Actor.staff(staff("petra", "privacy officer"))
        submission = ana_files(
            "access", name=self.says("name"), postal=self.says("postal"), details=self.says("details"),
            email=f"{self.says('address')}@example.org",
        )  # fmt: skip
        confirms(submission)
        self.dsr = submission.requests.select_related("submission", "policy").get()
        desk.attach(self.dsr, name=self.says("answer file"), content=self.bytes("answer"), actor=bruno, at=NOON)
        desk.note(self.dsr, text=self.says("note"), actor=bruno, at=NOON)
        desk.ask(self.dsr, question=self.says("question"), actor=bruno, at=NOON)
        told = {"text": self.says("reply"), "file": (f"{self.says('file')}.txt", self.bytes("content"))}
        person.reply(self.fresh, **told, actor=Actor.person(), at=NOON)
        desk.reveal(submission, purpose=self.says("purpose of a look"), actor=petra, at=NOON)
        deadline_change.extend_deadline(self.fresh, reason=self.says("extension"), actor=petra, at=NOON)
        proposal = {"reason": self.says("by hand"), "actor": bruno, "at": NOON}
        manual_verification.withdraw_verification(
            manual_verification.propose_verification(submission, **proposal), actor=bruno, at=NOON
        )
        self.is_handed_out()
        self.is_answered(bruno)
        self.has_an_agent()
        delivery.deliver_due(NOON + timedelta(minutes=1))

    def says(self, field: str) -> str:
        self.typed += 1
        return f"{CANARY.decode()}-{self.number}-{field.replace(' ', '-')}"

    def bytes(self, field: str) -> bytes:
        return self.says(field).encode() * 100

    @property
    def fresh(self) -> DataSubjectRequest:
        return DataSubjectRequest.objects.select_related("submission", "policy").get(pk=self.dsr.pk)

    def is_handed_out(self) -> None:
        """A data source handed out records and a file, and a department was asked."""
        case, pk, file_pk = self.dsr.submission_id, uuid.uuid4(), uuid.uuid4()
        for stream, content in ((pk, self.bytes("record")), (file_pk, self.bytes("source file"))):
            with streams.Writer(case, stream) as out:
                out.write(content)
        known: dict[str, Any] = {
            "status": "found",
            "sha256": out.sha256,
            "reviewed_by": staff("bruno"),
            "reviewed_at": NOON,
        }
        step = FulfilmentStep.objects.create(
            pk=pk, dsr=self.dsr, alias="shop", opened_at=self.fresh.opened_at, owed_at=NOON,
            withheld_sealed=seal(case, f"fulfilmentstep.withheld.{pk}", self.says("withheld")), **known,
        )  # fmt: skip
        name = seal(case, f"stepfile.name.{file_pk}", self.says("name of a source file"))
        StepFile.objects.create(
            pk=file_pk, step=step, name_sealed=name, media_type="", size=1, sha256="0" * 64, received_at=NOON
        )
        about, task = seal(case, "sourcetask.about", self.says("about whom")), {"given_at": NOON, "due_at": NOON}
        SourceTask.objects.create(step=step, department="Hotline", language="en", about_sealed=about, **task)

    def is_answered(self, bruno: Actor) -> None:
        texts = {name: self.says(name) for name in ("letter", "facts", "scope", "identity_match")}
        answer = {"outcome": "refuse", "ground": "manifestly_unfounded", **texts}
        first = decision.decide(self.fresh, **answer, actor=bruno, at=NOON)
        ada = Actor.staff(staff("ada", "approver"))
        decision.return_for_change(self.fresh, reason=self.says("return"), actor=ada, at=NOON)
        made = decision.decide(self.fresh, **answer, actor=bruno, at=NOON)
        assert first.pk != made.pk
        decision.approve(self.fresh, digest=made.content_digest, actor=ada, at=NOON)

    def has_an_agent(self) -> None:
        paper = (self.says("paper") + ".pdf", b"%PDF- " + self.bytes("content of the paper"))
        about = Behalf(Kind.AGENT, self.says("the person"), ends_on=NOON.date() + timedelta(days=9), document=paper)
        agent = {"name": self.says("agent"), "email": f"{self.says('agents')}@example.org", "behalf": about}
        filed = ana_files("access", **agent)
        person.cancel(filed.requests.get(), actor=Actor.agent(), at=NOON)


def erased(count: int) -> dict[str, Any]:
    """So many people, and what could be told of them before everything went."""
    accounts = {"prepared_by": staff("petra"), "approved_by": staff("ada")}
    policies.load(policy(), **accounts, at=NOON)  # one that allows extensions
    people = [Erased(number) for number in range(count)]
    for hours in range(6):
        delivery.deliver_due(NOON + timedelta(hours=hours))
    Notice.objects.filter(next_try_at__isnull=False).update(next_try_at=None, delivery="failed")
    kept = {
        "canaries": sum(one.typed for one in people),
        "digests": [d.encode() for d in Submission.objects.values_list("email_digest", flat=True)],
        "keys": [bytes(row.wrapped) for row in SubmissionKey.objects.all()],
        "sealed": [(row.pk, row.place("name"), bytes(row.name_sealed)) for row in Submission.objects.all()],
    }
    assert all(unseal(*sealed).encode().startswith(CANARY) for sealed in kept["sealed"])
    assert all(key in heap("keys") for key in kept["keys"])  # what is looked for can be found
    end_other_sessions("keys")
    sampled("keys")
    while Submission.objects.filter(destroyed_at=None).exists():
        sweeps.apply_retention(OVER)
    sweeps.apply_retention(OVER + timedelta(hours=1))  # whatever was busy is seen to then, as the pages promise
    return kept


def nothing_left(kept: dict[str, Any], logged: Any, *folders: Path) -> None:
    places = {f"bytes of {alias}": raw(alias) for alias in ("default", "keys")}
    files = files_below(*folders)
    places |= files | {"log": logged.getvalue().encode()}
    places["mail"] = "".join(
        m.subject + m.body + str(m.alternatives) + str(m.attachments) for m in mail.outbox
    ).encode()
    assert {place for place, held in places.items() if CANARY in held} == set()
    case_number = Submission.objects.values_list("case_number", flat=True)[0].encode()
    assert case_number in places["bytes of default"]  # what stays is seen
    assert gone_from_heap(kept["keys"])
    if connections["default"].vendor == "sqlite":
        assert [digest for digest in kept["digests"] if digest in places["bytes of default"]] == []
    for case, place, sealed in kept["sealed"]:  # as they lie in every backup
        with pytest.raises(KeyDestroyed):
            unseal(case, place, sealed)
    assert list(evidence.verify()) == []


def gone_from_heap(keys: list[bytes]) -> bool:
    """As soon as no transaction of another test on this server could still see them: a later sweep, as every hour."""
    given_up = time.monotonic() + 120
    while any(key in held for held in [heap("keys")] for key in keys):
        if time.monotonic() > given_up:
            return False
        time.sleep(1)
        sweeps.apply_retention(OVER + timedelta(hours=2))
    return True


@pytest.fixture
def folders(settings, tmp_path) -> tuple[Path, ...]:
    settings.FILES_DIR = tmp_path / "files"
    settings.FILES_DIR.mkdir()
    return settings.FILES_DIR, configured.BROKER_DIR, tmp_path


@pytest.mark.parametrize("count", [10, pytest.param(1000, marks=pytest.mark.long)])
def test_of_people_whose_cases_are_destroyed_no_byte_is_left(logged, folders, count):
    kept = erased(count)
    assert kept["canaries"] > 25 * count
    nothing_left(kept, logged, *folders)
    assert [path for path in folders[0].rglob("*") if path.is_file()] == []
