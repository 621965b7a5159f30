"""Staff, a policy and a handful of requests to look at. Exists in the demo only."""

import base64
import hashlib
import hmac
import uuid
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError

from requests_app import clock
from requests_app.models import DataSubjectRequest, Submission
from requests_app.operations import decision, desk, erasure, identity, intake, policies
from requests_app.operations.actors import Actor
from requests_app.operations.on_behalf import Behalf
from requests_app.operations.sweeps import SWEEPS
from requests_app.operations.team import APPROVER, HANDLER, IDENTITY, OFFICER, ROLES
from requests_app.rules.authority import Kind

STAFF = (
    ("petra", "Petra", "Rossi", OFFICER),
    ("bruno", "Bruno", "Weber", HANDLER),
    ("ada", "Ada", "Kone", APPROVER),
    ("ines", "Ines", "Marin", IDENTITY),
    ("ivo", "Ivo", "Sander", IDENTITY),
)
LETTER = {
    "letter": "Here is what we hold about you. The file lists every system in which we looked.",
    "ground": "", "facts": "", "scope": "", "identity_match": "Code, and the address in the customer file.",
}  # fmt: skip


class Case(NamedTuple):
    """One filing of the past: who, what, how many days ago, and what became of it."""

    name: str
    email: str
    rights: tuple[str, ...]
    ago: int
    confirmed: bool = True
    handler: str = ""
    answered_after: int | None = None  # days
    behalf: Behalf | None = None  # for whom it was filed, if not for themselves
    details: str = ""
    erased_after: int | None = None  # days until an erasure was confirmed a second time


PAPER = ("authority.pdf", b"%PDF-1.4\n% A letter of the demonstration: it authorises nobody.\n")
CASES = (
    Case("Luca Moretti", "luca@example.org", ("access",), 78, answered_after=6, handler="bruno"),
    Case("Elif Aydin", "elif@example.net", ("deletion",), 66, answered_after=11, handler="petra", erased_after=1),
    Case("Jonas Lind", "jonas@example.com", ("access",), 57, answered_after=4, handler="bruno"),
    Case("Clara Haddad", "clara@example.org", ("correction",), 45, answered_after=3, handler="bruno"),
    Case("Paul Girard", "paul@example.net", ("access",), 38, answered_after=16, handler="petra"),
    Case("Eva Horvat", "eva@example.com", ("portability",), 30, answered_after=8, handler="bruno"),
    Case("Karl Olsen", "karl@example.org", ("deletion",), 24, answered_after=12, handler="petra", erased_after=2),
    Case("Ana Bianchi", "ana@example.org", ("deletion",), 17, handler="bruno", erased_after=1),
    Case("Marta Diaz", "marta@example.net", ("access",), 15, handler="petra"),
    Case("Nina Petrova", "nina@example.com", ("access",), 12, answered_after=5, handler="bruno"),
    Case("Irene Conti", "irene@example.org", ("correction",), 9),
    Case("Lena Fischer", "lena@example.com", ("access", "portability"), 6, handler="bruno"),
    Case("Sofia Lindqvist", "sofia@example.net", ("deletion",), 5, handler="bruno", erased_after=4),
    Case("Hugo Keller", "hugo@example.com", ("deletion",), 3, handler="petra"),
    Case("Samuel Novak", "samuel@example.org", ("marketing_optout",), 2),
    Case("Rosa Lang", "rosa@example.com", ("access",), 3, handler="bruno", details="My customer number is C-1004."),
    Case("Rita Sommer", "rita@consumer-agents.example", ("access", "portability"), 4, handler="bruno",
         behalf=Behalf(Kind.AGENT, "Ida Sommer", "ida@example.org", document=PAPER)),
    Case("Marco Ferri", "marco@example.com", ("deletion",), 3,
         behalf=Behalf(Kind.GUARDIAN, "Leo Ferri", born_on=date(2015, 6, 9), document=PAPER)),
    Case("Tom Berg", "tom@example.com", ("access",), 1, confirmed=False),
)  # fmt: skip
DAYS = 80  # of the past that are lived through


class Command(BaseCommand):
    """`manage.py load_demo`; any number of times."""

    help = "Demo staff, policy and requests. Refused outside the demo."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the demo sign-ins."""
        if not settings.DEMO:
            raise CommandError("This is not the demo (DEMO is off): nothing was loaded.")
        groups = {role: Group.objects.get_or_create(name=role)[0] for role in ROLES}
        staff = {}
        for name, first, last, role in STAFF:
            user, new = get_user_model().objects.get_or_create(
                username=name, defaults={"first_name": first, "last_name": last, "is_staff": True}
            )
            user.groups.add(groups[role])
            password = demo_password(name)
            if new or not user.check_password(password):
                user.set_password(password)
                user.save(update_fields=["password"])
            _set_up_app(user)
            staff[name] = user
            self.stdout.write(f"{name:6} {password}   {role}")
        if intake.current_policy() is None:
            text = (settings.BASE_DIR / "policies" / "digital-assets.toml").read_text(encoding="utf-8")
            published = clock.now() - timedelta(days=DAYS + 1)
            policies.load(text, prepared_by=staff["petra"], approved_by=staff["ada"], at=published)
        if not Submission.objects.exists():
            _live_through(staff)


def demo_password(name: str) -> str:
    """The same at every start of this demo, another one in every other: drawn from its secret key."""
    return hmac.new(settings.SECRET_KEY.encode(), f"demo:{name}".encode(), hashlib.sha256).hexdigest()[:12]


def _set_up_app(user: Any) -> None:
    """Give them an app whose codes /demo/codes/ shows, unless somebody tries a device of their own."""
    if Authenticator.objects.filter(user=user).exists():
        return
    drawn = hmac.new(settings.SECRET_KEY.encode(), f"demo-app:{user.username}".encode(), hashlib.sha256).digest()
    device = TOTP.activate(user, base64.b32encode(drawn[:20]).decode()).instance
    device.data["demo"] = True
    device.save(update_fields=["data"])


def _live_through(staff: Any) -> None:
    """Day after day as it would have been: filed, mailed, confirmed, assigned, reminded, answered."""
    today = clock.now()
    for ago in range(DAYS, -1, -1):
        at = today - timedelta(days=ago)
        for case in CASES:
            if case.ago == ago:
                _file(case, staff, at)
            if case.erased_after is not None and case.ago - case.erased_after == ago:
                _confirm_erasure(case, at)
            if case.answered_after is not None and case.ago - case.answered_after == ago:
                _answer(case, staff, at)
        for sweep in ("enforce_deadlines", "carry_out_acts", "deliver_notices"):
            SWEEPS[sweep](at)


def _file(case: Case, staff: Any, at: datetime) -> None:
    behalf = case.behalf
    if behalf and behalf.kind == Kind.AGENT:
        behalf = replace(behalf, ends_on=at.date() + timedelta(days=90))
    filing = intake.Filing(_key(case), case.rights, case.name, case.email, case.details, "en", behalf=behalf)
    submission = intake.receive(filing, channel=Submission.Channel.WEB, actor=_filer(case), at=at)
    SWEEPS["deliver_notices"](at)
    soon = at + timedelta(minutes=4)
    check = submission.identity_checks.first()
    if case.confirmed and check is not None:
        code = identity.code_for(check)
        identity.confirm(submission, purpose=check.purpose, code=code, actor=_filer(case), at=soon)
        for minutes, sweep in enumerate(("run_steps", "read_sources", "check_others", "build_packages")):
            SWEEPS[sweep](soon + timedelta(minutes=minutes))
    for dsr in submission.requests.all():
        if case.handler:
            desk.assign(dsr, assignee=staff[case.handler], actor=Actor.staff(staff["petra"]), at=soon)


def _filer(case: Case) -> Actor:
    return Actor.agent() if case.behalf else Actor.person()


def _confirm_erasure(case: Case, at: datetime) -> None:
    for dsr in DataSubjectRequest.objects.filter(submission__form_key=_key(case), right="deletion"):
        check = erasure.issue_code(dsr, actor=Actor.person(), at=at)
        SWEEPS["deliver_notices"](at)
        code, soon = identity.code_for(check), at + timedelta(minutes=4)
        erasure.confirm(dsr, code=code, actor=_filer(case), at=soon)
        SWEEPS["carry_out_acts"](soon + timedelta(minutes=1))  # each source says what it would reach


def _answer(case: Case, staff: Any, at: datetime) -> None:
    handler, approver = Actor.staff(staff[case.handler]), Actor.staff(staff["ada"])
    for dsr in DataSubjectRequest.objects.filter(submission__form_key=_key(case)):
        made = decision.decide(dsr, outcome="done", actor=handler, at=at, **LETTER)
        decision.approve(dsr, digest=made.content_digest, actor=approver, at=at + timedelta(minutes=2))


def _key(case: Case) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"demo:{case.email}")
