"""F23: a package of gigabytes is made beside thousands of reminders, and delays none of them."""

from typing import Any

import pytest

from tests.faults import figures
from tests.faults.installation import until

pytestmark = pytest.mark.process
REQUEST = """
import uuid
from django.utils import timezone
from requests_app.models import IdentityCheck
from requests_app.operations import identity, intake
from requests_app.operations.actors import Actor
from requests_app.operations.sweeps import SWEEPS
filing = intake.Filing(
    form_key=uuid.uuid4(), rights=("access",), name="Ana", email="ana@example.org", details="", language="en"
)
submission = intake.receive(filing, channel="web", actor=Actor.person(), at=timezone.now())
check = IdentityCheck.objects.filter(submission=submission).latest("issue")
assert identity.confirm(
    submission, purpose="verify", code=identity.code_for(check), actor=Actor.person(), at=timezone.now()
)
while SWEEPS["deliver_notices"](timezone.now()):
    pass
"""
REMINDED = """
SELECT extract(epoch FROM handed_over_at) FROM requests_app_notice
 WHERE kind = 'reminder_verify' AND handed_over_at IS NOT NULL ORDER BY handed_over_at
"""
NOW = "SELECT extract(epoch FROM clock_timestamp())"
BUILT = "SELECT f.size FROM requests_app_packagebuild b JOIN requests_app_answerfile f ON f.id = b.file_id"
LONG_WORK = "SELECT count(*) FROM requests_app_fulfilmentstep WHERE started_at IS NOT NULL"


def made_beside(site: Any, *, mebibytes: int, people: int, seconds: float) -> None:
    sources = site.folder / "sources.toml"
    sources.write_text(
        '[archive]\nBACKEND = "tests.faults.large_source.Large"\n'
        f'OPTIONS = {{ email = "ana@example.org", mebibytes = {mebibytes} }}\n'
    )
    site.env["DATA_SOURCES_FILE"] = str(sources)
    site.file(*(f"person{n}@example.net" for n in range(people)), ago=6)
    site.manage("shell", "-c", REQUEST)
    site.start_worker("packages", queues="packages")
    site.start_worker("rest", queues="clock,notices,work")
    site.start_beat()
    until(lambda: site.rows(LONG_WORK)[0][0], seconds=240)
    begun = float(site.rows(NOW)[0][0])
    site.tick(beats=1)  # the reminders, which have been due for a day
    until(lambda: len(site.rows(REMINDED)) >= people, seconds=seconds)
    waited = [max(0.0, float(at) - begun) for (at,) in site.rows(REMINDED)]
    slow = waited[int(len(waited) * 0.95) - 1]
    what = f"reminder p95 (s), {people} beside a package of {mebibytes} MiB"
    figures.at_most("F23", what, slow, 60)
    until(lambda: site.rows(BUILT), seconds=seconds)
    figures.exactly("F23", "packages made beside them", len(site.rows(BUILT)), 1)


def test_f23_a_large_package_delays_no_reminder(site):
    made_beside(site, mebibytes=48, people=30, seconds=150)


@pytest.mark.long
def test_f23_two_gigabytes_delay_none_of_five_thousand_reminders(site):
    made_beside(site, mebibytes=2048, people=5000, seconds=1500)
