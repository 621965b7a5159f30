"""Measure a sweep of the clock against raw SQL that claims and inserts the same rows, in one run on one PostgreSQL.

Both claim in batches of 200 and commit each. Raw knows everything beforehand: it renders, seals and hashes nothing.
Ours is what beat ticks. Limits: ours at most 15 times raw; a million open at most 1.3 times ten thousand; 10 ms where
nothing is due; no sequential scan. Of several runs the least disturbed counts. Exit 1 where a limit is missed.
"""

import argparse
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg2.extras import execute_values

from bench.seed import copy, filed, published, settle
from requests_app.models import DataSubjectRequest, EvidenceEvent, Notice
from requests_app.operations import evidence, restore_guard
from requests_app.operations.sweeps import SWEEPS

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
FILED = NOW - timedelta(minutes=30)
DUE = FILED - timedelta(days=5)  # with ten days left a milestone has come, and no other
RAW, GROWTH, IDLE = 15.0, 1.3, 10.0
BATCH = 200

CLAIM = """UPDATE requests_app_datasubjectrequest SET wake_at = %s WHERE id IN (
  SELECT id FROM requests_app_datasubjectrequest WHERE wake_at <= %s ORDER BY wake_at LIMIT %s FOR UPDATE SKIP LOCKED)
  RETURNING id, submission_id, due_on"""
MILESTONE = "INSERT INTO requests_app_milestonerecord (dsr_id, kind, due_on, for_date, recorded_at) VALUES %s"
EVIDENCE = """INSERT INTO requests_app_evidenceevent
  (id, submission_id, seq, dsr_id, kind, at, actor_role, actor_ref, body, prev, leaf_hash) VALUES %s"""
NOTICE = """INSERT INTO requests_app_notice
  (id, scope, kind, occurrence, recipient, submission_id, dsr_id, staff_id, subject_sealed, text_sealed, html_sealed,
   created_at, delivery, attempts, failure_code, other_channel) VALUES %s"""


def raw(pattern: Notice, event: EvidenceEvent) -> int:
    """Claim and insert by hand: milestone, evidence and notice of every due request, as large as ours are."""
    done, head = 0, "0" * 64
    sealed = [bytes(getattr(pattern, f"{column}_sealed")) for column in ("subject", "text", "html")]
    rest = (pattern.staff_id, *sealed, NOW, "none", 0, "", "")
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(CLAIM, [NOW + timedelta(days=5), NOW, BATCH])
            rows = cursor.fetchall()
            if not rows:
                return done
            kept = [(dsr, "due_in_10", due_on, NOW.date(), NOW) for dsr, _, due_on in rows]
            execute_values(cursor.cursor, MILESTONE, kept, page_size=BATCH)
            kept = [
                (uuid.uuid4(), sub, event.seq, dsr, event.kind, NOW, "system", "", event.body, head, head)
                for dsr, sub, _ in rows
            ]
            execute_values(cursor.cursor, EVIDENCE, kept, page_size=BATCH)
            kept = [
                (uuid.uuid4(), str(sub), pattern.kind, f"{dsr}:raw", pattern.recipient, sub, dsr, *rest)
                for dsr, sub, _ in rows
            ]
            execute_values(cursor.cursor, NOTICE, kept, page_size=BATCH)
        done += len(rows)


def timed(work: Callable[[], int], expected: int | None) -> float:
    """Milliseconds of one run, which must have done what was due."""
    started = time.perf_counter()
    done = work()
    took = (time.perf_counter() - started) * 1000
    assert expected in {None, done}, f"{done} done instead of {expected}"
    return took


def ours() -> int:
    """What beat ticks each minute."""
    return SWEEPS["enforce_deadlines"](NOW)


def measure(open_requests: int, due: int, rounds: int) -> dict[str, float]:
    """Milliseconds at this many open requests: raw and ours with some due, in turn, and ours with nothing due."""
    sleeping = DataSubjectRequest.objects.filter(wake_at__gt=NOW).count()
    if sleeping < open_requests:
        started = time.monotonic()
        copy(filed(FILED), open_requests - sleeping - 1)
        print(f"  seeded {open_requests - sleeping} in {time.monotonic() - started:.0f} s", flush=True)
    figures: dict[str, list[float]] = {"raw": [], "ours": [], "idle": []}
    ours()
    for _ in range(rounds):
        copy(filed(DUE), due - 1)
        settle()
        figures["ours"].append(timed(ours, due))
        pattern = Notice.objects.filter(kind="staff_due").latest("created_at")
        event = EvidenceEvent.objects.filter(submission=pattern.submission).latest("seq")
        copy(filed(DUE), due - 1)
        settle()
        figures["raw"].append(timed(lambda p=pattern, e=event: raw(p, e), due))
        figures["idle"] += [timed(ours, 0) for _ in range(10)]
    return {name: min(values) for name, values in figures.items()}


def statements(due: int) -> tuple[int, list[str]]:
    """How many statements a sweep takes, and those of them that read a table whole."""
    copy(filed(DUE), due - 1)
    settle()
    restore_guard.standing()  # looked at every five seconds, whatever is due: not in the middle of the count
    with CaptureQueriesContext(connection) as captured:
        assert ours() == due
    asked = [q["sql"] for q in captured if q["sql"].lstrip("(").startswith(("SELECT", "UPDATE"))]
    return len(captured), [sql for sql in asked if _reads_all(sql)]


def _reads_all(sql: str) -> bool:
    """Whether a table of 5,000 rows or more is read whole as planned now, or any table where an index is preferred."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relname LIKE 'requests_app_%%' AND reltuples >= 5000", [])
        large = [row[0] for row in cursor.fetchall()]
        planned = _plan(cursor, sql)
        cursor.execute("SET LOCAL enable_seqscan = off")
        preferred = _plan(cursor, sql)
    return any(f"Seq Scan on {table}" in planned for table in large) or any(
        f"Seq Scan on requests_app_{name}" in preferred
        for name in ("datasubjectrequest", "submission", "evidenceevent", "milestonerecord", "notice")
    )


def _plan(cursor: Any, sql: str) -> str:
    cursor.execute("EXPLAIN " + sql.replace("%", "%%"), [])
    return "\n".join(row[0] for row in cursor.fetchall())


def chains_hold(number: int) -> bool:
    """Verify every chain while there are few."""
    return EvidenceEvent.objects.count() >= number and not any(True for _ in evidence.verify())


def main(arguments: list[str] | None = None) -> int:
    """Seed, measure at both sizes, print the ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=1_000_000, help="open at the large size")
    parser.add_argument("--few", type=int, default=10_000, help="open at the small size")
    parser.add_argument("--due", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=7)
    chosen = parser.parse_args(arguments)
    published()
    checks: list[tuple[str, bool]] = []
    found: dict[int, dict[str, float]] = {}

    def check(words: str, holds: bool) -> None:
        checks.append((words, holds))
        print(f"  {'holds ' if holds else 'MISSED'} {words}", flush=True)

    copy(filed(DUE), chosen.due - 1)
    ours()
    check(f"every chain verifies after a sweep of {chosen.due}", chains_hold(chosen.due))
    for size in (chosen.few, chosen.requests):
        print(f"{size} open, {chosen.due} due", flush=True)
        found[size] = figures = measure(size, chosen.due, chosen.rounds)
        ratio = figures["ours"] / figures["raw"]
        print(f"  raw {figures['raw']:.0f} ms, ours {figures['ours']:.0f} ms")
        check(f"ours / raw {ratio:.1f}, at most {RAW:g}", ratio <= RAW)
        check(f"nothing due {figures['idle']:.1f} ms, at most {IDLE:g}", figures["idle"] <= IDLE)
    growth = found[chosen.requests]["ours"] / found[chosen.few]["ours"]
    check(f"{chosen.requests} open / {chosen.few} open {growth:.2f}, at most {GROWTH:g}", growth <= GROWTH)
    whole, read_whole = statements(BATCH)
    part, _ = statements(BATCH // 10)
    check(f"{whole} statements for {BATCH} due, {part} for {BATCH // 10}", whole == part)
    check(f"{len(read_whole)} sequential scans", not read_whole)
    for sql in read_whole:
        print(f"    {sql[:300]}")
    missed = [words for words, holds in checks if not holds]
    print("; missed: ".join([f"SUMMARY sweep: {len(checks) - len(missed)} of {len(checks)} hold", *missed]))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
