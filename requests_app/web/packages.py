"""What the card of a request shows of the files of its answer, as long as they are there and after."""

import json
from collections import Counter
from datetime import datetime
from typing import Any

from requests_app.models import AnswerFile, DataSubjectRequest, DisclosurePackage, EvidenceEvent, FulfilmentStep
from requests_app.operations import release
from requests_app.operations.evidence import Kind

NONE: dict[str, Any] = {"package": None, "package_over": None}


def of(dsr: DataSubjectRequest, *, at: datetime) -> dict[str, Any]:
    """`package`: what can be downloaded now; `package_over`: what could be, and whether it comes back."""
    package = getattr(dsr, "package", None)
    if package is None:
        return NONE
    if package.expires_at > at and (files := _files(package)):
        made = any(file["made"] for file in files)
        there = {"files": files, "expires_at": package.expires_at, "made": made}
        return {"package": there | {"systems": _systems(package) if made else 0}, "package_over": None}
    return NONE | {"package_over": _over(package, at=at)}


def _files(package: DisclosurePackage) -> list[dict[str, Any]]:
    fetched = _fetched(package.dsr)
    return [
        {
            "id": file.pk,
            "name": file.name,
            "size": file.size,
            "sha256": file.sha256,
            "fetched": fetched[str(file.pk)],
            "made": file.kind == AnswerFile.Kind.PACKAGE,
        }
        for file in package.offered.select_related("dsr").order_by("attached_at", "pk")
    ]


def _fetched(dsr: DataSubjectRequest) -> Counter[str]:
    """How often the download of each file was begun."""
    events = EvidenceEvent.objects.filter(submission_id=dsr.submission_id, dsr_id=dsr.pk, kind=Kind.DOWNLOADED)
    bodies = [json.loads(body) for body in events.values_list("body", flat=True)]
    return Counter(body["file"] for body in bodies if not body.get("from"))


def _systems(package: DisclosurePackage) -> int:
    """How many of our systems held something, of the clock that the release ended."""
    steps = FulfilmentStep.objects.filter(dsr=package.dsr_id, opened_at__lte=package.released_at)
    newest = steps.order_by("-opened_at").values("opened_at")[:1]
    return steps.filter(opened_at=newest, status=FulfilmentStep.Status.FOUND).count()


def _over(package: DisclosurePackage, *, at: datetime) -> dict[str, Any]:
    there = release.is_over(package, at=at)
    return {
        "ended_at": package.expires_at,
        "gone_at": release.gone_at(package) if there else None,
        "can_again": there and release.may_reissue(package.dsr, at=at),
    }
