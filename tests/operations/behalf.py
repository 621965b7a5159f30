"""Bruno files for Ana, and what each of them does then."""

import uuid
from datetime import date, timedelta

from django.db import transaction

from requests_app.models import EvidenceEvent, IdentityCheck, Submission
from requests_app.operations import assurance, authority, find, identity, intake, on_behalf
from requests_app.operations.actors import Actor
from requests_app.operations.contacts import add_contact
from requests_app.operations.intake import Filing
from requests_app.operations.on_behalf import Behalf
from requests_app.rules.authority import Kind
from tests.people import NOON, staff

BRUNO = Actor.agent()
ANA = Actor.person()
PAPER = ("letter.pdf", b"%PDF-1.4 I authorise Bruno.")
UNTIL = date(2026, 12, 31)
DAY = timedelta(days=1)


def bruno_files(*rights, at=NOON, sure=True, **changes):
    """Bruno, an agent, files for Ana and shows that his own address is his."""
    email, details = changes.pop("agent", "bruno@agents.example"), changes.pop("details", "")
    about = {"kind": Kind.AGENT, "name": "Ana Example", "email": "ana@example.org", "ends_on": UNTIL}
    behalf = Behalf(**{**about, "document": PAPER, **changes})
    filing = Filing(uuid.uuid4(), rights, "Bruno Agent", email, details, "en", behalf=behalf)
    submission = intake.receive(filing, channel="web", actor=BRUNO, at=at)
    if sure:
        shows_address(submission, at=at)
    return Submission.objects.get(pk=submission.pk)


def shows_address(submission, at=NOON):
    check = submission.identity_checks.filter(purpose="verify").latest("issue")
    assert identity.confirm(submission, purpose="verify", code=identity.code_for(check), actor=BRUNO, at=at)


def types_code(address="ana@example.org", at=NOON):
    """Whoever reads this mail looks for what was filed in their name."""
    find.request_code(address, at=at)
    newest = IdentityCheck.objects.filter(purpose="find").order_by("-issued_at", "-issue")[0]
    return find.confirm(address, code=identity.code_for(newest), at=at)


def ana_says_yes(submission, *, at=NOON, address="ana@example.org", package_to="person", scope=None):
    types_code(address, at=at)
    row = submission.authority
    return authority.confirm(row, scope=scope or row.scope, package_to=package_to, actor=ANA, at=at)


def two_accept(submission, *, at=NOON, to_agent=False):
    authority.propose(submission.authority, actor=Actor.staff(staff("petra", "privacy officer")), at=at)
    return authority.accept(submission.authority, to_agent=to_agent, actor=Actor.staff(staff("ada", "approver")), at=at)


def knows_on_file(submission, address="ana@on-file.example"):
    with transaction.atomic():
        add_contact(submission, role="on_file", address=address, source="crm", actor=Actor.system(), at=NOON)
        on_behalf.ask_person(Submission.objects.get(pk=submission.pk), actor=Actor.system(), at=NOON)


def obstacles(submission, right="access", at=NOON):
    return assurance.obstacles(submission.requests.select_related("submission", "policy").get(right=right), at=at)


def kinds(submission):
    return list(EvidenceEvent.objects.filter(submission=submission).values_list("kind", flat=True))
