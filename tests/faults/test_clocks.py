"""F13 and F14: silence is told from outside, and clocks that disagree move no date and lengthen no code."""

from datetime import timedelta

import pytest
from django.utils import timezone

from requests_app.models import DataSubjectRequest, IdentityCheck, Notice
from requests_app.operations import evidence, identity, liveness, watchdog
from requests_app.operations.actors import Actor
from tests.faults import figures
from tests.faults.sweepers import Sweeper
from tests.people import NOON, ana_files, published_policy, signs_of_life, staff
from tests.smtp import relay

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OFFSETS = {"ahead by an hour": HOUR, "behind by an hour": -HOUR, "ahead by a day": DAY, "behind by a day": -DAY}


@pytest.fixture
def mail(settings):
    published_policy()
    with relay() as running:
        for name, value in running.settings.items():
            setattr(settings, name, value)
        yield running


def types_the_code(submission, *, at):
    code = identity.code_for(IdentityCheck.objects.filter(submission=submission).latest("issue"))
    return identity.confirm(submission, purpose="verify", code=code, actor=Actor.person(), at=at)


@pytest.mark.parametrize("where", OFFSETS)
def test_f14_a_process_with_another_clock_moves_no_date_and_sends_nothing_twice(where, mail):
    """It sweeps beside one with the true clock; what it tells too early the drift alarm answers for."""
    first = timezone.now().replace(microsecond=0) - timedelta(days=6)
    rows = [ana_files("objection", email=f"ana{n}@example.org", at=first).requests.get() for n in range(4)]
    promised = first.date() + timedelta(days=15)
    true, wrong = Sweeper(), Sweeper()
    try:
        now = timezone.now()
        for hours in range(3):
            for sweeper, offset in ((true, timedelta()), (wrong, OFFSETS[where])):
                sweeper.begin(now + timedelta(minutes=20 * hours) + offset, mail_port=mail.port)
            assert true.finished()
            assert wrong.finished()
    finally:
        true.kill()
        wrong.kill()
    changed = DataSubjectRequest.objects.exclude(due_on=promised).count()
    figures.exactly("F14", f"due dates changed, a process {where}", changed, 0)
    copies = len(mail.mails) - len({message["Message-ID"] for message in mail.mails})
    # The lease of one looks over to the other; it counts as in doubt, and that is all that may be sent again.
    doubts = sum(attempts - 1 for attempts in Notice.objects.filter(attempts__gt=1).values_list("attempts", flat=True))
    figures.at_most("F14", f"mails twice, against leases taken over, a process {where}", copies, doubts)
    reminders = Notice.objects.filter(kind="reminder_verify")
    assert {reminders.filter(dsr=dsr).count() for dsr in rows} <= {1, 2}
    assert list(evidence.verify()) == []


@pytest.mark.parametrize("where", ["ahead by an hour", "ahead by a day"])
def test_f14_a_process_whose_clock_is_ahead_rings_the_drift_alarm(where, client, mail):
    now = timezone.now()
    signs_of_life(now)
    liveness.record_canary("clock", sent_at=now, at=now + OFFSETS[where])
    answer = client.get("/healthz")
    assert answer.status_code == 503
    drift = timedelta(seconds=answer.json()["clock_drift"])
    figures.at_most("F14", f"error of the drift in healthz (s), {where}", abs(drift - OFFSETS[where]).seconds, 60)


@pytest.mark.parametrize("where", ["behind by an hour", "behind by a day"])
def test_f14_a_process_whose_clock_is_behind_looks_silent(where, client):
    signs_of_life(timezone.now() + OFFSETS[where])
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["enforcement"]) == (503, "silent")


@pytest.mark.parametrize("where", OFFSETS)
def test_f14_a_mail_sent_by_another_clock_makes_no_code_live_longer_than_an_hour(where, mail):
    submission = ana_files("access")
    IdentityCheck.objects.update(handed_over_at=NOON + OFFSETS[where])
    alive = [m for m in range(0, 3000, 10) if good_after(submission, minutes=m)]
    figures.at_most("F14", f"minutes a code lives, its mail sent {where}", max(alive, default=0), 60)


def good_after(submission, *, minutes):
    return identity.standing(submission, purpose="verify", at=NOON + timedelta(minutes=minutes)) == "out"


@pytest.mark.parametrize("back", [HOUR, DAY])
def test_f14_a_clock_that_steps_back_makes_no_code_of_the_future_good(back, mail):
    """Else a code issued just before the step would live as long again."""
    submission = ana_files("access", at=NOON)
    assert not types_the_code(submission, at=NOON - back)
    assert types_the_code(submission, at=NOON - timedelta(seconds=30))  # machines differ by so much


def test_f13_the_watchdog_tells_within_five_minutes_of_silence(tmp_path, mail):
    staff("petra", "privacy officer")
    signs_of_life(NOON)
    told = None
    for minute in range(48 * 60):
        watchdog.watch(NOON + timedelta(minutes=minute), tmp_path / "watchdog")
        if mail.mails:
            told = minute
            break
    assert told is not None
    figures.at_most("F13", "minutes of silence until the watchdog tells", told, 5)
