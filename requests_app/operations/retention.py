"""Destroy what its period has ended for: released packages first."""

from datetime import datetime, timedelta

from django.db import transaction

from requests_app.models import AnswerFile, DisclosurePackage

from . import evidence, files
from .actors import Actor
from .evidence import Kind


def destroy_package(package: DisclosurePackage, *, at: datetime) -> int:
    """Destroy the files of an ended package; returns how many. Safe to repeat after a crash midway."""
    gone = 0
    for row in AnswerFile.objects.filter(dsr=package.dsr, destroyed_at=None):
        files.destroy(row.pk)
        with transaction.atomic():
            evidence.append(
                package.dsr.submission_id,
                Kind.PACKAGE_DESTROYED,
                actor=Actor.system(),
                at=at,
                dsr_id=package.dsr_id,
                body={"file": str(row.pk), "sha256": row.sha256},
            )
            AnswerFile.objects.filter(pk=row.pk).update(destroyed_at=at)
        gone += 1
    return gone


def apply(now: datetime) -> int:
    """Destroy what is due by now; returns how many things went."""
    ended = DisclosurePackage.objects.filter(
        expires_at__lte=now - timedelta(days=1), dsr__answer_files__destroyed_at=None
    ).select_related("dsr")
    return sum(destroy_package(package, at=now) for package in ended.distinct()[:50])
