"""Append-only tables: one idempotent function installs the triggers, one tells which are missing."""

from django.db.backends.base.base import BaseDatabaseWrapper

TABLES = ("requests_app_evidenceevent", "requests_app_policyversion", "requests_app_milestonerecord")
VERBS = ("UPDATE", "DELETE")

_PG_FUNCTION = """
CREATE OR REPLACE FUNCTION requests_app_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'append-only: % on % is refused', TG_OP, TG_TABLE_NAME; END $$
"""


def _name(table: str, verb: str) -> str:
    return f"{table}_no_{verb.lower()}"


def expected(vendor: str) -> list[str]:
    """Return the names of the triggers that must exist on this kind of database."""
    verbs = (*VERBS, "TRUNCATE") if vendor == "postgresql" else VERBS
    return [_name(table, verb) for table in TABLES for verb in verbs]


def install(connection: BaseDatabaseWrapper) -> None:
    """Create what is missing. ENABLE ALWAYS, since a replica session skips ordinary triggers."""
    postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        if postgres:
            cursor.execute(_PG_FUNCTION)
        for table in TABLES:
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


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop them all: for the reverse migration and for the flush between transactional tests."""
    with connection.cursor() as cursor:
        for table in TABLES:
            for verb in (*VERBS, "TRUNCATE"):
                on = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {_name(table, verb)}{on}")


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of triggers that are absent or switched off."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'A'")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        found = {row[0] for row in cursor.fetchall()}
    return [name for name in expected(connection.vendor) if name not in found]
