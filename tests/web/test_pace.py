"""What answers alike also takes as long: a whole number of steps and a random moment."""

import pytest

from requests_app.web import pace
from tests.people import ana_files, published_policy

KNOWN, UNKNOWN = "ana@example.org", "otto@example.org"


class Clock:
    """Time that passes only while somebody sleeps, or is told to work."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


@pytest.fixture
def time(monkeypatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pace, "time", clock)
    return clock


@pytest.mark.real_pace
@pytest.mark.parametrize(("worked", "steps"), [(0.001, 1), (0.2, 1), (0.249, 1), (0.251, 2), (1.1, 5)])
def test_whatever_the_work_took_the_answer_takes_whole_steps_and_a_random_moment(time, worked, steps):
    took = []
    for _ in range(20):
        started = time.monotonic()
        time.now += worked
        pace.wait_from(started)
        took.append(time.monotonic() - started)
    assert all(0.25 * steps - 1e-6 <= seconds <= 0.25 * steps + 0.1 + 1e-6 for seconds in took)
    assert len({round(seconds, 6) for seconds in took}) > 10


@pytest.mark.django_db
@pytest.mark.parametrize("address", [KNOWN, UNKNOWN])
def test_both_answers_of_find_wait(client, monkeypatch, address):
    published_policy()
    ana_files("access", email=KNOWN)
    waited = []
    monkeypatch.setattr(pace, "wait_from", waited.append)
    client.post("/find/", {"email": address})
    assert len(waited) == 1
    client.post("/find/code/", {"code": "000000"})
    assert len(waited) == 2
