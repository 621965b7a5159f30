"""Measure an access request from due step to package ready against a plain script that reads the same rows into a ZIP;
and an erasure, until the source was asked again, against a script that runs the same statements (`bench.erasure`).

On one PostgreSQL, in one run and in turn: 13 tables (bench/shop.py), 21 rows of one person and 50,000 of another.
Ours are the sweeps that beat ticks, `read_sources` and `build_packages`: the person is looked up, every table is read,
all is sealed, digested, written in two forms with a page and its description, deflated, signed and recorded. The script
connects, asks for the tables one by one (50,000: by a server-side cursor) and writes JSON. Limits at the median: 15
times the script for 21 rows, read or erased, 4.5 times for 50,000. Exit 1 where missed.
"""

import argparse
import os
import statistics
import sys
import tempfile
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import django

django.setup()

from django.conf import settings  # noqa: E402

from bench import erasure, shop  # noqa: E402
from bench.seed import published, settle  # noqa: E402
from requests_app.models import FulfilmentStep, IdentityCheck, PackageBuild  # noqa: E402
from requests_app.operations import identity, intake  # noqa: E402
from requests_app.operations.actors import Actor  # noqa: E402
from requests_app.operations.sweeps import SWEEPS  # noqa: E402

NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
LIMITS = {shop.ANA: 15.0, shop.OTTO: 4.5}


def owed(email: str, at: datetime) -> FulfilmentStep:
    """Somebody asks for their data and shows who they are: the step is due."""
    filing = intake.Filing(uuid.uuid4(), ("access",), "Somebody", email, "", "en")
    submission = intake.receive(filing, channel="web", actor=Actor.person(), at=at)
    check = IdentityCheck.objects.filter(submission=submission, purpose="verify").latest("issue")
    identity.confirm(submission, purpose="verify", code=identity.code_for(check), actor=Actor.person(), at=at)
    SWEEPS["run_steps"](at)
    return FulfilmentStep.objects.get(dsr__submission=submission)


def ours(at: datetime) -> int:
    """What beat ticks; the number of packages made."""
    SWEEPS["read_sources"](at)
    return SWEEPS["build_packages"](at + timedelta(minutes=1))


def measure(url: str, email: str, rounds: int, folder: Path, begun: datetime) -> tuple[float, float]:
    """Milliseconds of the script and of ours, at the median of so many rounds; the first warms both."""
    figures: dict[str, list[float]] = {"script": [], "ours": []}
    for number in range(rounds + 1):
        at = begun + timedelta(hours=2 * number)
        step = owed(email, at)
        took, rows = shop.timed(lambda: shop.script(url, email, folder / "plain.zip", by_cursor=email == shop.OTTO))
        assert rows == shop.ROWS[email], rows
        figures["script"].append(took)
        took, made = shop.timed(lambda at=at: ours(at + timedelta(minutes=1)))
        step.refresh_from_db()
        assert (made, step.records) == (1, rows), (made, step.status, step.records, step.failure_code)
        assert PackageBuild.objects.get(dsr=step.dsr_id).file
        figures["ours"].append(took)
    return statistics.median(figures["script"][1:]), statistics.median(figures["ours"][1:])


def told(words: str, script: float, took: float, limit: float) -> list[str]:
    """Print both and their ratio; return what was missed."""
    words = f"{words}: ours / script {took / script:.1f}, at most {limit:g}"
    print(f"  script {script:.1f} ms, ours {took:.1f} ms")
    print(f"  {'MISSED' if took / script > limit else 'holds '} {words}", flush=True)
    return [words] if took / script > limit else []


def main(arguments: list[str] | None = None) -> int:
    """Seed, measure both people and the erasure of one, print the ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=11, help="of the small one; the large one takes a third as many")
    parser.add_argument("--only", choices=("small", "large", "erasure"))
    chosen = parser.parse_args(arguments)
    url = os.environ["DATABASE_URL"].replace("postgres://", "postgresql://", 1)
    shop.seed(url)
    published()
    settle()
    missed, done = [], 0
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
        folder = Path(name)
        (folder / "map.toml").write_text(shop.data_map())
        settings.FILES_DIR = str(folder / "files")
        options = {"url": url, "write_url": url, "map": str(folder / "map.toml")}
        settings.DATA_SOURCES = {"shop": {"BACKEND": "requests_app.connectors.sql.Sql", "OPTIONS": options}}
        sizes = {"small": (shop.ANA, chosen.rounds, NOW), "large": (shop.OTTO, -(-chosen.rounds // 3), NOW)}
        for size, (email, rounds, begun) in sizes.items():
            if chosen.only not in {None, size}:
                continue
            done += 1
            missed += told(f"{shop.ROWS[email]} rows", *measure(url, email, rounds, folder, begun), LIMITS[email])
        if chosen.only in {None, "erasure"}:
            done += 1
            words = f"erasure of {shop.ROWS[shop.ANA]} rows"
            missed += told(words, *erasure.measure(url, chosen.rounds), LIMITS[shop.ANA])
    print("; missed: ".join([f"SUMMARY execute: {done - len(missed)} of {done} hold", *missed]))
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
