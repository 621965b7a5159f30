"""Publish a policy version with the laws that bind it, find the one in force, and count by it."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction

from requests_app.models import PolicyVersion
from requests_app.models.staff import same_person
from requests_app.rules import regime as regime_file
from requests_app.rules.policy import Mistake, Policy, PolicyError
from requests_app.rules.policy_file import parse
from requests_app.rules.promise import promise_of
from requests_app.rules.regime import Regime
from requests_app.rules.response_deadline import Rule, received_on
from requests_app.rules.three_dates import UNCHANGED, Changes, Law, ThreeDates, three_dates

from . import calendars
from .refused import Refused

_parsed = lru_cache(maxsize=32)(parse)
_regime = lru_cache(maxsize=64)(regime_file.parse)


def policy_of(version: PolicyVersion) -> Policy:
    """Return the parsed policy; a text is parsed once per process."""
    return _parsed(version.text)


def regimes_of(version: PolicyVersion) -> dict[str, Regime]:
    """Return the laws as they were frozen in this version; none in one published before they were kept."""
    return {key: _regime(text) for key, text in (version.regimes or {}).items()}


def regime_texts(folder: Path | None = None) -> dict[str, str]:
    """Return the regime files by name; those that ship with the portal, if no folder is named."""
    folder = folder or Path(settings.BASE_DIR) / "policies" / "regimes"
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.toml"))}


def current() -> PolicyVersion | None:
    """Return the version published last."""
    return PolicyVersion.objects.order_by("-published_at", "-version").first()


def load(
    text: str, *, prepared_by: User, approved_by: User, at: datetime, regimes: Mapping[str, str] | None = None
) -> PolicyVersion:
    """Publish a policy file, with the regime files it names frozen in it; raises PolicyError with every mistake."""
    version = draft(text, regimes=regimes)
    if same_person(prepared_by, approved_by):
        raise Refused("A policy is published by two people: name another approver.")
    with transaction.atomic():
        last = PolicyVersion.objects.filter(key=version.key).order_by("-version").first()
        if last is not None and last.sha256 == version.sha256 and last == current():
            return last
        version.version = last.version + 1 if last else 1
        version.prepared_by, version.approved_by, version.published_at = prepared_by, approved_by, at
        version.save(force_insert=True)
        return version


def draft(text: str, *, regimes: Mapping[str, str] | None = None) -> PolicyVersion:
    """Return what publishing this file would store, stored nowhere; raises PolicyError with every mistake."""
    files = regime_texts() if regimes is None else regimes
    policy = _checked(text, files)
    _refuse_unversioned(policy)
    frozen = {key: files[key] for key in sorted(policy.regimes)}
    digest = hashlib.sha256((text + json.dumps(frozen, sort_keys=True)).encode()).hexdigest()
    return PolicyVersion(key=policy.key, text=text, regimes=frozen, sha256=digest)


def _refuse_unversioned(policy: Policy) -> None:
    """Refuse another text or mode of a purpose under a version that was published: whoever agreed to it did not
    agree to this one (P28). The new version says in `still_counts` whether the change leaves their yes alone."""
    published = [policy_of(version) for version in PolicyVersion.objects.filter(key=policy.key)]
    earlier = {(p.key, p.text_version): p.sha256 for each in published for p in each.purposes}
    mistakes = tuple(
        Mistake(f"purposes.{p.key}.text_version", f"is {p.text_version!r}, published with another text or mode")
        for p in policy.purposes
        if earlier.get((p.key, p.text_version), p.sha256) != p.sha256
    )
    if mistakes:
        raise PolicyError(mistakes)


def _checked(text: str, files: Mapping[str, str]) -> Policy:
    """Read the policy against the regime files; the mistakes of both are told at once."""
    known, mistakes = {}, []
    for name, file in files.items():
        try:
            law = _regime(file)
        except PolicyError as error:
            mistakes += [Mistake(f"regimes/{name}: {m.place}", m.reason) for m in error.mistakes]
            continue
        known[name] = law
        if law.key != name:
            mistakes.append(Mistake(f"regimes/{name}: key", f"is {law.key!r}, which is not the name of the file"))
        if law.holidays and not calendars.place_known(law.holidays):
            mistakes.append(Mistake(f"regimes/{name}: calendar.holidays", f"not known to {calendars.SOURCE}"))
    try:
        policy = parse(text, known)
    except PolicyError as error:
        raise PolicyError((*mistakes, *error.mistakes)) from error
    if policy.holidays and not calendars.place_known(policy.holidays):
        mistakes.append(Mistake("holidays", f"not known to {calendars.SOURCE}"))
    if mistakes:
        raise PolicyError(tuple(mistakes))
    return policy


def rule_of(policy: Policy) -> Rule:
    """Return the promise of the policy as a rule of the engine."""
    return promise_of(policy)


def dates_told(dates: ThreeDates) -> dict[str, str]:
    """Return the three dates as evidence, with the version of the holidays that they were counted with."""
    return {
        "due_on": dates.due_on.isoformat(),
        "statutory_on": dates.statutory_on.isoformat() if dates.statutory_on else "",
        "cautious_on": dates.cautious_on.isoformat(),
        "calendar": calendars.SOURCE,
    }


def deadline_from(version: PolicyVersion, *, at: datetime, right: str = "", changes: Changes = UNCHANGED) -> ThreeDates:
    """Return the three explained dates of something received at this instant; the dates are the controller's."""
    policy = policy_of(version)
    day = received_on(at, policy.time_zone)
    laws = laws_of(version, policy, at=at)
    own = calendars.of_policy(policy, day)
    return three_dates(day, rule_of(policy), laws, right=right, calendar=own, changes=changes)


def laws_of(version: PolicyVersion, policy: Policy, *, at: datetime) -> list[Law]:
    """Return the laws frozen in the version, each with its calendar and its own local date of this receipt."""
    day = received_on(at, policy.time_zone)
    return [
        Law(
            regime,
            calendars.of_regime(regime, policy, day),
            received_on(at, regime.western_zone or policy.time_zone),
        )
        for regime in regimes_of(version).values()
    ]
