"""F03: a request that kills whoever handles it is tried five times, alone, and then set aside with an alarm."""

import os
import signal
from datetime import timedelta

import pytest

from requests_app.models import DataSubjectRequest, Notice
from requests_app.operations import claims, evidence, notices
from tests.faults import figures
from tests.faults.sweepers import Sweeper
from tests.people import NOON, ana_files, published_policy
from tests.smtp import relay

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]
IN_FIVE_DAYS = NOON + timedelta(days=10)


def filed(number):
    return [ana_files("correction", email="").requests.get() for _ in range(number)]


def test_f03_whoever_handles_a_poisoned_request_is_killed_and_the_others_are_told_in_time(settings, monkeypatch):
    published_policy()
    bad, *good = filed(4)
    real = notices.render

    def render(kind, *, submission, dsr, context):
        if dsr == bad and kind != "staff_alarm":
            os.kill(os.getpid(), signal.SIGKILL)
        return real(kind, submission=submission, dsr=dsr, context=context)

    monkeypatch.setattr(notices, "render", render)
    deaths, now = 0, IN_FIVE_DAYS
    with relay() as mail:
        for name, value in mail.settings.items():
            setattr(settings, name, value)
        sweeper = Sweeper()
        while not DataSubjectRequest.objects.get(pk=bad.pk).set_aside_at:
            assert now < IN_FIVE_DAYS + timedelta(hours=2)
            sweeper.begin(now, mail_port=mail.port)
            if not sweeper.finished():
                deaths += 1
                sweeper.kill()
                sweeper = Sweeper()
            now += timedelta(seconds=30)
        sweeper.begin(now, mail_port=mail.port)
        assert sweeper.finished()
        sweeper.kill()
    figures.exactly("F03", "workers killed in a row by one request", deaths, claims.MOST_ATTEMPTS)
    told = set(Notice.objects.filter(kind="staff_due").values_list("dsr", flat=True))
    figures.exactly("F03", "other requests not told of", len({dsr.pk for dsr in good} - told), 0)
    late = (
        max(Notice.objects.filter(kind="staff_due", dsr__in=good).values_list("created_at", flat=True)) - IN_FIVE_DAYS
    )
    figures.at_most("F03", "seconds by which the others are late", late.total_seconds(), 300)
    aside = DataSubjectRequest.objects.get(pk=bad.pk)
    alarm = Notice.objects.get(kind="staff_alarm")
    figures.at_most("F03", "seconds until the alarm", (alarm.created_at - aside.set_aside_at).total_seconds(), 60)
    assert alarm.delivery == "handed_over"
    assert list(evidence.verify()) == []
