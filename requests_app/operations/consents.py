"""The one door of the consent ledger: every entry is an act of somebody, and what stands is the latest of them."""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import IntegrityError, transaction

from requests_app.models import ConsentEntry, DataSubjectRequest, PolicyVersion
from requests_app.models.keys import lookup_digests
from requests_app.rules import consents as rules
from requests_app.rules.consents import Act, Said
from requests_app.rules.policy import Purpose

from .actors import Actor
from .authorities import digest_sought, sought
from .owed_acts import owe_told
from .policies import policy_of

How = ConsentEntry.How
NO = (Act.WITHDRAWN, Act.REFUSED)


@dataclass(frozen=True, slots=True)
class Seen:
    """The text that was seen: the published version it stood in, and what it said, as far as the portal knows it."""

    text_version: str = ""
    version: PolicyVersion | None = None
    sha256: str = ""
    mode: str = ""
    basis: str = ""


@dataclass(frozen=True, slots=True)
class New:
    """An entry before it is written. `digest`: keyed, of the address; `at`: the instant of the act."""

    digest: str
    purpose: str
    act: Act
    at: datetime
    seen: Seen
    how: ConsentEntry.How
    source: str = ""
    dsr: DataSubjectRequest | None = None
    reverses: ConsentEntry | None = None
    after: int | None = None  # the entry that stood until then: of many at once, one is written

    @property
    def key(self) -> str:
        """What tells it from every other: the same said twice is one entry."""
        when = self.at.astimezone(UTC).isoformat() if self.after is None else self.after
        said = [self.digest, self.purpose, self.act.value, when, self.seen.text_version]
        about = [self.how.value, self.source, str(self.dsr.pk) if self.dsr else "", self.reverses and self.reverses.pk]
        return hashlib.sha256(json.dumps([*said, *about]).encode()).hexdigest()


def seen(version: PolicyVersion, purpose: Purpose) -> Seen:
    """Return the text of a purpose as it stands in a published version."""
    return Seen(purpose.text_version, version, purpose.sha256, purpose.consent_mode, purpose.basis)


def record(entries: Iterable[New], *, actor: Actor, at: datetime) -> int:
    """Write what is not written yet; return how many that were. Nothing else writes the ledger (H6)."""
    rows = list({new.key: _row(new, actor, at) for new in entries}.values())
    with transaction.atomic():
        try:
            with transaction.atomic():
                return _write(rows)
        except IntegrityError:  # the same was written at this moment
            return _write(rows)


def _write(rows: Sequence[ConsentEntry]) -> int:
    known = set(ConsentEntry.objects.filter(key__in=[row.key for row in rows]).values_list("key", flat=True))
    return len(ConsentEntry.objects.bulk_create([row for row in rows if row.key not in known]))


def _row(new: New, actor: Actor, at: datetime) -> ConsentEntry:
    return ConsentEntry(
        key=new.key,
        digest=new.digest,
        purpose=new.purpose,
        act=new.act.value,
        at=new.at,
        recorded_at=at,
        policy=new.seen.version,
        text_version=new.seen.text_version,
        text_sha256=new.seen.sha256,
        mode=new.seen.mode,
        basis=new.seen.basis,
        how=new.how,
        source=new.source,
        actor_role=actor.role,
        actor_ref=actor.ref,
        dsr=new.dsr,
        reverses=new.reverses,
    )


def latest(digests: Collection[str], purposes: Collection[str]) -> dict[tuple[str, str], ConsentEntry]:
    """Return the latest entry of each digest and purpose, by one question."""
    rows = ConsentEntry.objects.filter(digest__in=set(digests) - {""}, purpose__in=set(purposes))
    return {(row.digest, row.purpose): row for row in rows.order_by("at", "pk")}


def said_of(digests: Collection[str], purpose: str) -> ConsentEntry | None:
    """Return the latest entry of a person, whose address has a digest under each version of the key."""
    found = ConsentEntry.objects.filter(digest__in=set(digests) - {""}, purpose=purpose)
    return found.newest_first().first()


def is_allowed(purpose: Purpose, entry: ConsentEntry | None) -> bool:
    """Whether this purpose is allowed of somebody whose latest entry this is."""
    return rules.allowed(purpose, Said(Act(entry.act), entry.text_version) if entry else None)


def take_effect(
    dsr: DataSubjectRequest, *, chosen: Sequence[str], how: ConsentEntry.How, actor: Actor, at: datetime
) -> tuple[str, ...]:
    """Write down what a request for an opt-out or a withdrawal stops, from this instant on; return the purposes."""
    policy, digest = policy_of(dsr.policy), digest_sought(dsr.submission)
    concerned = rules.concerned(dsr.right, chosen, policy)
    texts = {purpose.key: seen(dsr.policy, purpose) for purpose in concerned}
    if not texts:  # the policy names no such purpose, and a no is heard all the same
        texts = {rules.MARKETING if dsr.right == "marketing_optout" else dsr.right: Seen(version=dsr.policy)}
    record([New(digest, key, Act.WITHDRAWN, at, text, how, dsr=dsr) for key, text in texts.items()], actor=actor, at=at)
    owe_told(dsr, at=at)
    return tuple(texts)


def in_effect(dsr: DataSubjectRequest) -> list[ConsentEntry]:
    """Return what this request stopped and nobody took back since."""
    return list(dsr.consents.filter(reverses=None, act__in=[act.value for act in NO]).not_reversed().order_by("pk"))


def stopped_by(digests: Collection[str], purpose: str) -> list[DataSubjectRequest]:
    """Return the requests by which the holder of an address stopped this purpose, and still does."""
    stands = ConsentEntry.objects.filter(act__in=[act.value for act in NO], reverses=None, dsr__isnull=False)
    rows = stands.filter(digest__in=set(digests) - {""}, purpose=purpose).not_reversed().order_by("pk")
    return [row.dsr for row in rows.select_related("dsr__submission", "dsr__policy") if row.dsr is not None]


def take_back(
    dsr: DataSubjectRequest,
    *,
    how: ConsentEntry.How,
    actor: Actor,
    at: datetime,
    purposes: Collection[str] | None = None,
) -> list[ConsentEntry]:
    """Undo what a request stopped, all or these purposes: what would stand without it stands again.

    It never makes a yes of its own: where nothing else was said, it is as if nothing had been said. The caller holds
    the lock of the request.
    """
    rows = [row for row in in_effect(dsr) if purposes is None or row.purpose in purposes]
    address = sought(dsr.submission)[0]
    others = set(lookup_digests(address)) if address else set()
    record([_undoing(row, {row.digest, *others}, how, at) for row in rows], actor=actor, at=at)
    if rows:
        owe_told(dsr, at=at, occasion=f"back:{rows[0].pk}")
    return rows


def _undoing(row: ConsentEntry, digests: set[str], how: ConsentEntry.How, at: datetime) -> New:
    said = ConsentEntry.objects.filter(digest__in=digests - {""}, purpose=row.purpose, reverses=None).not_reversed()
    before = said.exclude(pk=row.pk).newest_first().first()
    text = before or row
    stood = Seen(text.text_version, text.policy, text.text_sha256, text.mode, text.basis)
    act = Act(before.act) if before else Act.UNDONE
    return New(row.digest, row.purpose, act, at, stood, how, dsr=row.dsr, reverses=row)
