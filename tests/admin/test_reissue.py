"""An officer makes the files of an answer available again, once their period has ended."""

from datetime import timedelta

import pytest
from django.utils import timezone

from requests_app.models import DisclosurePackage, EvidenceEvent
from tests import packages
from tests.people import ana_files, confirms, published_policy, staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def dsr(settings, tmp_path):
    """Ana's request, answered with a package."""
    settings.FILES_DIR = tmp_path
    published_policy()
    at = timezone.now()
    submission = ana_files("access", at=at)
    confirms(submission, at=at)
    dsr = submission.requests.select_related("submission", "policy").get()
    packages.made(dsr, b"PK", at=at)
    return packages.released(dsr, at=at)


def test_the_button_is_there_once_the_period_has_ended_and_works(client, dsr):
    client.force_login(staff("petra", "privacy officer"))
    case = f"/admin/requests_app/datasubjectrequest/{dsr.pk}"
    assert "Make the files available again" not in client.get(f"{case}/change/").content.decode()
    DisclosurePackage.objects.update(expires_at=timezone.now() - timedelta(days=1))
    assert "Make the files available again" in client.get(f"{case}/change/").content.decode()
    client.post(f"/admin/requests_app/datasubjectrequest/{dsr.pk}/do/reissue/")
    assert DisclosurePackage.objects.get().expires_at > timezone.now() + timedelta(days=29)
    event = EvidenceEvent.objects.get(kind="package_reissued")
    assert event.actor_role == "staff"
    assert "made available again" in client.get(f"{case}/change/").content.decode()


def test_after_the_destruction_it_says_why_not(client, dsr):
    client.force_login(staff("petra", "privacy officer"))
    DisclosurePackage.objects.update(expires_at=timezone.now() - timedelta(days=15))
    answer = client.post(f"/admin/requests_app/datasubjectrequest/{dsr.pk}/do/reissue/", follow=True)
    assert "or they are destroyed" in answer.content.decode()
    assert not EvidenceEvent.objects.filter(kind="package_reissued").exists()
