"""What the holder of an address allows and refuses, purpose by purpose, and the links by which mails let them.

Saying no files a request, so that the sources are told and somebody answers for it. Saying yes takes back what such a
request stopped, and where that is not enough it is an entry of its own: only an act makes a yes (H6).
"""

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from requests_app.models import ConsentEntry, PolicyVersion, PreferenceLink
from requests_app.models.keys import browser_digests, lookup_digests, unseal_with
from requests_app.rules.consents import COOKIES, MARKETING, Act
from requests_app.rules.policy import Policy, Purpose

from .actors import Actor
from .consents import How, New, is_allowed, latest, record, said_of, seen, stopped_by
from .policies import current, policy_of
from .refused import Refused
from .taking_back import take_back_effect

A_DAY = 10  # changes of one purpose within a day: after it no yes is taken, so that nobody's inbox is filled
_ONE_CLICK = "List-Unsubscribe=One-Click"  # RFC 8058, 3.2


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who showed that they read the mail of this address, and the language of our letters to them."""

    address: str
    language: str

    @property
    def digests(self) -> list[str]:
        """Of the address, under every version of the key."""
        return lookup_digests(self.address)


@dataclass(frozen=True, slots=True)
class Standing:
    """One purpose, whether it is allowed, and the act that says so; none where nobody said anything."""

    purpose: Purpose
    allowed: bool
    entry: ConsentEntry | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What has to be filed for a no. The same key for the same no, however often it is sent at once."""

    form_key: uuid.UUID
    right: str
    purposes: tuple[str, ...]


def in_force() -> tuple[PolicyVersion, Policy]:
    """Return the policy in force; raises Refused where there is none."""
    version = current()
    if version is None:
        raise Refused(_("The portal is not ready: no policy is published yet. Please write to us instead."))
    return version, policy_of(version)


def standing(holder: Holder, purpose: Purpose) -> Standing:
    """Return what stands for this purpose."""
    entry = said_of(holder.digests, purpose.key)
    return Standing(purpose, is_allowed(purpose, entry), entry)


def standings(holder: Holder) -> list[Standing]:
    """Return what stands for every purpose that belongs to an address; cookies belong to a browser."""
    return [standing(holder, purpose) for purpose in in_force()[1].purposes if purpose.key != COOKIES]


def answers(questions: Sequence[tuple[str, str]]) -> list[tuple[bool, datetime | None]]:
    """Return for each address and purpose whether it is allowed, and since which act; by one question.

    Raises Refused for a purpose that is not published: nobody was asked for it (P28).
    """
    policy = in_force()[1]
    if unknown := sorted({key for _address, key in questions if policy.purpose(key) is None}):
        raise Refused("Not published: " + ", ".join(unknown))
    digests = {address: lookup_digests(address) for address, _key in questions}
    found = latest([one for some in digests.values() for one in some], {key for _address, key in questions})
    told: list[tuple[bool, datetime | None]] = []
    for address, key in questions:
        rows = [found[digest, key] for digest in digests[address] if (digest, key) in found]
        entry = max(rows, key=lambda row: (row.at, row.pk), default=None)
        purpose = policy.purpose(key)
        told.append((purpose is not None and is_allowed(purpose, entry), entry.at if entry else None))
    return told


def refusal(holder: Holder, purpose: Purpose) -> Refusal | None:
    """Return what has to be filed so that this purpose stops; None where a no stands already."""
    now = standing(holder, purpose)
    if now.entry is not None and now.entry.act in (Act.WITHDRAWN, Act.REFUSED):
        return None
    about = f"{holder.digests[0]}:{purpose.key}:{now.entry.pk if now.entry else 0}"
    optout = purpose.key == MARKETING and "marketing_optout" in in_force()[1].rights
    right = "marketing_optout" if optout else "consent_withdrawal"
    return Refusal(uuid.uuid5(uuid.NAMESPACE_URL, about), right, () if optout else (purpose.key,))


def allow(holder: Holder, purpose: Purpose, *, how: How, actor: Actor, at: datetime) -> None:
    """Say yes to the text as it is published now; whoever said so already has said nothing new.

    Raises Refused after too many changes within a day: a no is never kept waiting, so a yes has to be.
    """
    if standing(holder, purpose).allowed:
        return
    day = ConsentEntry.objects.filter(digest__in=holder.digests, purpose=purpose.key, at__gt=at - timedelta(days=1))
    if day.count() >= A_DAY:
        raise Refused(_("You have changed this many times today. It stays off; allow it again tomorrow."))
    with transaction.atomic():  # whoever tells the sources reads both, or neither
        for dsr in stopped_by(holder.digests, purpose.key):
            take_back_effect(dsr, purposes=(purpose.key,), how=how, actor=actor, at=at)
        now = standing(holder, purpose)
        if not now.allowed:
            text = seen(in_force()[0], purpose)
            new = New(
                holder.digests[0], purpose.key, Act.GRANTED, at, text, how, after=now.entry.pk if now.entry else 0
            )
            record([new], actor=actor, at=at)


def decide_cookies(number: uuid.UUID, *, allowed: bool, at: datetime) -> None:
    """Write down what somebody says of optional cookies in one browser, which has this number of its own (P25)."""
    version, policy = in_force()
    purpose, digest = policy.purpose(COOKIES), browser_digests(number)[0]
    if purpose is None:
        raise Refused(_("There are no optional cookies."))
    act = Act.GRANTED if allowed else Act.REFUSED
    before = said_of(browser_digests(number), COOKIES)
    if before is None or before.act != act:
        record([New(digest, COOKIES, act, at, seen(version, purpose), How.PAGE)], actor=Actor.person(), at=at)


def cookies_allowed(number: uuid.UUID | None) -> bool | None:
    """Return what was said of optional cookies in this browser, or None."""
    purpose = in_force()[1].purpose(COOKIES)
    entry = said_of(browser_digests(number), COOKIES) if number is not None and purpose is not None else None
    return is_allowed(purpose, entry) if entry is not None and purpose is not None else None


def make_links(addresses: Sequence[str], *, purpose: str, language: str, at: datetime) -> list[str]:
    """Return an address of ours for each of these, for exactly this purpose, to be put into a mail."""
    if in_force()[1].purpose(purpose) is None:
        raise Refused(f"{purpose}: no such purpose is published.")
    made = [(secrets.token_urlsafe(24), address, uuid.uuid4()) for address in addresses]
    PreferenceLink.objects.bulk_create(
        PreferenceLink(
            pk=pk,
            secret_digest=_digest(secret),
            digest=lookup_digests(address)[0],
            address_locked=_sealed(secret, pk, address),
            purpose=purpose,
            language=language,
            made_at=at,
        )
        for secret, address, pk in made
    )
    return [f"{settings.PUBLIC_URL.rstrip('/')}/u/{secret}/" for secret, _address, _pk in made]


def mail_headers(url: str) -> dict[str, str]:
    """Return the headers of a mail with this link: one click in a mail program is a no (RFC 8058)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": _ONE_CLICK}


def link_of(secret: str) -> tuple[Holder, Purpose] | None:
    """Return whose link this is, and for what; None for whatever is no link of ours."""
    link = PreferenceLink.objects.filter(secret_digest=_digest(secret)).first()
    purpose = in_force()[1].purpose(link.purpose) if link else None
    if link is None or purpose is None:
        return None
    address = unseal_with(_key(secret), _place(link.pk), link.address_locked)
    return Holder(address, link.language), purpose


def _digest(secret: str) -> str:
    return hashlib.sha256(f"link\0{secret}".encode()).hexdigest()


def _key(secret: str) -> AESGCM:
    return AESGCM(hashlib.sha256(f"address\0{secret}".encode()).digest())


def _place(pk: uuid.UUID) -> str:
    return f"preferencelink.address.{pk}"


def _sealed(secret: str, pk: uuid.UUID, address: str) -> bytes:
    nonce = secrets.token_bytes(12)
    return nonce + _key(secret).encrypt(nonce, address.encode(), _place(pk).encode())
