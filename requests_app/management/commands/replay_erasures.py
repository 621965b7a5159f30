"""Erase again what a restored backup brought back. Nobody is served before it has ended."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from requests_app import clock
from requests_app.operations import lost_journal
from requests_app.operations.journal import Broken
from requests_app.operations.replay import Source, Told, replay


class Command(BaseCommand):
    """`manage.py replay_erasures [--dry-run] [--without SOURCE] [--accept-lost-journal]`; can be repeated at will."""

    help = "After a restore, of the portal's databases or of a data source: erase again whoever was erased since."

    def add_arguments(self, parser: CommandParser) -> None:
        """What to leave out, and what to go on without."""
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")
        parser.add_argument(
            "--without", action="append", default=[], metavar="SOURCE",
            help="leave out a data source that cannot be asked now; the privacy officers are told",
        )  # fmt: skip
        parser.add_argument(
            "--accept-lost-journal", action="store_true",
            help="the journal is lost or broken and there is no copy: go on with what the database knows",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        """Say in counts what was done; exit 1 where a data source could not be asked, and nobody is served yet."""
        at = clock.now()
        if options["accept_lost_journal"] and not options["dry_run"]:
            aside = lost_journal.accept(at=at)
            if aside:
                self.stdout.write(f"The broken journal was put aside: {aside}")
        try:
            told = replay(at=at, without=options["without"], dry_run=options["dry_run"])
        except Broken as error:
            raise CommandError(
                f"The journal of erasures is not the one that the database knows ({error}, record {error.place}). Put "
                "its newest copy into REGISTER_DIR; if there is none, repeat with --accept-lost-journal."
            ) from error
        self._tell(told)
        if not told.whole:
            raise CommandError(
                "Not every data source could be asked, so nobody is served yet. Repeat this when they answer, "
                "or leave one out with --without."
            )
        done = "All of it is done; everybody is served again."
        self.stdout.write("Nothing was changed." if options["dry_run"] else done)

    def _tell(self, told: Told) -> None:
        self.stdout.write(
            f"{told.records} records of the journal were not known to the database: "
            f"{told.entries} entries of the register, "
            f"{told.keys} keys, {told.files} files."
        )
        for alias, one in told.sources.items():
            self.stdout.write(f"{alias}: {_words(one)}")
        for alias in told.left_out:
            self.stdout.write(f"{alias}: left out")


def _words(one: Source) -> str:
    if one.failed:
        return f"could not be asked ({one.failed})"
    if one.silent:
        return "does not tell whom it knows; look there by hand"
    return (
        f"{one.erased} erased again, {one.kept} of whom the rest is kept, {one.anew} stored anew after their erasure, "
        f"{one.waiting} being erased by others, {one.by_hand} to be erased by hand"
    )
