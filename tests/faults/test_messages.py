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


def people(name: str, number: int) -> list[str]:
    return [f"{name}{n}@example.org" for n in range(number)]


def test_f01_workers_are_killed_every_few_seconds_and_the_work_gets_done(site):
    seed = figures.fresh_seed()
    chance = random.Random(seed)
    number = figures.scaled(40, 300)
    calm, troubled = people("calm", number), people("troubled", number)
    for name in ("one", "two", "three"):
        site.start_worker(name)
    site.start_beat()
    site.file("first@example.org")
    until(lambda: went_out(site, "first@example.org"), seconds=60)
    site.file(*calm)
    undisturbed = until(lambda: went_out(site, *calm), seconds=240)
    kills, next_kill = 0, 0.0

    def killing_meanwhile() -> bool:
        nonlocal kills, next_kill
        if time.monotonic() > next_kill:
            victim = chance.choice([child for child in site.children if "worker" in site.begun[child.pid][0]])
            victim.kill()
            victim.wait()
            kills, next_kill = kills + 1, time.monotonic() + chance.uniform(1, 9)
        return went_out(site, *troubled)

    site.file(*troubled)
    disturbed = until(killing_meanwhile, seconds=480)
    figures.at_least(
        "F01", f"throughput against calm in %, {kills} kills", 100 * undisturbed / disturbed, 40, seed=seed
    )
    drained = until(lambda: not site.owed(), seconds=240)
    figures.at_most("F01", "seconds until drained after the last kill", drained, 120, seed=seed)
    twice = sum(sum(site.mails_to(address).values()) - 2 for address in troubled)
    figures.at_most("F01", "mails twice, against kills", twice, kills, seed=seed)
    figures.exactly("F01", "acknowledged filings lost", 2 * number + 1 - site.filed(), 0, seed=seed)
    site.manage("verify_evidence")


def test_f17_sweeps_that_kill_hang_or_swell_their_worker_delay_no_other_queue(site):
    for queue in QUEUES:
        site.start_worker(queue, queues=queue, app="tests.faults.poisoned")
    site.start_beat()
    site.file("first@example.org")
    until(lambda: went_out(site, "first@example.org"), seconds=60)
    poison = ["segfault", "gigabyte", "segfault", "endless"]
    site.manage(
        "shell", "-v0", "-c",
        "from portal.celery import app; [app.send_task('requests_app.tasks.sweep', [name], queue='work', expires=300)"
        f" for name in {poison!r}]",
    )  # fmt: skip
    poisoned_at = site.rows("SELECT now()")[0][0]
    filing = people("ana", figures.scaled(6, 20))
    for address in filing:
        site.file(address)
    until(lambda: went_out(site, *filing), seconds=60)
    waits = site.rows(
        "SELECT extract(epoch FROM handed_over_at - created_at) FROM requests_app_notice"
        f" WHERE handed_over_at IS NOT NULL AND created_at > '{poisoned_at.isoformat()}' ORDER BY 1"
    )
    p95, limit = float(waits[int(len(waits) * 0.95)][0]), figures.scaled(30, 5)
    figures.at_most("F17", "p95 of a notice beside a poisoned queue (s)", p95, limit)
    through = (
        f"SELECT 1 FROM requests_app_heartbeat WHERE name = 'queue:work' AND sent_at > '{poisoned_at.isoformat()}'"
    )
    took = until(lambda: site.revive() or site.rows(through), seconds=300)
    figures.at_most("F17", "seconds until the poisoned queue goes on", took, 180)
    everything_once(site, *filing, fault="F17")


def test_f17_nonsense_in_the_queues_delays_nobody(site, broker):
    running(site)
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
        restarts += site.revive()
        return went_out(site, "ana@example.org")

    took = until(gone_out, seconds=240)
    figures.at_most("F17", "seconds until a notice goes, nonsense before it", took, figures.scaled(120, 60))
    figures.at_most("F17", "workers that nonsense ended", restarts, 6)
    everything_once(site, "ana@example.org", fault="F17")


def test_f18_every_message_comes_three_times_in_any_order(site: Installation, broker):
    seed = figures.fresh_seed()
    chance = random.Random(seed)
    filing = people("ana", figures.scaled(3, 30))
    site.file(*filing, ago=6)
    site.start_worker()
    for _ in range(figures.scaled(2, 10)):
        site.tick(beats=1)
        with redis.Redis(port=broker.port) as client:
            for queue in QUEUES:
                messages = sorted(set(client.lrange(queue, 0, -1))) * 3  # what lies there thrice already stays thrice
                chance.shuffle(messages)
                client.delete(queue)
                if messages:
                    client.rpush(queue, *messages)
    until(lambda: all(site.mails_to(address) for address in filing) and not site.owed(), seconds=90)
    time.sleep(3)
    copies = [n for address in filing for n in site.mails_to(address).values()]
    figures.exactly("F18", "mails twice", sum(copies) - len(copies), 0, seed=seed)
    twice = site.rows(
        "SELECT count(*) FROM (SELECT 1 FROM requests_app_milestonerecord"
        " GROUP BY dsr_id, kind, due_on, for_date HAVING count(*) > 1) AS double"
    )
    figures.exactly("F18", "milestones twice", twice[0][0], 0, seed=seed)
    site.manage("verify_evidence")
