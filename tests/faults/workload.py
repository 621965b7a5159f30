"""Who files what in twenty simulated days, and what they and the team do with it: all of it from a seed."""

import random
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = 20
END = BEGIN + timedelta(days=DAYS)  # the last look; nobody does anything after it
STEP = timedelta(hours=8)  # the sweeps look at 00:00, 08:00 and 16:00
NO_PROOF = ("marketing_optout", "consent_withdrawal")
ERASING = ("deletion", "account_closure")  # asked a second time, and stoppable for three days after it
PROOF = ("access", "deletion", "correction", "restriction", "objection", "portability", "account_closure", "complaint")


@dataclass(frozen=True, slots=True)
class Asked:
    """One right, and how it ends: `answered`, `cancelled`, or not at all; an erasure may be confirmed before."""

    right: str
    ending: str = ""
    ended_at: datetime | None = None
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """One filing. Who never confirms, or confirms too late, has no `verified_at` before the end."""

    form_key: uuid.UUID
    email: str
    language: str
    filed_at: datetime
    verified_at: datetime | None
    asked: tuple[Asked, ...]
    twice: bool  # the form is sent again


def plans(requests: int, seed: int) -> list[Plan]:
    """So many requests, in one or two of a filing."""
    chance = random.Random(seed)
    made: list[Plan] = []
    left = requests
    while left > 0:
        made.append(_plan(chance, len(made), most=min(2, left)))
        left -= len(made[-1].asked)
    return made


def _plan(chance: random.Random, number: int, *, most: int) -> Plan:
    filed_at = _moment(chance, BEGIN, timedelta(days=9))
    verified_at = _moment(chance, filed_at, timedelta(days=11)) if chance.random() < 0.7 else None
    if verified_at is not None and verified_at >= END:
        verified_at = None
    rights = chance.sample(PROOF + NO_PROOF, chance.randint(1, most))
    asked = {right: _asked(chance, right, filed_at, verified_at) for right in rights if right not in ERASING}
    for right in rights:
        if right in ERASING:
            asked[right] = _erasing(chance, right, filed_at, verified_at, asked.get("access"))
    return Plan(
        form_key=uuid.UUID(int=chance.getrandbits(128), version=4),
        email=f"person{number}@example.org",
        language=chance.choice(("en", "it")),
        filed_at=filed_at,
        verified_at=verified_at,
        asked=tuple(asked[right] for right in rights),
        twice=chance.random() < 0.1,
    )


def _asked(chance: random.Random, right: str, filed_at: datetime, verified_at: datetime | None) -> Asked:
    ready_at = filed_at if right in NO_PROOF else verified_at
    fate = chance.random()
    if fate < 0.15 and right not in NO_PROOF:  # what is in effect is undone, not cancelled
        return Asked(right, "cancelled", _moment(chance, filed_at, timedelta(days=10)))
    if ready_at is None or fate < 0.35:
        return Asked(right)
    ended_at = _moment(chance, ready_at, timedelta(days=14))  # of some after the fifteenth day
    return Asked(right, "answered", ended_at) if ended_at < END else Asked(right)


def _erasing(
    chance: random.Random, right: str, filed_at: datetime, verified_at: datetime | None, access: Asked | None
) -> Asked:
    """Confirmed a second time while that still leaves time, or never; not before it was asked for."""
    confirmed_at = None
    if verified_at is not None and chance.random() < 0.7:
        last = min(END, datetime.combine(filed_at.date() + timedelta(days=12), time(0), UTC))
        moment = _moment(chance, asked_from(filed_at, verified_at, access), timedelta(days=4))
        confirmed_at = moment if moment < last else None
    if chance.random() < 0.15:
        return Asked(right, "cancelled", _moment(chance, filed_at, timedelta(days=10)), confirmed_at)
    if confirmed_at is None or chance.random() < 0.3:
        return Asked(right, confirmed_at=confirmed_at)
    free = datetime.combine(confirmed_at.date() + timedelta(days=4), time(0), UTC)
    ended_at = _moment(chance, free, timedelta(days=8))
    if ended_at >= END:
        return Asked(right, confirmed_at=confirmed_at)
    return Asked(right, "answered", ended_at, confirmed_at)


def asked_from(filed_at: datetime, verified_at: datetime, access: Asked | None) -> datetime:
    """When the second confirmation is asked for: at once, or when the access request ended, on day 8 at the latest."""
    if access is None:
        return verified_at
    eighth = datetime.combine(filed_at.date() + timedelta(days=8), time(8), UTC)
    return max(verified_at, min(eighth, access.ended_at or eighth))


def _moment(chance: random.Random, since: datetime, within: timedelta) -> datetime:
    """A moment in the hour before a look of the sweeps, so that the code of a mail is still good when it goes."""
    steps = chance.randint(1, within // STEP)
    look = BEGIN + ((since - BEGIN) // STEP + 1 + steps) * STEP
    return look - timedelta(seconds=chance.randint(60, 3000))


def looks(silences: tuple[tuple[datetime, datetime], ...] = ()) -> list[datetime]:
    """When the sweeps look: at every step but for those within a silence."""
    every = [BEGIN + n * STEP for n in range(DAYS * int(timedelta(days=1) / STEP) + 1)]
    return [look for look in every if not any(since <= look < until for since, until in silences)]
