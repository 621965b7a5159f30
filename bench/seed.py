"""Fill a migrated PostgreSQL with open requests, quickly: `python -m bench.seed [--requests N]`.

One request is filed by the portal itself and copied by the database: submission, request, data key, and a chain of
evidence that verifies, each with ids and hashes of its own. What the copies lack: the name (sealed to its place, so a
copy could not be opened: it is empty) and the notices of the filing, which no sweep of the clock reads.
"""

import argparse
import time
import uuid
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
    with transaction.atomic("default"), connections["default"].cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")  # references are right by construction
        cursor.execute("SELECT count(*) FROM requests_app_submission")
        before = cursor.fetchone()[0]
        # In the order of their ids, which begin alike: a million random places in a dozen indexes would take minutes.
        cursor.execute(
            "CREATE TEMP TABLE copies ON COMMIT DROP AS SELECT id AS submission,"
            " lpad(upper(to_hex(n)), 8, '0') AS label, overlay(id::text PLACING 'd' FROM 36)::uuid AS dsr,"
            " overlay(id::text PLACING 'f' FROM 36)::uuid AS form, '' AS body, repeat('0', 64) AS prev,"
            " repeat('0', 64) AS head"
            " FROM (SELECT gen_random_uuid() AS id, n FROM generate_series(%s, %s) AS n) AS made ORDER BY id",
            [before, before + number - 1],
        )
        for event in EvidenceEvent.objects.filter(submission=pattern.submission_id).order_by("seq"):
            _next_event(cursor, event, pattern)
        _clone(
            cursor, Submission, pattern.submission_id,
            id="submission", case_number="label", form_key="form", evidence_head="head", name_sealed="''::bytea",
        )  # fmt: skip
        _clone(cursor, DataSubjectRequest, pattern.pk, id="dsr", submission_id="submission")
        ids = StringIO()
        cursor.copy_expert("COPY copies (submission) TO STDOUT", ids)
    ids.seek(0)
    with transaction.atomic("keys"), connections["keys"].cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE copies (submission uuid) ON COMMIT DROP")
        cursor.copy_expert("COPY copies FROM STDIN", ids)
        _clone(cursor, SubmissionKey, pattern.submission_id, submission_id="submission")


def _next_event(cursor: Any, event: EvidenceEvent, pattern: DataSubjectRequest) -> None:
    cursor.execute("ALTER TABLE copies RENAME TO before")
    cursor.execute(
        "CREATE TEMP TABLE copies ON COMMIT DROP AS SELECT submission, label, dsr, form, body, prev,"
        r" encode(sha256('\x00'::bytea || convert_to(body, 'UTF8')), 'hex') AS head FROM"
        " (SELECT submission, label, dsr, form, head AS prev,"
        " replace(replace(replace(%s, %s, submission::text), %s, dsr::text), %s, head) AS body FROM before) AS next",
        [event.body, str(event.submission_id), str(pattern.pk), event.prev],
    )
    cursor.execute("DROP TABLE before")
    _clone(
        cursor, EvidenceEvent, event.pk,
        id=f"overlay(submission::text PLACING '{event.seq:03x}e' FROM 33)::uuid", submission_id="submission",
        dsr_id="dsr", body="copies.body", prev="copies.prev", leaf_hash="head",
    )  # fmt: skip


def _clone(cursor: Any, model: type[models.Model], pk: uuid.UUID, **changed: str) -> None:
    """Copy a row with every column the model has by now, but for those named here."""
    columns = [field.column for field in model._meta.concrete_fields]
    values = [changed.get(column, f'pattern."{column}"') for column in columns]
    table, key = model._meta.db_table, model._meta.pk.column
    names = ", ".join(f'"{column}"' for column in columns)
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {', '.join(values)} FROM copies, {table} AS pattern"
        f' WHERE pattern."{key}" = %s',
        [pk],
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
