"""Twenty simulated days with faults, against the oracle: F01, F11, F12, F13 and all of them together.

Each day a few dozen requests and everything at once; `make faults` plays each fault alone, then all with ten thousand.
"""

import os
import random
from datetime import timedelta

import pytest

from tests.faults import figures, oracle
from tests.faults.comparing import compare
from tests.faults.liar import Liar
from tests.faults.story import Story
from tests.faults.workload import BEGIN, looks, plans
from tests.people import published_policy, staff
from tests.smtp import Relay, relay

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.process]
MANY = int(os.environ.get("FAULT_REQUESTS") or figures.scaled(30, 10_000))
SOME = figures.scaled(20, max(100, MANY // 20))
SILENCE = ((BEGIN + timedelta(days=14, hours=4), BEGIN + timedelta(days=16, hours=4)),)
REFUSED = (BEGIN + timedelta(days=3, hours=6), BEGIN + timedelta(days=3, hours=12))


@pytest.fixture(autouse=True)
def _team(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    published_policy()
    staff("bruno", "handler")


def play(settings, fault: str, requests: int, *, mail: Relay | None = None, silent: bool = False, **faults) -> None:
    seed = figures.fresh_seed()
    if isinstance(mail, Liar):
        mail.chance = random.Random(seed)
    with relay(mail) as running:
        for name, value in running.settings.items():
            setattr(settings, name, value)
        story = Story(plans(requests, seed), looks(SILENCE if silent else ()), running, seed, **faults)
        story.play()
        compare(fault, story, oracle.judge(story.plans, story.looks))


def test_all_faults_at_once_and_every_notice_once_and_in_time(settings):
    play(settings, "all", MANY, mail=Liar(), silent=True, kills=0.1, refused=REFUSED)


@pytest.mark.long
def test_calm_days_are_as_the_oracle_says(settings):
    play(settings, "calm", SOME, sweepers=1)


@pytest.mark.long
def test_f01_sweepers_are_killed_in_every_second_look(settings):
    play(settings, "F01", SOME, kills=0.5)


@pytest.mark.long
def test_f11_the_mail_server_lies_and_is_away_for_six_hours(settings):
    play(settings, "F11", SOME, mail=Liar(), refused=REFUSED)


@pytest.mark.long
def test_f12_eight_sweepers_at_once(settings):
    play(settings, "F12", SOME, sweepers=8)


@pytest.mark.long
def test_f13_two_days_of_silence(settings):
    play(settings, "F13", SOME, silent=True)
