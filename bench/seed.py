"""Fill a migrated PostgreSQL with open requests, quickly: `python -m bench.seed [--requests N]`.

One request is filed by the portal itself and copied by the database: submission, request, data key, and a chain of
evidence that verifies, each with ids and hashes of its own. What the copies lack: the name (sealed to its place, so a
copy could not be opened: it is empty) and the notices of the filing, which no sweep of the clock reads.
"""

import argparse
import re
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from io import StringIO
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import connections, models, transaction

from requests_app import clock
from requests_app.models import DataSubjectRequest, EvidenceEvent, Submission, SubmissionKey
from requests_app.operations import intake, policies
from requests_app.operations.actors import Actor


def published() -> None:
    """The shipped policy, and Petra, who is told of what nobody has taken."""
    petra, ada = (
        User.objects.get_or_create(username=name, defaults={"is_staff": True})[0] for name in ("petra", "ada")
    )
    petra.groups.add(Group.objects.get_or_create(name="privacy officer")[0])
    text = (settings.BASE_DIR / "policies" / "digital-assets.toml").read_text()
    policies.load(text, prepared_by=petra, approved_by=ada, at=clock.now())


def filed(at: datetime) -> DataSubjectRequest:
    """Ana's request as the portal stores it: a correction by letter, which needs no code; Petra enters it."""
    filing = intake.Filing(uuid.uuid4(), ("correction",), "Ana Example", "", "", "en")
    petra = Actor.staff(User.objects.get(username="petra"))
    return intake.receive(filing, channel="post", actor=petra, at=at).requests.get()


def copy(pattern: DataSubjectRequest, number: int) -> None:
    """Copy this request so many times."""
    events = list(EvidenceEvent.objects.filter(submission=pattern.submission_id).order_by("seq"))
    with transaction.atomic("default"), connections["default"].cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # references are right by construction
        cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
        cursor.execute("SELECT count(*) FROM requests_app_submission")
        before = cursor.fetchone()[0]
        # Where most rows are new, an index is made quicker once they are there than with each of them.
        with _indexes_later(cursor) if number > before else nullcontext():
            _fill(cursor, pattern, events, before, number)
        ids = StringIO()
        cursor.copy_expert("COPY copies (submission) TO STDOUT", ids)
    ids.seek(0)
    with transaction.atomic("keys"), connections["keys"].cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE copies (submission uuid) ON COMMIT DROP")
        cursor.copy_expert("COPY copies FROM STDIN", ids)
        _clone(cursor, SubmissionKey, pattern.submission_id, submission_id="submission")


@contextmanager
def _indexes_later(cursor: Any) -> Iterator[None]:
    """Drop the whole indexes that no constraint rests on, and make them again at the end."""
    tables = [model._meta.db_table for model in (Submission, DataSubjectRequest, EvidenceEvent)]
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = ANY(%s::regclass[]) AND indpred IS NULL"
        " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)",
        [tables],
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f"DROP INDEX {name}")
    yield
    for _, definition in found:
        cursor.execute(definition, None)


def _fill(cursor: Any, pattern: DataSubjectRequest, events: list[EvidenceEvent], before: int, number: int) -> None:
    """Give the copies their ids and the heads of their chains; then write them table by table."""
    hashed, values = [], []
    for event in events:
        body, known = _body(event, pattern)
        hashed.append(
            r"CROSS JOIN LATERAL (SELECT encode(sha256('\x00'::bytea ||"
            f" convert_to({body}, 'UTF8')), 'hex') AS head_{event.seq} OFFSET 0) AS hashed_{event.seq}"
        )
        values += known
    # All in the order of their ids, which begin alike: a million random places in a dozen indexes would take minutes.
    cursor.execute(
        "CREATE TEMP TABLE copies ON COMMIT DROP AS SELECT * FROM (SELECT id AS submission,"
        " lpad(upper(to_hex(%s + row_number() OVER (ORDER BY id))), 8, '0') AS label,"
        " overlay(id::text PLACING 'd' FROM 36)::uuid AS dsr, overlay(id::text PLACING 'f' FROM 36)::uuid AS form"
        " FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, %s)) AS made) AS named " + " ".join(hashed),
        [before, number, *values],
    )
    for event in events:
        body, known = _body(event, pattern)
        _clone(
            cursor, EvidenceEvent, event.pk, known,
            id=f"overlay(submission::text PLACING '{event.seq:03x}e' FROM 33)::uuid", submission_id="submission",
            dsr_id="dsr", body=body, prev=_prev(event), leaf_hash=f"head_{event.seq}",
        )  # fmt: skip
    _clone(
        cursor, Submission, pattern.submission_id,
        id="submission", case_number="label", form_key="form", evidence_head=f"head_{events[-1].seq}",
        name_sealed="''::bytea",
    )  # fmt: skip
    _clone(cursor, DataSubjectRequest, pattern.pk, id="dsr", submission_id="submission")


def _prev(event: EvidenceEvent) -> str:
    return f"head_{event.seq - 1}" if event.seq else "repeat('0', 64)"


def _body(event: EvidenceEvent, pattern: DataSubjectRequest) -> tuple[str, list[str]]:
    """The body of a copy's event as an expression, and the parts of it that stay."""
    own = {str(event.submission_id): "submission::text", str(pattern.pk): "dsr::text", event.prev: _prev(event)}
    parts = re.split(f"({'|'.join(own)})", event.body)
    return " || ".join(own.get(part, "%s") for part in parts), [part for part in parts if part not in own]


def _clone(cursor: Any, model: type[models.Model], pk: uuid.UUID, known: Sequence[str] = (), **changed: str) -> None:
    """Copy a row with every column the model has by now, but for those named here; `known` are values of theirs."""
    columns = [field.column for field in model._meta.concrete_fields]
    values = [changed.get(column, f'pattern."{column}"') for column in columns]
    table, key = model._meta.db_table, model._meta.pk.column
    names = ", ".join(f'"{column}"' for column in columns)
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM copies, {table} AS pattern"
        f' WHERE pattern."{key}" = %s',
        [*known, pk],
    )


def settle() -> None:
    """What autovacuum would have done in a quiet hour."""
    for alias in ("default", "keys"):
        with connections[alias].cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def main() -> None:
    """Seed, and say how long it took."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=1_000_000)
    number = parser.parse_args().requests
    published()
    started = time.monotonic()
    copy(filed(clock.now()), number)
    print(f"seeded {number} open requests in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
