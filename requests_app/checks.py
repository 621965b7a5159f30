"""System checks: configuration mistakes, each with an id and a hint."""

from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth.models import User
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection

from .connectors import mistakes
from .operations.triggers import missing


@register(Tags.security)
def master_keys_are_usable(**kwargs: Any) -> list[CheckMessage]:
    """The wrapping keys must be there and of the right form."""
    hint = "Make one: python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
    if not settings.MASTER_KEYS:
        return [Error("MASTER_KEYS is empty: nothing can be encrypted.", hint=hint, id="portal.E001")]
    try:
        [Fernet(key) for key in settings.MASTER_KEYS]
    except ValueError:
        return [Error("MASTER_KEYS holds something that is no Fernet key.", hint=hint, id="portal.E002")]
    return []


@register()
def data_sources_can_be_asked(**kwargs: Any) -> list[CheckMessage]:
    """Each is made once from its options; nothing is asked."""
    return [
        Error(
            f"The data source {alias} cannot be asked: {problem}.",
            hint="Mend it in the file that DATA_SOURCES_FILE names; docs/operations.md has examples.",
            id="portal.E004",
        )
        for alias, problem in mistakes()
    ]


@register(Tags.database)
def append_only_tables_are_guarded(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Evidence must refuse UPDATE and DELETE."""
    if not databases or "default" not in databases:
        return []
    if "requests_app_evidenceevent" not in connection.introspection.table_names():
        return []  # not migrated yet
    gone = missing(connection)
    if gone:
        return [
            Error(
                f"{len(gone)} append-only triggers are missing.",
                hint="Find out who removed them, then put them back with manage.py install_triggers.",
                id="portal.E003",
            )
        ]
    return []


@register(Tags.database, deploy=True)
def two_people_can_approve(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Release and refusal take two people."""
    if not databases or "default" not in databases:
        return []
    if User.objects.filter(is_active=True, groups__name__in=("approver", "privacy officer")).distinct().count() >= 2:
        return []
    return [
        Warning(
            "Fewer than two active accounts can approve.",
            hint="Run manage.py bootstrap; a small controller names its data protection officer.",
            id="portal.W001",
        )
    ]
