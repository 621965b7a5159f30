"""Check the data map of an SQL source against its database, or draft a first one."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from requests_app.connectors import PermanentFailure, RetryLater
from requests_app.connectors.sql import Sql
from requests_app.connectors.sql.checking import check
from requests_app.connectors.sql.database import database_of
from requests_app.connectors.sql.drafting import draft
from requests_app.connectors.sql.erasing_findings import of_accounts

BACKEND = "requests_app.connectors.sql.Sql"


class Command(BaseCommand):
    """`manage.py data_map check ALIAS`; `manage.py data_map draft ALIAS > map.toml`."""

    help = "Check the data map of an SQL source against its database (exit 1 where it is wrong), or draft a first one."

    requires_system_checks = ()  # they stop where a map is missing or wrong, and this is how to get or mend it

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do, and the name of the source."""
        parser.add_argument("action", choices=("check", "draft"))
        parser.add_argument("alias", metavar="ALIAS", help="the name of the source in DATA_SOURCES_FILE")
        parser.add_argument("--schema", default="", help="draft: a schema other than the one the account begins in")
        words = "draft: a column that holds e-mail addresses under another name; may be given again"
        parser.add_argument("--address", action="append", default=[], metavar="TABLE.COLUMN", help=words)

    def handle(self, *args: Any, **options: Any) -> None:
        """Nothing is written but to the terminal."""
        given = _options(options["alias"])
        try:
            if options["action"] == "draft":
                database = database_of(given.get("url", ""), given.get("url_file", ""))
                named = {"alias": options["alias"], "schema": options["schema"], "addresses": options["address"]}
                self.stdout.write(draft(database, **named), ending="")
            else:
                self._check(options["alias"], given)
        except ValueError as error:
            raise CommandError(f"{options['alias']}: {error}") from None
        except RetryLater as error:
            words = "is the server up, and are host, port, account and password of the URL right?"
            raise CommandError(f"{options['alias']}: the database cannot be reached ({error}): {words}") from None
        except PermanentFailure as error:
            raise CommandError(f"{options['alias']}: {error}") from None

    def _check(self, alias: str, given: Mapping[str, Any]) -> None:
        source = Sql(**given)
        findings = check(source.map, source.visits, source.database, may_write=source.may_write)
        findings += of_accounts(source.database, source.writer) if source.may_write else ()
        for finding in sorted(findings, key=lambda one: not one.wrong):
            self.stdout.write(f"{'WRONG' if finding.wrong else 'note '}  {finding.place}: {finding.words}")
        wrong = sum(finding.wrong for finding in findings)
        self.stdout.write(f"{alias}: {len(source.visits)} tables can be read, {wrong} to mend.")
        if wrong:
            raise SystemExit(1)


def _options(alias: str) -> Mapping[str, Any]:
    entry = settings.DATA_SOURCES.get(alias)
    if entry is None:
        known = ", ".join(settings.DATA_SOURCES) or "none"
        raise CommandError(f"There is no data source {alias}; DATA_SOURCES_FILE names: {known}.")
    if entry.get("BACKEND") != BACKEND:
        raise CommandError(f'{alias} is no SQL source: only BACKEND = "{BACKEND}" has a data map.')
    options: Mapping[str, Any] = entry.get("OPTIONS", {})
    return options
