"""Publish a policy version, and find the one in force."""

import hashlib
from datetime import datetime
from functools import lru_cache

from django.contrib.auth.models import User
from django.db import transaction

from requests_app.models import PolicyVersion
from requests_app.rules.policy import Policy, parse
from requests_app.rules.response_deadline import Deadline, Rule, compute, received_on

from .refused import Refused


@lru_cache(maxsize=32)
def _parsed(text: str) -> Policy:
    return parse(text)


def policy_of(version: PolicyVersion) -> Policy:
    """Return the parsed policy; a text is parsed once per process."""
    return _parsed(version.text)


def current() -> PolicyVersion | None:
    """Return the version published last."""
    return PolicyVersion.objects.order_by("-published_at", "-version").first()


def load(text: str, *, prepared_by: User, approved_by: User, at: datetime) -> PolicyVersion:
    """Publish a policy file; raises PolicyError with every mistake, and loads nothing then."""
    policy = parse(text)
    if prepared_by.pk == approved_by.pk:
        raise Refused("A policy is published by two people: name another approver.")
    digest = hashlib.sha256(text.encode()).hexdigest()
    with transaction.atomic():
        last = PolicyVersion.objects.filter(key=policy.key).order_by("-version").first()
        if last is not None and last.sha256 == digest and last == current():
            return last
        return PolicyVersion.objects.create(
            key=policy.key,
            version=last.version + 1 if last else 1,
            text=text,
            sha256=digest,
            prepared_by=prepared_by,
            approved_by=approved_by,
            published_at=at,
        )


def rule_of(policy: Policy) -> Rule:
    """Return the promise of the policy as a rule of the engine."""
    return Rule(
        unit=policy.counting,  # type: ignore[arg-type]  # parse() admits the engine's words only
        count=policy.response_days,
        day_of_receipt=policy.day_of_receipt,  # type: ignore[arg-type]
        roll_over=policy.roll_over,  # type: ignore[arg-type]
        missing_month_day=policy.missing_month_day,  # type: ignore[arg-type]
        cite=policy.source("response_days"),
    )


def deadline_from(version: PolicyVersion, *, at: datetime) -> Deadline:
    """Return the explained due date of something received at this instant, in the controller's zone."""
    policy = policy_of(version)
    return compute(received_on(at, policy.time_zone), rule_of(policy))
