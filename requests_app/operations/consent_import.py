"""Consents that were given or taken back elsewhere: a list of the controller's, written whole or not at all."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.dateparse import parse_datetime

from requests_app.models import ConsentEntry, PolicyVersion
from requests_app.models.keys import lookup_digests
from requests_app.rules.addresses import is_spelled_as_mailed
from requests_app.rules.consents import Act
from requests_app.rules.policy import Purpose

from .actors import Actor
from .consents import How, New, Seen, record, seen
from .policies import policy_of

COLUMNS = ("address", "purpose", "act", "at", "text_version", "source")
ACTS = {act.value: act for act in (Act.GRANTED, Act.WITHDRAWN, Act.REFUSED)}
AHEAD = timedelta(minutes=5)  # by which another clock may be ahead of ours
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class Wrong:
    """A row that cannot be taken, by its place (the first is 1), and why. It quotes no address."""

    row: int
    reason: str


class Unfit(Exception):
    """Rows that cannot be taken; none was written."""

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        super().__init__(f"{len(wrong)} rows cannot be taken")
        self.wrong = wrong


def take(rows: Sequence[Mapping[str, object]], *, how: How, actor: Actor, at: datetime) -> int:
    """Write these acts; return how many were not written before. Raises Unfit with every mistake.

    The same list sent again changes nothing, under a newer key of look-up digests too.
    """
    texts, wrong, new = _texts(), [], []
    for number, row in enumerate(rows, start=1):
        try:
            new.append(_read(row, texts, how, at))
        except ValueError as mistake:
            wrong.append(Wrong(number, str(mistake)))
    if wrong:
        raise Unfit(wrong)
    return record(_not_known(new), actor=actor, at=at)


@dataclass(frozen=True, slots=True)
class _Taken:
    """An act, with the digests of its address under each key, the newest first."""

    new: New
    digests: tuple[str, ...]

    def under(self, digest: str) -> New:
        """The same under the digest of another key."""
        new = self.new
        return New(digest, new.purpose, new.act, new.at, new.seen, new.how, new.source)


def _not_known(taken: Sequence[_Taken]) -> list[New]:
    older = {one.under(digest).key: one.new.key for one in taken for digest in one.digests[1:]}
    found = ConsentEntry.objects.filter(key__in=older).values_list("key", flat=True) if older else ()
    known = {older[key] for key in found}
    return [one.new for one in taken if one.new.key not in known]


def _texts() -> dict[tuple[str, str], Seen]:
    """Every version of every purpose that was published, or is counted as one that was agreed to elsewhere."""
    texts: dict[tuple[str, str], Seen] = {}
    for version in PolicyVersion.objects.order_by("published_at", "version"):
        for purpose in policy_of(version).purposes:
            texts[purpose.key, purpose.text_version] = seen(version, purpose)
            _add_earlier(texts, purpose)
    return texts


def _add_earlier(texts: dict[tuple[str, str], Seen], purpose: Purpose) -> None:
    for earlier in purpose.still_counts:
        texts.setdefault((purpose.key, earlier), Seen(earlier))


def _read(row: Mapping[str, object], texts: Mapping[tuple[str, str], Seen], how: How, at: datetime) -> _Taken:
    if set(row) != set(COLUMNS) or not all(isinstance(value, str) for value in row.values()):
        raise ValueError("has to have exactly these texts: " + ", ".join(COLUMNS))
    given = {name: str(row[name]).strip() for name in COLUMNS}
    if not _ADDRESS.fullmatch(given["address"]) or not is_spelled_as_mailed(given["address"]):
        raise ValueError("address: is not a complete address")
    if given["act"] not in ACTS:
        raise ValueError("act: has to be one of " + ", ".join(ACTS))
    if not any(purpose == given["purpose"] for purpose, _ in texts):
        raise ValueError("purpose: no published policy has it")
    text = texts.get((given["purpose"], given["text_version"]))
    if text is None:
        raise ValueError("text_version: was neither published here nor named in still_counts")
    if not 0 < len(given["source"]) <= 80:
        raise ValueError("source: has to say in at most 80 characters where it was asked")
    digests = tuple(lookup_digests(given["address"]))
    done = _instant(given["at"], at)
    return _Taken(New(digests[0], given["purpose"], ACTS[given["act"]], done, text, how, given["source"]), digests)


def _instant(text: str, now: datetime) -> datetime:
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ValueError("at: has to be an instant with its zone, such as 2026-11-22T12:00:00+01:00")
    if found > now + AHEAD:
        raise ValueError("at: lies in the future")
    return found
