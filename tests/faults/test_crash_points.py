"""F19: the process dies at every point of every flow. Afterwards it is tried again, the sweeps run, and all is as if
nothing had happened: no half state, every notice once, evidence that verifies, nothing left but what is swept.
"""

import os
import signal
import uuid
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connections
from django.utils import timezone

from requests_app.models import AnswerFile, EvidenceEvent, Heartbeat, MilestoneRecord, Notice, Submission, SubmissionKey
from requests_app.operations import evidence, sweeps
from requests_app.operations.refused import Refused
from requests_app.rules.lifecycle import ActionNotAllowed
from tests.faults import figures
from tests.faults.crash_points import Died, crash_points
from tests.faults.flows import FLOWS, Flow
from tests.people import NOON, published_policy, staff
from tests.smtp import Relay, relay

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]


@pytest.fixture
def mail(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    published_policy()
    staff("bruno", "handler")
    with relay() as running:
        for name, value in running.settings.items():
            setattr(settings, name, value)
        yield running


def seen(form_key: uuid.UUID) -> dict[str, object]:
    """All that is stored of one filing, without ids and instants."""
    mine = {"submission__form_key": form_key}
    row = Submission.objects.filter(form_key=form_key).first()
    if row is None:
        return {}
    events = EvidenceEvent.objects.filter(**mine).order_by("seq").values_list("kind", flat=True)
    return {
        "requests": sorted(row.requests.values_list("right", "state", "due_on", "failures", "set_aside_at")),
        "assurance": row.assurance,
        "notices": Counter(Notice.objects.filter(**mine).values_list("kind", "recipient")),
        "milestones": Counter(MilestoneRecord.objects.filter(dsr__submission=row).values_list("kind", "for_date")),
        "evidence": list(events),
        "files": sorted(f.destroyed_at is not None for f in AnswerFile.objects.filter(dsr__submission=row)),
        "checks": sorted(row.identity_checks.values_list("purpose", "issue", "tries")),
    }


def in_process(flow: Flow, form_key: uuid.UUID, point: int) -> None:
    """The act in this process, until it dies."""
    with crash_points(point), pytest.raises(Died):
        flow.act(form_key)
    connections.close_all()  # whatever it held is let go


def by_kill(flow: Flow, form_key: uuid.UUID, point: int) -> None:
    """The act in a process of its own, which is killed."""
    connections.close_all()
    pid = os.fork()
    if not pid:
        with crash_points(point, lambda: os.kill(os.getpid(), signal.SIGKILL)):
            flow.act(form_key)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def afterwards(flow: Flow, form_key: uuid.UUID) -> None:
    """Whoever saw no answer tries again; what has a lease is taken up when that ran out."""
    try:
        flow.act(form_key)
    except (Refused, ActionNotAllowed):
        pass  # it had been done
    if not flow.atomic:
        for minutes in (1, 3, 6):
            for name in ("enforce_deadlines", "apply_retention"):
                sweeps.SWEEPS[name](flow.at + timedelta(minutes=minutes))
            if flow.name == "deliver":
                delivered(flow.at + timedelta(minutes=minutes))


def delivered(at: datetime) -> None:
    while sweeps.SWEEPS["deliver_notices"](at):
        pass


def prepared(flow: Flow) -> uuid.UUID:
    """What stands before the act; nothing else is due, and no sweep has been seen for a day."""
    if flow.name == "deliver":
        delivered(NOON)
    form_key = uuid.uuid4()
    flow.before(form_key)
    for name in sweeps.SWEEPS:
        Heartbeat.objects.update_or_create(pk=name, defaults={"last_at": NOON - timedelta(days=1)})
    return form_key


def settled(picture: dict[str, object], flow: Flow) -> dict[str, object]:
    """Without what a repetition truthfully records once more."""
    events = [kind for kind in picture["evidence"] if kind not in flow.repeatable]
    return {**picture, "evidence": events}


def mailed_too_often(mail: Relay) -> int:
    copies = Counter(message["Message-ID"] for message in mail.mails)
    return sum(copies.values()) - len(copies)


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.name)
def test_f19_whatever_dies_at_any_point_all_holds_afterwards(flow, mail):
    die: Callable[[Flow, uuid.UUID, int], None] = by_kill if figures.FULL else in_process
    calm = prepared(flow)
    before = seen(calm)
    with crash_points() as points:
        flow.act(calm)
    done = seen(calm)
    afterwards(flow, calm)
    wanted = settled(seen(calm), flow)
    assert points.names

    held = 0
    for point, name in enumerate(points.names):
        form_key = prepared(flow)
        die(flow, form_key, point)
        if flow.atomic:
            assert seen(form_key) in (before, done), f"half a state: {name}"
        afterwards(flow, form_key)
        assert settled(seen(form_key), flow) == wanted, name
        held += 1
    assert list(evidence.verify()) == []
    delivered(flow.at + timedelta(minutes=10))
    assert not Notice.objects.exclude(next_try_at=None).exists()
    assert mailed_too_often(mail) <= points.names.count("after the mail server") + points.names.count(
        "before the mail server"
    )
    figures.exactly(
        "F19", f"points held: {flow.name} ({'SIGKILL' if figures.FULL else 'raised'})", held, len(points.names)
    )


def test_f19_what_died_leaves_no_key_or_file_that_is_not_swept(mail):
    submit, attach = FLOWS[0], next(flow for flow in FLOWS if flow.name == "attach")
    for _ in range(20):  # orphans must be few, or the sweep suspects the wrong database
        attach.before(form_key := uuid.uuid4())
        attach.act(form_key)
    for flow in (submit, attach):
        for point in range(3):
            flow.before(form_key := uuid.uuid4())
            in_process(flow, form_key, point)
    keys = set(SubmissionKey.objects.values_list("pk", flat=True))
    assert keys - set(Submission.objects.values_list("pk", flat=True))
    sweeps.SWEEPS["apply_retention"](timezone.now() + timedelta(days=2))
    assert set(SubmissionKey.objects.values_list("pk", flat=True)) == set(
        Submission.objects.values_list("pk", flat=True)
    )
    on_disk = {path.name for path in settings.FILES_DIR.rglob("*") if path.is_file()}
    assert on_disk == {pk.hex for pk in AnswerFile.objects.values_list("pk", flat=True)}
