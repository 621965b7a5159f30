"""Destroy what its period has ended for, of all that shows who asks: documents, papers, sign-ins. Proofs go first."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Max, Q, QuerySet

from requests_app.models import Authority, PolicyVersion, ProofDocument, SignIn, Submission
from requests_app.rules.lifecycle import ENDED, State

from . import evidence, files
from .actors import Actor
from .evidence import Kind
from .policies import policy_of
from .transition import lock, reschedule

BATCH = 50


def destroy_document(document: ProofDocument, *, at: datetime) -> bool:
    """Destroy the pages, then say so; False where another sweep did. Safe to repeat after a crash midway."""
    files.destroy(document.pk)
    with transaction.atomic():
        dsr = lock(document.proof.dsr)
        if not ProofDocument.objects.filter(pk=document.pk, destroyed_at=None).update(destroyed_at=at, pages=0):
            return False
        evidence.append(
            dsr.submission_id,
            Kind.DOCUMENT_DESTROYED,
            actor=Actor.system(),
            at=at,
            dsr_id=dsr.pk,
            body={"document": str(document.pk), "result": document.result, "commitment": document.commitment},
        )
        if dsr.is_open:
            reschedule(dsr, at=at)  # whose document went undecided is asked again
        return True


def documents_due(now: datetime) -> list[ProofDocument]:
    """Return what is decided about, what belongs to a request that has ended, and what lay for thirty days."""
    due = Q(destroy_at__lte=now) | Q(proof__dsr__state__in=sorted(ENDED))
    rows = ProofDocument.objects.filter(due, destroyed_at=None).select_related("proof__dsr")
    return list(rows.order_by("destroy_at", "pk")[:BATCH])


def destroy_paper(authority: Authority, *, at: datetime) -> bool:
    """Destroy the paper of an authority; False where another sweep did. Safe to repeat after a crash midway."""
    files.destroy(authority.pk)
    with transaction.atomic():
        Submission.objects.select_for_update().only("pk").get(pk=authority.submission_id)
        if not Authority.objects.filter(pk=authority.pk, destroyed_at=None).update(destroyed_at=at):
            return False
        body = {"document": str(authority.pk), "commitment": authority.document_sha256}
        evidence.append(authority.submission_id, Kind.DOCUMENT_DESTROYED, actor=Actor.system(), at=at, body=body)
        return True


def papers_due(now: datetime) -> list[Authority]:
    """Return the papers of cases that ended as long ago as their policy keeps proofs."""
    return _proofs_due(Authority.objects.filter(destroyed_at=None).exclude(document_sha256=""), now)


def forget_sign_ins(now: datetime) -> int:
    """Forget with which account at the provider a case was confirmed: it links the cases of one person."""
    due = _proofs_due(SignIn.objects.all(), now)
    return SignIn.objects.filter(pk__in=[row.pk for row in due]).delete()[0]


def _proofs_due(rows: "QuerySet[Any]", now: datetime) -> list[Any]:
    """Those of cases that ended as long ago as their policy keeps proofs; each has one `submission`.

    Asked policy by policy: the cases of one that keeps them long must not stand before those of the others.
    """
    ended = rows.select_related("submission").exclude(submission__requests__state__in=sorted(set(State) - ENDED))
    due: list[Any] = []
    for policy in PolicyVersion.objects.all():
        before = now - timedelta(days=policy_of(policy).retention.proof_days)
        of_policy = ended.filter(submission__policy=policy)
        oldest = of_policy.annotate(case_ended_at=Max("submission__requests__answered_at"))
        due += oldest.filter(case_ended_at__lte=before).order_by("case_ended_at", "pk")[:BATCH]
    return due


def forget_sessions(now: datetime) -> None:
    """Drop sessions that are over: some hold keyed digests of addresses."""
    Session.objects.filter(expire_date__lt=now).delete()


def apply(now: datetime) -> int:
    """Destroy what is due by now; returns how many things went."""
    documents = sum(destroy_document(document, at=now) for document in documents_due(now))
    papers = sum(destroy_paper(authority, at=now) for authority in papers_due(now))
    return documents + papers + forget_sign_ins(now)
