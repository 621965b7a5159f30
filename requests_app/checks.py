"""System checks: configuration mistakes, each with an id and a hint."""

from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth.models import User
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from .connectors import clamd, mistakes
from .connectors.openid import is_safe
from .connectors.signing import Key
from .operations.signed_calls import LONGEST_NAME
from .operations.team import ROLES
from .operations.triggers import missing

LONGEST_KEY_BACKUP = 7  # days


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
            hint="Mend it in the file that DATA_SOURCES_FILE names: docs/operations.md, docs/data-sources.md.",
            id="portal.E004",
        )
        for alias, problem in mistakes()
    ]


@register(Tags.security)
def import_keys_can_sign(**kwargs: Any) -> list[CheckMessage]:
    """Of each key: a name that fits into a header, and a secret that nobody guesses. Neither is shown."""
    hint = "IMPORT_KEYS is name=secret, separated by commas; make a secret: openssl rand -hex 32"
    found: list[CheckMessage] = []
    for number, (name, secret) in enumerate(settings.IMPORT_KEYS.items(), start=1):
        try:
            Key(name, secret.encode())
        except ValueError as error:
            found.append(Error(f"IMPORT_KEYS, entry {number}: {error}.", hint=hint, id="portal.E013"))
        else:
            if len(name) > LONGEST_NAME:
                problem = f"IMPORT_KEYS, entry {number}: its name is longer than {LONGEST_NAME} characters."
                found.append(Error(problem, hint=hint, id="portal.E013"))
    return found


@register(Tags.security)
def providers_are_configured_whole(**kwargs: Any) -> list[CheckMessage]:
    """Of a provider of OpenID Connect all is told or nothing; what is missing switches the sign-in off."""
    found: list[CheckMessage] = []
    for name, given in settings.OPENID.items():
        prefix = f"{name.upper()}_OIDC"
        missing_parts = [f"{prefix}_{part.upper()}" for part, value in given.items() if not value]
        if missing_parts and any(given.values()):
            hint = f"Set {', '.join(missing_parts)} too, or none of the {prefix}_* variables; the sign-in is off."
            found.append(Error(f"{prefix} is half configured.", hint=hint, id="portal.E005"))
        elif not missing_parts and not is_safe(given["issuer"]):
            hint = "Give the issuer as the provider publishes it, beginning with https://; the sign-in is off."
            found.append(Error(f"{prefix}_ISSUER is no https address.", hint=hint, id="portal.E006"))
    unknown = sorted({role for _value, role in settings.STAFF_OIDC_ROLES} - set(ROLES))
    if unknown:
        hint = f"The roles are: {', '.join(ROLES)}."
        found.append(Error(f"STAFF_OIDC_ROLES names unknown roles: {', '.join(unknown)}.", hint=hint, id="portal.E007"))
    return found


@register(Tags.security)
def scanner_address_is_readable(**kwargs: Any) -> list[CheckMessage]:
    """A scanner that cannot be found is away for ever, and no file is taken."""
    if not settings.CLAMD_URL:
        return []
    try:
        clamd.address(settings.CLAMD_URL)
    except ValueError:
        hint = "Give tcp://host:3310 or unix:///path/of/the/socket, or leave it out to take files unscanned."
        return [Error("CLAMD_URL is no address of clamd: no file would be taken.", hint=hint, id="portal.E010")]
    return []


@register(Tags.security)
def backups_end(**kwargs: Any) -> list[CheckMessage]:
    """Certificates name these days: a destroyed key comes back with its backups, so those are short (NIST 800-88r2)."""
    keys, days = settings.KEY_BACKUP_DAYS, settings.BACKUP_DAYS
    hint = "Set the days after which the last backup is overwritten or deleted: docs/operations.md, Backup and restore."
    if keys < 0 or days < 0:
        return [Error("BACKUP_DAYS and KEY_BACKUP_DAYS are days: no fewer than 0.", hint=hint, id="portal.E020")]
    if keys > days:
        told = f"KEY_BACKUP_DAYS ({keys}) is longer than BACKUP_DAYS ({days}): keys would outlive what they sealed."
        return [Error(told, hint=hint, id="portal.E021")]
    if keys > LONGEST_KEY_BACKUP:
        told = f"KEY_BACKUP_DAYS is {keys}: a destroyed key should be gone from every backup after 7 days."
        return [Warning(told, hint=hint, id="portal.W020")]
    return []


@register(Tags.security)
def the_register_of_erasures_is_usable(**kwargs: Any) -> list[CheckMessage]:
    """Its keys differ from those that find people."""
    if set(settings.SUPPRESSION_KEYS.values()) & set(settings.LOOKUP_KEYS.values()):
        hint = "Make one of its own: a copy of the one must not tell what the other knows."
        return [Error("SUPPRESSION_KEYS and LOOKUP_KEYS share a key.", hint=hint, id="portal.E012")]
    return []


@register(Tags.database)
def databases_are_of_this_version(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """A newer version, or one before the migrations were begun anew, left tables that this one does not know."""
    found: list[CheckMessage] = []
    for alias in sorted(databases or ()):
        loader = MigrationLoader(connections[alias], load=False)
        loader.load_disk()
        applied = MigrationRecorder(connections[alias]).applied_migrations()
        unknown = sorted(
            name for app, name in applied if app == "requests_app" and (app, name) not in loader.disk_migrations
        )
        if unknown:
            hint = "Run the version that migrated it, or restore its backup. Of a demo: make clean, then make run."
            message = f"The database {alias} was migrated by another version of the portal ({', '.join(unknown)})."
            found.append(Error(message, hint=hint, id="portal.E011"))
    return found


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
