"""F12: three beats and three workers at once do what one of each does, once."""

import pytest

from tests.faults import figures
from tests.faults.installation import until

pytestmark = pytest.mark.process
PEOPLE = [f"ana{n}@example.net" for n in range(8)]

MILESTONES = """
SELECT dsr_id, kind, due_on, for_date, count(*) FROM requests_app_milestonerecord GROUP BY 1, 2, 3, 4
"""
EVENTS = """
SELECT submission_id, count(*) FROM requests_app_evidenceevent WHERE kind = 'milestone' GROUP BY 1
"""


def test_f12_three_beats_and_three_workers_send_and_record_each_thing_once(site):
    site.file(*PEOPLE, ago=6)  # six days ago, and nobody swept since: reminders are overdue as well
    for name in ("one", "two", "three"):
        site.start_beat(name)
        site.start_worker(name)
    site.tick(beats=3)
    until(lambda: len(site.rows(EVENTS)) == len(PEOPLE), seconds=90)
    site.tick(beats=3)
    until(lambda: all(site.mails_to(address) for address in PEOPLE) and not site.owed(), seconds=90)

    copies = [n for address in PEOPLE for n in site.mails_to(address).values()]
    figures.exactly("F12", "mails twice, three beats and workers", sum(copies) - len(copies), 0)
    milestones = site.rows(MILESTONES)
    assert milestones
    figures.exactly("F12", "milestones twice, three beats and workers", sum(row[-1] - 1 for row in milestones), 0)
    events = site.rows(EVENTS)
    assert len(events) == len(PEOPLE)
    assert len({count for _, count in events}) == 1  # each person the same
    site.manage("verify_evidence")
