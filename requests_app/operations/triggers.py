"""Append-only tables, receipt dates and proofs of identity that take two people, and four eyes that are those of two
people: one idempotent function installs the triggers.

On SQLite a trigger goes with its table when a migration rebuilds it, so such a migration ends with `install`; and one
that rebuilds receiptcorrection or proofdocument begins with `remove_guards`, since triggers of submission name them.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = (
    "requests_app_evidenceevent",
    "requests_app_policyversion",
    "requests_app_milestonerecord",
    "requests_app_consententry",
)
VERBS = ("UPDATE", "DELETE")

_PG_FUNCTION = """
CREATE OR REPLACE FUNCTION requests_app_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'append-only: % on % is refused', TG_OP, TG_TABLE_NAME; END $$
"""

_IDENTITY = "requests_app_staffidentity"
_SUBMISSION, _CORRECTION = "requests_app_submission", "requests_app_receiptcorrection"
_MANUAL = "requests_app_manualverification"
_BY_HAND = ("id", "submission_id", "reason_sealed", "proposed_by_id", "proposed_at")
_REQUEST, _CONFIRMATION = "requests_app_datasubjectrequest", "requests_app_erasureconfirmation"
_DOCUMENT = "requests_app_proofdocument"
_ENDS = ("approved_by_id", "approved_at", "withdrawn_by_id", "withdrawn_at")
_KEPT = ("received_at", "received_on", "received_zone", "channel")
_PROPOSED = (
    "id", "submission_id", "reason_sealed", "old_received_at", "old_received_on", "new_received_at", "new_received_on",
    "proposed_by_id", "proposed_at",
)  # fmt: skip

# The latest approval names exactly this change.
_APPROVED = """EXISTS (
    SELECT 1 FROM requests_app_receiptcorrection c WHERE c.submission_id = NEW.id AND c.approved_at IS NOT NULL
    AND c.old_received_at = OLD.received_at
    AND c.new_received_at = NEW.received_at AND c.new_received_on = NEW.received_on
    AND NOT EXISTS (
        SELECT 1 FROM requests_app_receiptcorrection l WHERE l.submission_id = NEW.id AND l.approved_at > c.approved_at
    )
)"""

_BY_DOCUMENT = """EXISTS (
    SELECT 1 FROM requests_app_proofdocument d WHERE d.submission_id = NEW.id AND d.confirmed_by_id IS NOT NULL
)"""


def _changed(columns: tuple[str, ...]) -> str:
    return "(" + " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in columns) + ")"


def _emptied(columns: tuple[str, ...]) -> str:
    """Only its reason goes, with the data key that it was sealed with."""
    rest = tuple(column for column in columns if column != "reason_sealed")
    return f"(length(NEW.reason_sealed) = 0 AND NOT {_changed((*rest, *_ENDS))})"


@dataclass(frozen=True, slots=True)
class Guard:
    """A trigger that refuses a change where its condition holds; the condition is SQL that both databases read."""

    name: str
    table: str
    verb: str
    condition: str
    message: str
    needs: str = _CORRECTION  # the table without which it cannot be there yet


def _one_person(name: str, table: str, verb: str, first: str, second: str, needs: str = _IDENTITY) -> Guard:
    """Refuse an approval that comes from another account of the person who proposed."""
    new = "" if verb == "INSERT" else f"NEW.{second} IS DISTINCT FROM OLD.{second} AND "
    return Guard(
        name,
        table,
        verb,
        f"{new}EXISTS (SELECT 1 FROM {_IDENTITY} a JOIN {_IDENTITY} b ON a.person = b.person "  # noqa: S608 (names of ours)  # nosec B608
        f"WHERE a.account_id = NEW.{first} AND b.account_id = NEW.{second})",
        "both accounts belong to one person",
        needs=needs,
    )


# A deletion is carried out only once its person has said so a second time, for this very clock.
_CONFIRMED = f"EXISTS (SELECT 1 FROM {_CONFIRMATION} e WHERE e.dsr_id = NEW.id AND e.opened_at = NEW.opened_at)"  # noqa: S608  # nosec B608

GUARDS = (
    Guard(
        f"{_SUBMISSION}_receipt_kept",
        _SUBMISSION,
        "UPDATE",
        f"{_changed(_KEPT)} AND ({_changed(_KEPT[2:])} OR NOT {_APPROVED})",
        "a receipt is changed by an approved correction only",
    ),
    Guard(
        f"{_CORRECTION}_fixed",
        _CORRECTION,
        "UPDATE",
        f"(OLD.approved_at IS NOT NULL OR OLD.withdrawn_at IS NOT NULL OR {_changed(_PROPOSED)}) "
        f"AND NOT {_emptied(_PROPOSED)}",
        "a correction stays as it was proposed, approved or withdrawn",
    ),
    Guard(f"{_CORRECTION}_no_delete", _CORRECTION, "DELETE", "1 = 1", "a correction is not deleted"),
    Guard(
        f"{_REQUEST}_right_kept",
        _REQUEST,
        "UPDATE",
        'NEW."right" IS DISTINCT FROM OLD."right"',
        "a request keeps its right",
        needs=_CONFIRMATION,
    ),
    Guard(
        f"{_REQUEST}_erasure_confirmed",
        _REQUEST,
        "UPDATE",
        "NEW.\"right\" = 'deletion' AND NEW.state IN ('executing', 'fulfilled', 'partly_fulfilled') "
        f"AND OLD.state <> NEW.state AND NOT {_CONFIRMED}",
        "a deletion is confirmed a second time first",
        needs=_CONFIRMATION,
    ),
    Guard(
        f"{_CONFIRMATION}_fixed", _CONFIRMATION, "UPDATE", "1 = 1", "a confirmation stays as it is", needs=_CONFIRMATION
    ),
    Guard(
        f"{_CONFIRMATION}_no_delete",
        _CONFIRMATION,
        "DELETE",
        "1 = 1",
        "a confirmation is not deleted",
        needs=_CONFIRMATION,
    ),
    _one_person(f"{_CORRECTION}_four_eyes", _CORRECTION, "UPDATE", "proposed_by_id", "approved_by_id"),
    Guard(
        f"{_MANUAL}_proposed_first",
        _MANUAL,
        "INSERT",
        "NEW.approved_at IS NOT NULL OR NEW.withdrawn_at IS NOT NULL",
        "a verification by hand is proposed first",
        needs=_MANUAL,
    ),
    Guard(
        f"{_MANUAL}_fixed",
        _MANUAL,
        "UPDATE",
        f"(OLD.approved_at IS NOT NULL OR OLD.withdrawn_at IS NOT NULL OR {_changed(_BY_HAND)}) "
        f"AND NOT {_emptied(_BY_HAND)}",
        "a verification by hand stays as it was proposed, approved or withdrawn",
        needs=_MANUAL,
    ),
    Guard(f"{_MANUAL}_no_delete", _MANUAL, "DELETE", "1 = 1", "a verification by hand is not deleted", needs=_MANUAL),
    _one_person(f"{_MANUAL}_four_eyes", _MANUAL, "UPDATE", "proposed_by_id", "approved_by_id", needs=_MANUAL),
    _one_person(
        "requests_app_decision_four_eyes", "requests_app_decision", "UPDATE", "decided_by_id", "approved_by_id"
    ),
    _one_person(
        "requests_app_policyversion_four_eyes",
        "requests_app_policyversion",
        "INSERT",
        "prepared_by_id",
        "approved_by_id",
    ),
    _one_person(f"{_DOCUMENT}_four_eyes", _DOCUMENT, "UPDATE", "reviewed_by_id", "confirmed_by_id", needs=_DOCUMENT),
    Guard(
        f"{_SUBMISSION}_document_confirmed",
        _SUBMISSION,
        "UPDATE",
        f"NEW.assurance = 3 AND {_changed(('assurance',))} AND NOT {_BY_DOCUMENT}",
        "the rung of a document is reached by one that a second person confirmed",
        needs=_DOCUMENT,
    ),
    _one_person(
        "requests_app_authority_four_eyes", "requests_app_authority", "UPDATE", "proposed_by_id", "accepted_by_id"
    ),
)


def _name(table: str, verb: str) -> str:
    return f"{table}_no_{verb.lower()}"


def expected(vendor: str, tables: Collection[str] | None = None) -> list[str]:
    """Return the names of the triggers that must exist on this kind of database; with these tables, or with all.

    What a later migration brings is not expected yet: else no older database could be migrated.
    """
    verbs = (*VERBS, "TRUNCATE") if vendor == "postgresql" else VERBS
    append_only = [table for table in TABLES if tables is None or table in tables]
    guards = [guard.name for guard in GUARDS if tables is None or {guard.needs, guard.table} <= set(tables)]
    return [*(_name(table, verb) for table in append_only for verb in verbs), *guards]


def install(connection: BaseDatabaseWrapper) -> None:
    """Create what is missing. ENABLE ALWAYS, since a replica session skips ordinary triggers."""
    postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if postgres:
            cursor.execute(_PG_FUNCTION)
        there = connection.introspection.table_names(cursor)
        for table in (table for table in TABLES if table in there):  # the others come with a later migration
            for verb in (*VERBS, "TRUNCATE") if postgres else VERBS:
                name = _name(table, verb)
                if not postgres:
                    cursor.execute(
                        f"CREATE TRIGGER IF NOT EXISTS {name} BEFORE {verb} ON {table} "
                        f"BEGIN SELECT RAISE(ABORT, 'append-only: {verb} on {table} is refused'); END"
                    )
                    continue
                each = "STATEMENT" if verb == "TRUNCATE" else "ROW"
                cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
                cursor.execute(
                    f"CREATE TRIGGER {name} BEFORE {verb} ON {table} "
                    f"FOR EACH {each} EXECUTE FUNCTION requests_app_append_only()"
                )
                cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
    _install_guards(connection)


def _install_guards(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        for guard in GUARDS:
            if not {guard.needs, guard.table} <= set(tables):
                continue  # an earlier migration installs what there is to guard then
            if connection.vendor != "postgresql":
                cursor.execute(
                    f"CREATE TRIGGER IF NOT EXISTS {guard.name} BEFORE {guard.verb} ON {guard.table} "
                    f"WHEN {guard.condition} BEGIN SELECT RAISE(ABORT, '{guard.message}'); END"
                )
                continue
            cursor.execute(
                f"CREATE OR REPLACE FUNCTION {guard.name}() RETURNS trigger LANGUAGE plpgsql AS $$ "
                f"BEGIN IF {guard.condition} THEN RAISE EXCEPTION '{guard.message}'; END IF; RETURN NEW; END $$"
            )
            cursor.execute(f"DROP TRIGGER IF EXISTS {guard.name} ON {guard.table}")
            cursor.execute(
                f"CREATE TRIGGER {guard.name} BEFORE {guard.verb} ON {guard.table} "
                f"FOR EACH ROW EXECUTE FUNCTION {guard.name}()"
            )
            cursor.execute(f"ALTER TABLE {guard.table} ENABLE ALWAYS TRIGGER {guard.name}")


def remove_guards(connection: BaseDatabaseWrapper) -> None:
    """Drop those of the receipt: before receiptcorrection is rebuilt or dropped."""
    with connection.cursor() as cursor:
        for guard in GUARDS:
            on = f" ON {guard.table}" if connection.vendor == "postgresql" else ""
            cursor.execute(f"DROP TRIGGER IF EXISTS {guard.name}{on}")


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop them all: for the reverse migration and for the flush between transactional tests."""
    with connection.cursor() as cursor:
        there = connection.introspection.table_names(cursor)
        for table in (table for table in TABLES if table in there):
            for verb in (*VERBS, "TRUNCATE"):
                on = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {_name(table, verb)}{on}")
    remove_guards(connection)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of triggers that are absent or switched off."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A'")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        found = {row[0] for row in cursor.fetchall()}
        tables = connection.introspection.table_names(cursor)
    return [name for name in expected(connection.vendor, tables) if name not in found]
