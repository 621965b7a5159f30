"""Codes and link secrets are derived, not stored: a retry of the mail sends the same ones."""

import hashlib
import hmac
import uuid
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db.models import Max, Sum
from django.utils.translation import gettext as _

from requests_app.models import Contact, IdentityCheck, Notice, Submission

from . import evidence
from .actors import Actor
from .evidence import Kind
from .notices import owe
from .refused import Refused

CODE_LIFE = timedelta(minutes=10)  # from the hand-over of the mail; NIST SP 800-63B, 5.1.3.2
LONGEST_LIFE = timedelta(minutes=60)  # from the issue, however late the mail
CONTACT_LIFE = timedelta(
    hours=24
)  # of a code to another address, which nobody waits at: NIST SP 800-63A-4 on confirmation codes
CLOCKS_DIFFER = timedelta(minutes=1)  # between two machines; more is an alarm of its own
TRIES = 5
MAILS_PER_HOUR = 5  # to one address, over all its requests
LASTING = frozenset({IdentityCheck.Purpose.STOP, IdentityCheck.Purpose.FORMER})  # links by which an address objects
UNAWAITED = LASTING | {IdentityCheck.Purpose.ON_FILE}  # nobody waits for them who could ask for another one
UNSEEN = frozenset({IdentityCheck.Purpose.FIND, IdentityCheck.Purpose.ON_FILE})  # nobody is told that one was issued
LASTING_LIFE = timedelta(days=30)  # taken on the page of their link only, which holds 128 bits
FAILURES = 100  # to one address in a row: NIST SP 800-63B, 5.2.2


def _mac(check: IdentityCheck, use: str) -> bytes:
    text = f"{use}:{check.pk}:{check.issue}".encode()
    return hmac.new(settings.CODE_KEY.encode(), text, hashlib.sha256).digest()


def code_for(check: IdentityCheck) -> str:
    """Return the six digits of this issue."""
    return f"{int.from_bytes(_mac(check, 'code')[:8], 'big') % 10**6:06d}"


def link_secret(check: IdentityCheck) -> str:
    """Return the secret of the link: the check's id and 128 bits that only the mail holds."""
    return check.pk.hex + _mac(check, "link")[:16].hex()


def check_for_secret(secret: str) -> IdentityCheck | None:
    """Return the check a link belongs to, or None for anything foreign or mutated."""
    try:
        check = IdentityCheck.objects.select_related("submission").filter(pk=uuid.UUID(hex=secret[:32])).first()
    except ValueError:
        return None
    if check is None or not hmac.compare_digest(link_secret(check).encode(), secret.encode()):
        return None
    return check


def is_alive(check: IdentityCheck, at: datetime) -> bool:
    """Whether its code or link can still be used at this instant."""
    awaited = check.contact_id is None or check.purpose == IdentityCheck.Purpose.CHANGE  # somebody waits at the page
    life = LASTING_LIFE if check.purpose in LASTING else LONGEST_LIFE if awaited else CONTACT_LIFE
    if check.dead_at or check.passed_at or at >= check.issued_at + life:
        return False
    if at < check.issued_at - CLOCKS_DIFFER:  # the clock was set back since: the code would live as long again
        return False
    return life > LONGEST_LIFE or check.handed_over_at is None or at < check.handed_over_at + CODE_LIFE


def is_guessed_at(email_digest: str) -> bool:
    """Whether so many codes to this address were wrong in a row that only its mail's own link takes one."""
    checks = IdentityCheck.objects.filter(email_digest=email_digest)
    last = checks.aggregate(at=Max("passed_at"))["at"]
    wrong = checks.filter(passed_at=None, **({"issued_at__gt": last} if last else {}))
    return bool((wrong.aggregate(tries=Sum("tries"))["tries"] or 0) >= FAILURES)


def newest(submission: Submission, *, purpose: str, contact: Contact | None = None) -> IdentityCheck | None:
    """Return the newest code of this purpose that went to the address typed, or to the contact."""
    checks = IdentityCheck.objects.filter(submission=submission, purpose=purpose, contact=contact)
    return checks.order_by("-issue").first()


class Standing(StrEnum):
    """What became of the newest code."""

    NONE = "none"
    OUT = "out"
    USED_UP = "used_up"
    RUN_OUT = "run_out"


def standing(submission: Submission, *, purpose: str, at: datetime, contact: Contact | None = None) -> Standing:
    """Return whether a code can be typed now; a page says only what is so."""
    check = newest(submission, purpose=purpose, contact=contact)
    if check is None or check.passed_at or check.dead_at:
        return Standing.NONE
    if not is_alive(check, at):
        return Standing.RUN_OUT
    return Standing.OUT if check.tries < TRIES else Standing.USED_UP


def issue(
    submission: Submission, *, purpose: str, actor: Actor, at: datetime, contact: Contact | None = None
) -> IdentityCheck:
    """Issue a new code and owe its mail; the codes before it die. Raises Refused over the limit of this submission.

    It goes to the address typed, or to `contact`, another address of the same case.

    Links by which an address objects have no limit: whoever filled it would silence them.
    Over the limit of the address one is issued that nobody gets and nobody can type: anything else would tell a
    stranger who files with an address that others have written from it. Where nobody sees whether one was issued,
    Refused is raised, and the one that is alive stays alive: by its link a contact on file says no.
    Needs the caller's transaction with the submission locked.
    """
    address = contact.email_digest if contact else submission.email_digest
    if not address:
        raise Refused(_("No e-mail address is known here. Please phone or write to us; the case number helps."))
    hour = IdentityCheck.objects.filter(issued_at__gt=at - timedelta(hours=1))
    # One case asks for few other addresses, whichever they are: nobody has our mail sent to strangers by it.
    same = {"purpose": purpose} if purpose == IdentityCheck.Purpose.CHANGE else {"contact": contact}
    if purpose not in LASTING and hour.filter(submission=submission, **same).count() >= MAILS_PER_HOUR:
        raise Refused(_("Five codes have gone to this address within an hour. Please wait an hour and try again."))
    muted = purpose not in LASTING and hour.filter(email_digest=address).count() >= MAILS_PER_HOUR
    issued = IdentityCheck.objects.filter(submission=submission, purpose=purpose)
    last = issued.aggregate(number=Max("issue"))["number"]
    if muted and purpose in UNSEEN:
        raise Refused(_("Five codes have gone to this address within an hour. Please wait an hour and try again."))
    issued.filter(contact=contact, dead_at=None).update(dead_at=at)
    check = IdentityCheck.objects.create(
        submission=submission,
        purpose=purpose,
        contact=contact,
        issue=(last or 0) + 1,
        email_digest="" if muted else address,
        issued_at=at,
    )
    told = {"check": str(check.pk), "purpose": purpose} | ({"contact": str(contact.pk)} if contact else {})
    evidence.append(submission.pk, Kind.CODE_ISSUED, actor=actor, at=at, body=told)
    notice = owe(
        "code",
        submission=submission,
        contact=contact,
        occurrence=str(check.pk),
        context={"purpose": str(purpose)},
        at=at,
        check=check,
    )
    if muted:
        Notice.objects.filter(pk=notice.pk).update(delivery=Notice.Delivery.NONE, next_try_at=None)
    return check
