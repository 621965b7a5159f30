"""The certificate of an erasure: what was erased, made anonymous, kept and why, who says so, and what is left until
when. It claims what was said and asked again, nothing more, and names nobody. Below what proves it.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings

from requests_app.models import DataSubjectRequest, Decision, ErasureCertificate, ErasureItem, SourceAct
from requests_app.rules.erasure_plan import GOES
from requests_app.rules.response_deadline import received_on

from . import evidence
from .actors import Actor
from .evidence import Kind
from .owed_acts import AFTER_BACKUPS, AT_ONCE, DEPARTMENT, NEXT_DAY, Act, Status, acts_of, items_of
from .policies import policy_of
from .signing import public_key, sign

OCCASIONS = (AT_ONCE, NEXT_DAY, AFTER_BACKUPS)
FORMAT = 1  # of `body`; a reader refuses what it does not know


def issue(dsr: DataSubjectRequest, *, at: datetime) -> ErasureCertificate:
    """Write the next certificate and its evidence. Needs the caller's transaction with the request locked."""
    number = ErasureCertificate.objects.filter(dsr=dsr).count() + 1
    body = json.dumps(_body(dsr, number, at), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    raw = body.encode()
    made = ErasureCertificate.objects.create(
        dsr=dsr,
        number=number,
        issued_at=at,
        body=body,
        sha256=hashlib.sha256(raw).hexdigest(),
        ed25519=sign(raw).hex(),
    )
    said: dict[str, str | int] = {"number": number, "sha256": made.sha256}
    evidence.append(dsr.submission_id, Kind.CERTIFICATE_ISSUED, actor=Actor.system(), at=at, dsr_id=dsr.pk, body=said)
    return made


def upgrade(dsr: DataSubjectRequest, *, at: datetime) -> None:
    """Issue a certificate that says more, where every source was asked on a later occasion than the last one tells."""
    last = current(dsr)
    if last is None or len(proved(dsr)) > len(json.loads(last.body)["asked_again"]):
        issue(dsr, at=at)


def current(dsr: DataSubjectRequest) -> ErasureCertificate | None:
    """Return the certificate that counts; None where there is none, or none counts any more."""
    return ErasureCertificate.objects.filter(dsr=dsr, revoked_at=None).order_by("-number").first()


def revoke(dsr: DataSubjectRequest, *, at: datetime) -> None:
    """Take back what was certified: a source was found to hold data after all."""
    ErasureCertificate.objects.filter(dsr=dsr, revoked_at=None).update(revoked_at=at)


def outcome_of(dsr: DataSubjectRequest) -> str:
    """Return the outcome of the decision that was approved last."""
    decision = Decision.objects.filter(dsr=dsr, approved_at__isnull=False).order_by("-approved_at").first()
    return decision.outcome if decision else ""


def proved(dsr: DataSubjectRequest) -> list[str]:
    """Return the occasions on which every source that erased was asked again, and none held anything."""
    asked = acts_of(dsr).filter(act=Act.VERIFY)
    return [one for one in OCCASIONS if not asked.filter(occasion=one).exclude(status=Status.DONE).exists()]


def _body(dsr: DataSubjectRequest, number: int, at: datetime) -> dict[str, Any]:
    zone = policy_of(dsr.policy).time_zone
    items = list(items_of(dsr))
    last_done = max((item.done_at for item in items if item.done_at), default=None)
    return {
        "format": FORMAT,
        "case": str(dsr.submission_id),
        "request": str(dsr.pk),
        "number": number,
        "issued_at": at.isoformat(),
        "decided_at": dsr.answered_at.isoformat() if dsr.answered_at else "",
        "sources": [_source(dsr, act, items) for act in acts_of(dsr).filter(act=Act.PLAN)],
        "asked_again": proved(dsr),
        "backups": {
            "data_until": _ends(last_done, settings.BACKUP_DAYS, zone),
            "keys_until": _ends(last_done, settings.KEY_BACKUP_DAYS, zone),
        },
        "public_key": public_key(),
    }


def _ends(since: datetime | None, days: int, zone: str) -> str:
    return (received_on(since, zone) + timedelta(days=days)).isoformat() if since else ""


def _source(dsr: DataSubjectRequest, plan: SourceAct, items: list[ErasureItem]) -> dict[str, Any]:
    told = {act.occasion or act.act: act for act in acts_of(dsr).filter(alias=plan.alias).exclude(pk=plan.pk)}
    own = [item for item in items if item.alias == plan.alias]
    return {
        "source": plan.alias,
        "found": bool(own),
        "items": [_item(item) for item in own],
        "erased_by": _by(told.get(Act.ERASE)),
        "asked_again": {one: _again(told[one]) for one in OCCASIONS if one in told},
    }


def _item(item: ErasureItem) -> dict[str, Any]:
    return {
        "table": item.table,
        "label": item.label,
        "category": item.category,
        "before": item.records,
        "way": item.way,
        "records": item.done,
        "done_at": item.done_at.isoformat() if item.done_at else "",
        **({} if item.way in GOES else {"ground": item.ground, "until": _day(item.until_on)}),
    }


def _day(day: date | None) -> str:
    return day.isoformat() if day else ""


def _by(act: SourceAct | None) -> str:
    """Who says that it was erased: the source itself, the people of a department, or somebody of the team for it."""
    if act is None:
        return "nothing to erase"
    if act.attested_by_id:
        return "staff"
    return DEPARTMENT if DEPARTMENT in act.answer else "source"


def _again(act: SourceAct) -> Mapping[str, str]:
    if act.status != Status.DONE:
        return {"said": "", "at": ""}
    said = "attested" if "attested" in act.answer else "nothing left"
    return {"said": said, "at": act.finished_at.isoformat() if act.finished_at else ""}
