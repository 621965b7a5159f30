"""F01, F17, F18: workers killed again and again, messages that make no sense, and each message three times."""

import json
import random
import time

import pytest
import redis

from tests.faults import figures
from tests.faults.installation import Installation, until
from tests.faults.test_broker import everything_once, running, went_out

pytestmark = [pytest.mark.process, pytest.mark.long]
QUEUES = ("clock", "notices", "work")


def test_f01_workers_are_killed_again_and_again_while_people_file(site):
    seed = figures.fresh_seed()
    chance = random.Random(seed)
    running(site)
    people = [f"ana{n}@example.org" for n in range(figures.scaled(2, 40))]
    kills = 0
    for address in people:
        site.file(address)
        time.sleep(chance.uniform(0, figures.scaled(2, 5)))
        worker = site.children.pop(0) if kills == 0 else site.children.pop()
        worker.kill()
        worker.wait()
        kills += 1
        site.start_worker()
    drained = until(lambda: all(went_out(site, address) for address in people) and not site.owed(), seconds=240)
    figures.at_most("F01", f"seconds until drained after {kills} kills", drained, 240, seed=seed)
    twice = sum(sum(site.mails_to(address).values()) - 2 for address in people)
    figures.at_most("F01", "mails twice, against kills", twice, kills, seed=seed)
    figures.exactly("F01", "acknowledged filings lost", len(people) + 1 - site.filed(), 0, seed=seed)
    site.manage("verify_evidence")


def test_f17_nonsense_in_the_queues_delays_nobody(site, broker):
    running(site)
    site.children.reverse()  # the worker last
    good = json.dumps({"body": "W10=", "headers": {"task": "no.such.task", "id": "1"}, "properties": {}})
    with redis.Redis(port=broker.port) as client:
        for queue in QUEUES:
            client.lpush(queue, "no json at all", good, json.dumps({"body": "????"}))
    nonsense = "from portal.celery import app; [app.send_task(*message, queue='notices') for message in "
    nonsense += (
        "[('no.such.task',), ('requests_app.tasks.sweep', ['no_such_sweep']), ('requests_app.tasks.sweep', [1, 2]),"
    )
    nonsense += " ('requests_app.tasks.canary', ['clock', 'no instant'])]]"
    site.manage("shell", "-v0", "-c", nonsense)
    site.file("ana@example.org")
    restarts = 0

    def gone_out() -> bool:
        """A message that is no message at all ends a worker; its supervisor starts another."""
        nonlocal restarts
        if site.children[-1].poll() is not None:
            restarts += 1
            site.start_worker()
        return went_out(site, "ana@example.org")

    took = until(gone_out, seconds=240)
    figures.at_most("F17", "seconds until a notice goes, nonsense before it", took, figures.scaled(120, 60))
    figures.at_most("F17", "workers that nonsense ended", restarts, 6)
    everything_once(site, "ana@example.org", fault="F17")


def test_f18_every_message_comes_three_times_in_any_order(site: Installation, broker):
    seed = figures.fresh_seed()
    chance = random.Random(seed)
    people = [f"ana{n}@example.org" for n in range(figures.scaled(3, 30))]
    site.file(*people, ago=6)
    site.start_worker()
    for _ in range(figures.scaled(2, 10)):
        site.tick(beats=1)
        with redis.Redis(port=broker.port) as client:
            for queue in QUEUES:
                messages = client.lrange(queue, 0, -1) * 3
                chance.shuffle(messages)
                client.delete(queue)
                if messages:
                    client.rpush(queue, *messages)
    until(lambda: all(site.mails_to(address) for address in people) and not site.owed(), seconds=90)
    time.sleep(3)
    copies = [n for address in people for n in site.mails_to(address).values()]
    figures.exactly("F18", "mails twice", sum(copies) - len(copies), 0, seed=seed)
    twice = site.rows(
        "SELECT count(*) FROM (SELECT 1 FROM requests_app_milestonerecord"
        " GROUP BY dsr_id, kind, due_on, for_date HAVING count(*) > 1) AS double"
    )
    figures.exactly("F18", "milestones twice", twice[0][0], 0, seed=seed)
    site.manage("verify_evidence")
