"""A running site with Ana's requests in every state, and browsers that are signed in as its people."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client

from requests_app import clock
from requests_app.models import DataSubjectRequest, IdentityCheck, Submission
from requests_app.operations import decision, desk, enforcement, identity, person
from requests_app.operations.actors import Actor
from tests import people

LETTER = {"letter": "Here is what we hold.", "facts": "", "scope": "", "ground": "", "identity_match": "typed code"}
REFUSAL = LETTER | {"ground": "risk_to_others", "facts": "Names of others.", "scope": "The attachments."}
WIDTHS = {"phone": 390, "desktop": 1280}


class World:
    """What the tests look at: the site, its staff, and one submission of Ana's for each state."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.now = clock.now()
        self.numbers = count(1)
        people.published_policy()
        self.bruno = people.staff("bruno", "handler")
        self.ada = people.staff("ada", "approver")
        self.petra = people.staff("petra", "privacy officer")

    def file(self, right: str = "access", *, days_ago: float = 2, verified: bool = True, **more: Any) -> Submission:
        at = self.now - timedelta(days=days_ago)
        address = f"ana{next(self.numbers)}@example.org"  # codes to one address are bounded
        submission = people.ana_files(right, at=at, email=address, **more)
        if verified:
            self.verify(submission, at + timedelta(minutes=2))
        return submission

    def verify(self, submission: Submission, at: datetime) -> None:
        code = identity.code_for(IdentityCheck.objects.filter(submission=submission).order_by("-issue").first())
        assert identity.confirm(submission, purpose="verify", code=code, actor=Actor.person(), at=at)

    def decide(self, submission: Submission, outcome: str = "done", **letter: str) -> DataSubjectRequest:
        dsr = submission.requests.get()
        decision.decide(dsr, outcome=outcome, actor=Actor.staff(self.bruno), at=self.now, **(LETTER | letter))
        return dsr

    def answer(self, submission: Submission, outcome: str = "done", **letter: str) -> Submission:
        digest = self.decide(submission, outcome, **letter).decisions.get().content_digest
        decision.approve(submission.requests.get(), digest=digest, actor=Actor.staff(self.ada), at=self.now)
        return submission

    def states(self) -> dict[str, Submission]:
        """One submission for each state in which a person may find a request."""
        bruno = Actor.staff(self.bruno)
        asked, answered, cancelled, lapsing = (
            self.file(),
            self.file(),
            self.file(),
            self.file(verified=False, days_ago=14),
        )
        desk.ask(asked.requests.get(), question="Which of your two accounts is meant?", actor=bruno, at=self.now)
        desk.attach(answered.requests.get(), name="data.json", content=b"{}", actor=bruno, at=self.now)
        person.cancel(cancelled.requests.get(), actor=Actor.person(), at=self.now)
        enforcement.enforce([lapsing.requests.get().pk], at=self.now + timedelta(days=1))
        waiting = self.file()
        self.decide(waiting)
        return {
            "waiting for the code": self.file(verified=False),
            "in progress": self.file(),
            "overdue": self.file(days_ago=17),
            "asked": asked,
            "awaiting approval": waiting,
            "answered with a file": self.answer(answered),
            "partly": self.answer(self.file(), "partly", **REFUSAL),
            "refused": self.answer(self.file(), "refuse", **REFUSAL),
            "cancelled": cancelled,
            "lapsed": lapsing,
            "opted out": self.file("marketing_optout", verified=False),
            "in Italian": self.file(language="it"),
        }


@pytest.fixture
def world(live_server: Any, settings: Any, tmp_path: Path) -> World:
    settings.FILES_DIR = tmp_path
    settings.PUBLIC_URL = live_server.url
    return World(live_server.url)


@pytest.fixture
def open_as(browser: Any, world: World) -> Iterator[Callable[..., Any]]:
    """`open_as(bruno)` or `open_as(submission)` or `open_as(None)`: a page in a browser of their own."""
    contexts = []

    def open_(who: Any, *, width: int = 1280, script: bool = True, language: str = "en-GB") -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, base_url=world.url, locale=language, java_script_enabled=script
        )
        contexts.append(context)
        page = context.new_page()
        handed_to(who, page, world)
        page.mistakes = []
        page.on("console", lambda said: said.type == "error" and page.mistakes.append(said.text))
        page.on("pageerror", lambda error: page.mistakes.append(str(error)))
        return page

    yield open_
    for context in contexts:
        context.close()


def handed_to(who: Any, page: Any, world: World) -> None:
    """The same window with the cookies of somebody else: to open one of their own takes longer than most pages."""
    page.context.clear_cookies()
    if who is not None:
        session = {"name": configured.SESSION_COOKIE_NAME, "value": session_of(who), "url": world.url}
        page.context.add_cookies([session])


def session_of(who: Any) -> str:
    """The key of a session in which staff are signed in, or in which a submission was filed and a code typed."""
    if not isinstance(who, Submission):
        client = Client()
        client.force_login(who)
        return client.cookies[configured.SESSION_COOKIE_NAME].value
    session = import_module(configured.SESSION_ENGINE).SessionStore()
    session.update(
        {
            "submission": str(who.pk),
            "filed": str(who.pk),
            "proved": [who.email_digest],
            "proved_at": clock.now().isoformat(),
            "fresh_until": (clock.now() + timedelta(minutes=15)).isoformat(),
        }
    )
    session.create()
    return session.session_key
