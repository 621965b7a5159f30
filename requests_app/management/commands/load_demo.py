"""Staff, a policy and a handful of requests to look at. Exists in the demo only."""

import hashlib
import hmac
import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError

from requests_app import clock
from requests_app.models import Submission
from requests_app.operations import desk, identity, intake, policies
from requests_app.operations.actors import Actor
from requests_app.operations.refused import Refused
from requests_app.operations.team import APPROVER, HANDLER, OFFICER, ROLES

STAFF = (("petra", "Petra", "Rossi", OFFICER), ("bruno", "Bruno", "Weber", HANDLER), ("ada", "Ada", "Kone", APPROVER))
# name, address, rights, days ago, confirmed, handler
CASES = (
    ("Ana Bianchi", "ana@example.org", ("deletion",), 17, True, "bruno"),
    ("Marta Diaz", "marta@example.net", ("access",), 15, True, "petra"),
    ("Lena Fischer", "lena@example.com", ("access", "portability"), 6, True, "bruno"),
    ("Samuel Novak", "samuel@example.org", ("marketing_optout",), 2, False, ""),
    ("Irene Conti", "irene@example.org", ("correction",), 9, True, ""),
    ("Tom Berg", "tom@example.com", ("access",), 1, False, ""),
)


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
            user, _ = get_user_model().objects.get_or_create(
                username=name, defaults={"first_name": first, "last_name": last, "is_staff": True}
            )
            user.groups.add(groups[role])
            password = demo_password(name)
            if not user.check_password(password):
                user.set_password(password)
                user.save(update_fields=["password"])
            staff[name] = user
            self.stdout.write(f"{name:6} {password}   {role}")
        if intake.current_policy() is None:
            text = (settings.BASE_DIR / "policies" / "digital-assets.toml").read_text(encoding="utf-8")
            published = clock.now() - timedelta(days=60)
            policies.load(text, prepared_by=staff["petra"], approved_by=staff["ada"], at=published)
        for case in CASES:
            _file(staff, *case)


def demo_password(name: str) -> str:
    """The same at every start of this demo, another one in every other: drawn from its secret key."""
    return hmac.new(settings.SECRET_KEY.encode(), f"demo:{name}".encode(), hashlib.sha256).hexdigest()[:12]


def _file(staff: Any, name: str, email: str, rights: tuple[str, ...], ago: int, confirmed: bool, handler: str) -> None:
    key = uuid.uuid5(uuid.NAMESPACE_URL, f"demo:{email}")
    if Submission.objects.filter(form_key=key).exists():
        return
    at = clock.now() - timedelta(days=ago)
    filing = intake.Filing(form_key=key, rights=rights, name=name, email=email, details="", language="en")
    submission = intake.receive(filing, channel=Submission.Channel.WEB, actor=Actor.person(), at=at)
    check = submission.identity_checks.order_by("-issue").first()
    if confirmed and check is not None:
        soon = at + timedelta(minutes=4)
        try:
            identity.confirm(
                submission, purpose=check.purpose, code=identity.code_for(check), actor=Actor.person(), at=soon
            )
        except Refused:
            return  # stays unconfirmed: nothing the tour needs
    if handler:
        for dsr in submission.requests.all():
            who = staff[handler]
            desk.assign(dsr, assignee=who, actor=Actor.staff(staff["petra"]), at=at + timedelta(hours=1))
