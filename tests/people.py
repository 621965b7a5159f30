"""The people of the tests, and what they file."""

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group, User

from requests_app.models import DataSubjectRequest, Heartbeat, IdentityCheck, PolicyVersion, Submission
from requests_app.operations import erasure, identity, intake, liveness, policies
from requests_app.operations.actors import Actor

POLICY = Path(__file__).parent.parent / "policies" / "digital-assets.toml"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def staff(name: str, *roles: str) -> User:
    """An account with an address and the named roles."""
    user, _ = User.objects.get_or_create(
        username=name, defaults={"email": f"{name}@controller.example", "is_staff": True}
    )
    for role in roles:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    return user


def published_policy() -> PolicyVersion:
    """The policy of the platform for digital assets, published by Petra and Ada."""
    petra, ada = staff("petra", "privacy officer"), staff("ada", "approver")
    return policies.load(POLICY.read_text(), prepared_by=petra, approved_by=ada, at=NOON)


def ana_files(*rights: str, at: datetime = NOON, **changes: Any) -> Submission:
    """Ana files in a browser."""
    filing = {
        "form_key": uuid.uuid4(),
        "rights": rights or ("access",),
        "name": "Ana Example",
        "email": "ana@example.org",
        "details": "",
        "language": "en",
    } | changes
    return intake.receive(intake.Filing(**filing), channel=changes.pop("channel", "web"), actor=Actor.person(), at=at)


def confirms(submission: Submission, *, at: datetime = NOON) -> None:
    """Ana types the code of the acknowledgement."""
    check = IdentityCheck.objects.filter(submission=submission, purpose="verify").latest("issue")
    code = identity.code_for(check)
    assert identity.confirm(submission, purpose="verify", code=code, actor=Actor.person(), at=at)


def confirms_erasure(dsr: DataSubjectRequest, *, at: datetime = NOON) -> DataSubjectRequest:
    """Ana says a second time, with a code of its own, that her data are to be deleted."""
    check = erasure.issue_code(dsr, actor=Actor.person(), at=at)
    confirmed = erasure.confirm(dsr, code=identity.code_for(check), actor=Actor.person(), at=at)
    assert confirmed is not None
    return confirmed


def signs_of_life(at: datetime, *, without: str = "") -> None:
    """Every queue and sweep was alive at this instant, but for one."""
    for name in {*liveness.JUDGED, *liveness.SWEEPS} - {without}:
        Heartbeat.objects.update_or_create(pk=name, defaults={"last_at": at})
