"""Empty all tables after a test with real transactions, past the triggers that refuse it, which stand again after."""

from django.core.management.color import no_style
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from requests_app.operations import triggers

# They name what the code has, and nothing in them belongs to a test.
STAY = {"auth_permission", "django_content_type"}


def empty(connection: BaseDatabaseWrapper) -> None:
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - STAY
    if not tables:
        return
    guarded = set(triggers.TABLES) <= tables
    if connection.vendor == "sqlite":
        _delete(connection, sorted(tables), guarded=guarded)
    else:
        _truncate(connection, sorted(tables), guarded=guarded)


def _delete(connection: BaseDatabaseWrapper, tables: list[str], *, guarded: bool) -> None:
    with connection.constraint_checks_disabled(), transaction.atomic(using=connection.alias):
        if guarded:
            triggers.remove(connection)
        with connection.cursor() as cursor:
            for statement in connection.ops.sql_flush(no_style(), tables):
                cursor.execute(statement)
        if guarded:
            triggers.install(connection)


def _truncate(connection: BaseDatabaseWrapper, tables: list[str], *, guarded: bool) -> None:
    """On PostgreSQL this fires no trigger of a row, only those of a statement."""
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        for table in triggers.TABLES if guarded else ():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_no_truncate")
        for statement in connection.ops.sql_flush(no_style(), tables):
            cursor.execute(statement)
        for table in triggers.TABLES if guarded else ():
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_truncate")
