"""Walk the evidence chains, and compare their ends with what was kept outside."""

import hashlib
import uuid
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from requests_app.operations import evidence


class Command(BaseCommand):
    """`manage.py verify_evidence [--heads | --against FILE]`."""

    help = "Walk every chain of evidence; one line for each break, and exit 1 if there is any."

    def add_arguments(self, parser: CommandParser) -> None:
        """Where the ends of the chains are written to or read from."""
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--heads", action="store_true", help="print the end of every chain, to keep elsewhere")
        which.add_argument("--against", type=Path, metavar="FILE", help="compare with what --heads printed earlier")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the ends, or each break, or that all is whole."""
        if options["heads"]:
            self._print_heads()
            return
        kept = _kept(options["against"]) if options["against"] else []
        whole = True
        for sentence in chain(evidence.verify(), evidence.verify_against(kept)):
            self.stderr.write(sentence)
            whole = False
        if not whole:
            raise SystemExit(1)
        self.stdout.write("Every chain of evidence is whole.")

    def _print_heads(self) -> None:
        digest = hashlib.sha256()
        for pk, length, head in evidence.heads():
            line = f"{pk} {length} {head}"
            digest.update(line.encode() + b"\n")
            self.stdout.write(line)
        self.stdout.write(f"# sha256 of the lines above: {digest.hexdigest()}")


def _kept(path: Path) -> Iterator[tuple[uuid.UUID, int, str]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from error
    for number, line in enumerate(lines, start=1):
        if line.startswith("#"):
            continue
        try:
            pk, length, head = line.split()
            yield uuid.UUID(pk), int(length), head
        except ValueError as error:
            raise CommandError(f"{path}, line {number}: this is not what --heads prints.") from error
