"""Petra (privacy officer), Bruno (handler), Ada (approver), Otto (outsider), and what Ana filed."""

import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, User

from requests_app import clock
from requests_app.models import DataSubjectRequest
from requests_app.operations import identity, intake, policies
from requests_app.operations.actors import Actor

POLICY = Path(__file__).parents[2] / "policies" / "digital-assets.toml"


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    settings.STATIC_ROOT = str(tmp_path)  # whitenoise warns where it does not exist


@pytest.fixture
def staff(db):
    people = {}
    for name, role in (("petra", "privacy officer"), ("bruno", "handler"), ("ada", "approver"), ("otto", None)):
        people[name] = User.objects.create_user(name, password="x", is_staff=True)
        if role:
            people[name].groups.add(Group.objects.get_or_create(name=role)[0])
    at = clock.now() - timedelta(days=40)
    policies.load(POLICY.read_text(), prepared_by=people["petra"], approved_by=people["ada"], at=at)
    return people


@pytest.fixture
def sign_in(client, staff):
    def as_(name):
        client.force_login(staff[name])
        return client

    return as_


@pytest.fixture
def file_request(staff):
    def file_(right="access", *, ago=2, email="ana@example.org", details="", confirm=True):
        at = clock.now() - timedelta(days=ago)
        filing = intake.Filing(
            form_key=uuid.uuid4(), rights=(right,), name="Ana Bianchi", email=email, details=details, language="en"
        )
        submission = intake.receive(filing, channel="web", actor=Actor.person(), at=at)
        check = submission.identity_checks.first()
        if confirm and check:
            soon = at + timedelta(minutes=2)
            code = identity.code_for(check)
            assert identity.confirm(submission, purpose="verify", code=code, actor=Actor.person(), at=soon)
        return DataSubjectRequest.objects.get(submission=submission)

    return file_
