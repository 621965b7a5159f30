"""Tell the privacy officers, from outside the queues, that enforcement has gone silent, and that it is back.

The memory is one small file, since the database may be what is away. It holds three instants and no address.
"""

import json
import logging
import os
import smtplib
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import Error

from . import liveness
from .team import OFFICER, members

logger = logging.getLogger(__name__)
TELL_AFTER = timedelta(minutes=5)
AGAIN_AFTER = timedelta(hours=1)
AWAY = "the database"


@dataclass(frozen=True, slots=True)
class Memory:
    """When all was last alive, when the silence was told last, and when its first telling was."""

    alive_at: datetime | None = None
    told_at: datetime | None = None
    silent_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one look says: since when it is silent (None: alive), what is silent, what to tell."""

    silent_since: datetime | None
    silent: tuple[str, ...]
    message: tuple[str, str] | None
    memory: Memory


def judge(report: liveness.Report | None, memory: Memory, *, at: datetime) -> Verdict:
    """Decide from a report (None: the database is away) and from what was remembered. Touches nothing."""
    if report is not None and not report.silent:
        message = _recovered(memory.silent_since, at) if memory.silent_since else None
        return Verdict(None, (), message, Memory(alive_at=at))
    since = (report.alive_at if report else None) or memory.alive_at or at
    silent = report.silent if report else (AWAY,)
    told = memory.told_at
    due = at - since >= TELL_AFTER and (told is None or at - told >= AGAIN_AFTER)
    if not due:
        return Verdict(since, silent, None, Memory(since, told, memory.silent_since))
    return Verdict(since, silent, _silent(since, silent, report, at), Memory(since, at, memory.silent_since or since))


def watch(at: datetime, file: Path) -> Verdict:
    """Look, tell whoever must know, remember. Raises OSError if the message could not be sent: nothing is remembered
    then, so that the next round tries again."""
    addresses = set(settings.WATCHDOG_EMAIL)
    report: liveness.Report | None = None
    try:
        report = liveness.look(at)
        addresses |= {member.email for member in members(OFFICER) if member.email}
    except Error:
        logger.error("the database is away")
    verdict = judge(report, recall(file), at=at)
    if verdict.message:
        _send(verdict.message, sorted(addresses))
    remember(verdict.memory, file)
    return verdict


def recall(file: Path) -> Memory:
    """Read the file; a missing or broken one is an empty memory, which at worst tells once more."""
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        return Memory(**{name: datetime.fromisoformat(value) if value else None for name, value in stored.items()})
    except (OSError, ValueError, TypeError, AttributeError):
        return Memory()


def remember(memory: Memory, file: Path) -> None:
    """Write the file so that a crash leaves the old one or the new one, never half of one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(f".{os.getpid()}")
    text = json.dumps({name: value.isoformat() if value else None for name, value in asdict(memory).items()})
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(file)


def _send(message: tuple[str, str], addresses: list[str]) -> None:
    if not addresses:
        raise OSError("nobody to tell: set WATCHDOG_EMAIL, or give a privacy officer an address")
    connection = get_connection()
    refused: list[str] = []
    # One mail each: an address that the server refuses must not silence the others.
    for address in addresses:
        try:
            EmailMessage(*message, settings.DEFAULT_FROM_EMAIL, [address], connection=connection).send()
        except (smtplib.SMTPException, OSError, ValueError) as error:  # ValueError: no address at all
            refused.append(type(error).__name__)
    if len(refused) == len(addresses):
        raise OSError(f"no mail went out: {', '.join(sorted(set(refused)))}")


def _silent(since: datetime, silent: tuple[str, ...], report: liveness.Report | None, at: datetime) -> tuple[str, str]:
    minutes = int((at - since).total_seconds() // 60)
    stopped = report is None or report.clock_stopped
    what = "response deadlines are not being enforced" if stopped else "mail or work stands still"
    harm = (
        "Until it is back, reminders and letters do not go out and missed dates are not noticed. "
        if stopped
        else "Deadlines are watched. Until it is back, letters or clean-up wait. "
    )
    return (
        f"{settings.ORGANISATION_NAME}: {what}",
        f"Since {since:%d %B %Y, %H:%M} UTC ({minutes} minutes) nothing was heard of: {', '.join(silent)}.\n\n"
        f"{harm}Requests can still be filed unless the database is away.\n\n"
        "What to do: restart beat and the workers; `manage.py sweep` does one round by hand. "
        "When it is back, everything that was owed meanwhile is done once, and says how late it is.\n\n"
        f"The portal: {settings.PUBLIC_URL}\nThis message is repeated once an hour.\n",
    )


def _recovered(since: datetime, at: datetime) -> tuple[str, str]:
    minutes = int((at - since).total_seconds() // 60)
    return (
        f"{settings.ORGANISATION_NAME}: all runs again",
        f"Silent since {since:%d %B %Y, %H:%M} UTC, back at {at:%d %B %Y, %H:%M} UTC, after {minutes} minutes.\n\n"
        "What was owed meanwhile is being done now. Look at the queue for requests that became overdue.\n\n"
        f"The portal: {settings.PUBLIC_URL}\n",
    )
