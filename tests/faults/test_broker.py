"""F04, F05, F07: the broker dies, forgets, freezes, or the line to it dies. Nothing is lost, nothing comes twice."""

import time

import pytest

from tests.faults import figures
from tests.faults.broker import Broker
from tests.faults.installation import Installation, until
from tests.faults.proxy import line

pytestmark = pytest.mark.process
# Seconds after the last fault. After several lost lines in a row a worker of Celery may stay up and hear nothing more
# (celery/celery#8990); then it ends itself, and its supervisor starts another.
DRAINED = 120


def running(site: Installation) -> None:
    """A worker and a beat that have been seen to work."""
    site.start_worker()
    site.start_beat()
    site.file("first@example.org")
    until(lambda: site.mails_to("first@example.org") and not site.owed(), seconds=60)


def everything_once(site: Installation, *addresses: str, fault: str) -> None:
    """Every filing is there with its two notices (receipt, code), each mailed once; the evidence verifies."""
    until(lambda: not site.owed(), seconds=30)  # a mail that arrived is recorded a moment later
    for address in addresses:
        mails = site.mails_to(address)
        assert len(mails) == 2, address
        assert set(mails.values()) == {1}, address
    copies = sum(sum(site.mails_to(address).values()) - 2 for address in addresses)
    figures.exactly(fault, "mails lost or twice", abs(copies), 0)
    figures.exactly(fault, "acknowledged filings lost", len(addresses) + 1 - site.filed(), 0)
    site.manage("verify_evidence")


def went_out(site: Installation, *addresses: str) -> bool:
    """Whether the notices of all of them went, while a supervisor looks after the processes."""
    site.revive()
    return all(len(site.mails_to(address)) == 2 for address in addresses)


@pytest.mark.parametrize("rounds", [1, pytest.param(5, marks=pytest.mark.long)])
def test_f04_the_broker_dies_and_comes_back_empty_and_a_notice_filed_meanwhile_goes_out(site, broker, rounds):
    running(site)
    people = [f"ana{n}@example.org" for n in range(rounds)]
    for address in people:
        broker.kill()
        site.file(address)
        assert site.owed()
        broker.start()
        took = until(lambda address=address: went_out(site, address), seconds=180)
        figures.at_most("F04", "seconds until a notice filed meanwhile goes", took, DRAINED)
    everything_once(site, *people, fault="F04")


@pytest.mark.parametrize("filings", [2, pytest.param(8, marks=pytest.mark.long)])
def test_f05_the_broker_forgets_everything_while_people_file(site, broker, filings):
    running(site)
    people = [f"ana{n}@example.org" for n in range(filings)]
    for address in people:
        broker.wipe()
        site.file(address)
        broker.wipe()
    took = until(lambda: went_out(site, *people), seconds=60)
    figures.at_most("F05", "seconds until a later sweep does it", took, 60)
    everything_once(site, *people, fault="F05")


def test_f07_a_broker_that_freezes_is_waited_for(site, broker):
    running(site)
    broker.freeze()
    site.file("ana@example.org")
    time.sleep(6)
    assert not site.mails_to("ana@example.org")
    broker.thaw()
    until(lambda: went_out(site, "ana@example.org"), seconds=60)
    everything_once(site, "ana@example.org", fault="F07")


@pytest.mark.long
def test_f07_a_line_that_died_without_a_word_is_noticed_and_renewed(site, broker):
    with line(broker.port) as wire:
        site.env["CELERY_BROKER_URL"] = f"redis://127.0.0.1:{wire.port}/0"
        running(site)
        wire.cut()
        site.file("ana@example.org")
        took = until(lambda: went_out(site, "ana@example.org"), seconds=60)
        figures.at_most("F07", "seconds until a half-open line is renewed", took, 180)
        everything_once(site, "ana@example.org", fault="F07")
        site.stop()


def test_f07_a_worker_that_hears_nothing_ends_so_that_its_supervisor_starts_another(site, broker):
    worker = site.start_worker(WORKER_SILENCE_SECONDS="8")
    beat = site.start_beat()
    site.file("first@example.org")
    until(lambda: went_out(site, "first@example.org"), seconds=60)
    time.sleep(9)
    assert worker.poll() is None  # ticks come: it stays
    beat.terminate()
    beat.wait()
    until(lambda: worker.poll() is not None, seconds=60)


@pytest.mark.long
def test_f07_even_a_worker_stuck_with_a_frozen_broker_ends(site, broker: Broker):
    worker = site.start_worker(WORKER_SILENCE_SECONDS="5")
    site.start_beat()
    site.file("first@example.org")
    until(lambda: went_out(site, "first@example.org"), seconds=60)
    broker.freeze()
    took = until(lambda: worker.poll() is not None, seconds=60)
    figures.at_most("F07", "seconds until a worker with a frozen broker ends", took, 180)
    broker.thaw()
