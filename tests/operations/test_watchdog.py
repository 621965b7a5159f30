"""Somebody is told when enforcement is silent: once, again after an hour, and when it is back."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from django.utils import timezone

from requests_app.models import Heartbeat, Notice
from requests_app.operations import liveness, watchdog
from requests_app.operations.watchdog import Memory, judge
from tests.people import NOON, signs_of_life, staff
from tests.smtp import relay

MINUTE = timedelta(minutes=1)


def report(*, alive_at=NOON, silent=()):
    long_ago = timedelta(hours=1)
    signs = tuple(
        liveness.Sign(name, alive_at, long_ago if name in silent else timedelta(), None) for name in liveness.JUDGED
    )
    return liveness.Report(signs)


ALIVE, SILENT = report(), report(silent=("queue:clock",))


class TestJudge:
    @pytest.mark.parametrize(("minutes", "told"), [(4, False), (5, True), (90, True)])
    @pytest.mark.parametrize("seen", [SILENT, None])
    def test_it_tells_after_five_minutes_of_silence_or_of_no_database(self, minutes, told, seen):
        verdict = judge(seen, Memory(alive_at=NOON), at=NOON + minutes * MINUTE)
        assert bool(verdict.message) is told
        assert verdict.silent_since == NOON
        assert verdict.silent

    def test_it_tells_once_and_again_after_an_hour_and_when_it_is_back(self):
        memory, told = Memory(alive_at=NOON), []
        for minute in range(1, 131):
            seen = SILENT if minute < 128 else ALIVE
            verdict = judge(seen, memory, at=NOON + minute * MINUTE)
            memory = verdict.memory
            if verdict.message:
                told.append((minute, "again" in verdict.message[0]))
        assert told == [(5, False), (65, False), (125, False), (128, True)]

    def test_a_short_silence_ends_without_a_word(self):
        memory = judge(SILENT, Memory(alive_at=NOON), at=NOON + 4 * MINUTE).memory
        assert judge(ALIVE, memory, at=NOON + 5 * MINUTE).message is None

    def test_it_says_that_deadlines_are_watched_where_only_mail_stands_still(self):
        verdict = judge(report(silent=("queue:notices",)), Memory(alive_at=NOON), at=NOON + 5 * MINUTE)
        assert verdict.message[0].endswith(": mail or work stands still")
        assert "Deadlines are watched." in verdict.message[1]
        stopped = judge(SILENT, Memory(alive_at=NOON), at=NOON + 5 * MINUTE)
        assert stopped.message[0].endswith(": response deadlines are not being enforced")
        assert "Deadlines are watched." not in stopped.message[1]

    def test_an_installation_that_never_ran_is_told_five_minutes_after_the_first_look(self):
        never = report(alive_at=None, silent=liveness.JUDGED)
        first = judge(never, Memory(), at=NOON)
        assert first.message is None
        assert judge(never, first.memory, at=NOON + 5 * MINUTE).message


@pytest.fixture
def mail(settings):
    with relay() as running:
        for name, value in running.settings.items():
            setattr(settings, name, value)
        yield running


@pytest.fixture
def _folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    settings.WATCHDOG_EMAIL = ["duty@controller.example"]


@pytest.mark.django_db
@pytest.mark.both
@pytest.mark.usefixtures("_folder")
class TestCommand:
    def bark(self):
        with pytest.raises(CommandError) as said:
            call_command("watchdog")
        return str(said.value)

    def silent_for(self, minutes):
        signs_of_life(timezone.now())
        Heartbeat.objects.filter(pk="queue:clock").update(last_at=timezone.now() - minutes * MINUTE)

    def test_the_officers_and_the_address_of_the_environment_are_mailed_once_then_that_it_is_back(self, mail):
        staff("petra", "privacy officer")
        staff("bruno", "handler")
        self.silent_for(6)
        assert "queue:clock" in self.bark()
        self.bark()
        assert sorted(mail.recipients) == [["duty@controller.example"], ["petra@controller.example"]]
        assert "not being enforced" in mail.mails[0]["Subject"]
        assert "queue:clock" in mail.mails[0].get_content()
        signs_of_life(timezone.now())
        call_command("watchdog")
        call_command("watchdog")
        assert len(mail.mails) == 4
        assert "all runs again" in mail.mails[2]["Subject"]
        assert not Notice.objects.exists()  # straight by SMTP: what is owed through the queue would wait there too

    def test_all_well_is_quiet(self, mail, tmp_path):
        signs_of_life(timezone.now())
        call_command("watchdog")
        assert mail.mails == []
        assert "@" not in (tmp_path / "watchdog.json").read_text()

    def test_a_mail_that_could_not_go_is_tried_again_the_next_time(self, mail):
        self.silent_for(6)
        mail.behaviour = "451 later"
        assert "nobody could be told" in self.bark()
        mail.behaviour = "accept"
        self.bark()
        assert len(mail.mails) == 1

    def test_one_refused_address_does_not_silence_the_others(self, mail, settings):
        settings.WATCHDOG_EMAIL = ["bad address@", "duty@controller.example"]
        self.silent_for(6)
        self.bark()
        assert mail.recipients == [["duty@controller.example"]]

    def test_without_a_database_the_address_of_the_environment_is_told(self, mail, monkeypatch, tmp_path):
        def away(at):
            raise OperationalError("gone")

        monkeypatch.setattr(liveness, "look", away)
        watchdog.remember(Memory(alive_at=timezone.now() - 6 * MINUTE), tmp_path / "watchdog.json")
        assert "the database" in self.bark()
        assert mail.recipients == [["duty@controller.example"]]

    def test_a_broken_memory_is_an_empty_one(self, mail, tmp_path):
        (tmp_path / "watchdog.json").write_text("{half")
        self.silent_for(6)
        self.bark()
        assert len(mail.mails) == 1
