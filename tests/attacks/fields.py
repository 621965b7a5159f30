"""A case in which every field that a person or staff can fill holds what a test wants, by their own pages."""

import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from requests_app import clock
from requests_app.models import DataSubjectRequest, Submission
from requests_app.operations import policies
from tests.operations.test_deadline_change import policy
from tests.people import staff
from tests.web.test_person_road import file_as, newest_code

ADMIN = "admin:requests_app_datasubjectrequest_"
SHORT, LONG = 180, 990


def mistakes(answer: Any) -> list[str]:
    """What a page found wrong, for the message of a failing test."""
    return re.findall(r'(?s)class="(?:errorlist|errornote|summary)[^>]*>(.*?)</(?:ul|p)>', answer.content.decode())


class Filled:
    """`value(field, room)` is what stands in a field with room for so many signs; `typed` is what was taken."""

    def __init__(self, value: Callable[[str, int], str], *, email: str = "ana@example.org") -> None:
        self.value, self.email = value, email
        self.typed: dict[str, str] = {}
        self.team = {
            name: staff(name, role)
            for name, role in (("bruno", "handler"), ("ada", "approver"), ("petra", "privacy officer"))
        }
        self.desk = {name: Client() for name in self.team}
        for name, client in self.desk.items():
            client.force_login(self.team[name])
        self.person = Client(headers={"user-agent": self.short("user agent"), "referer": self.short("referer")})
        if policies.current() is None:
            accounts = {"prepared_by": self.team["petra"], "approved_by": self.team["ada"]}
            policies.load(policy(), **accounts, at=clock.now() - timedelta(days=30))
        self.ana = self.files()
        self.is_worked_on()
        self.entered = self.is_entered()
        self.tries_other_doors()

    def short(self, field: str) -> str:
        self.typed[field] = self.value(field, SHORT)
        return self.typed[field]

    def long(self, field: str) -> str:
        self.typed[field] = self.value(field, LONG)
        return self.typed[field]

    def file(self, field: str) -> SimpleUploadedFile:
        content = self.long(f"content of {field}").encode()
        return SimpleUploadedFile(self.short(f"name of {field}").replace("/", "_"), content, "text/html")

    def dsr(self, right: str) -> DataSubjectRequest:
        return self.ana.requests.get(right=right)

    def files(self) -> Submission:
        told = {"name": self.short("name"), "details": self.long("details"), "email": self.email}
        answer = file_as(self.person, rights=["access", "correction", "marketing_optout"], **told)
        assert answer["Location"] == "/status/", mistakes(answer)
        submission = Submission.objects.get(pk=self.person.session["submission"])
        self.person.post("/confirm/", {"code": self.short("wrong code")})
        assert self.person.post("/confirm/", {"code": newest_code()})["Location"] == "/status/"
        return submission

    def acts(self, who: str, right: str, act: str, **form: Any) -> None:
        """Press a button of the case; what the desk refuses is a mistake of the test."""
        pk = self.dsr(right).pk
        answer = self.desk[who].post(reverse(f"{ADMIN}act", args=[pk, act]), form)
        assert (answer.status_code, act) == (200 if act == "reveal" else 302, act), mistakes(answer)

    def is_worked_on(self) -> None:
        replied = {"text": self.long("reply"), "file": self.file("the person's file")}
        assert self.person.post(f"/reply/{self.dsr('access').pk}/", replied).status_code == 302
        self.acts("bruno", "access", "ask", question=self.long("question"))
        self.acts("bruno", "access", "note", text=self.long("note"))
        self.acts("bruno", "access", "attach", file=self.file("the answer's file"))
        self.acts("petra", "access", "reveal", purpose=self.short("purpose of a look"))
        last = {"code": "clarification", "planned_last_on": (clock.now() + timedelta(days=3)).date().isoformat()}
        self.acts("petra", "access", "pause", reason=self.long("reason of a pause"), **last)
        self.acts("petra", "correction", "extend", reason=self.long("reason of an extension"))
        self.acts("bruno", "marketing_optout", "carry_out", note=self.long("what was carried out"))
        self.acts("petra", "marketing_optout", "reopen", reason=self.long("reason of a reopening"))
        by_hand = reverse(f"{ADMIN}by_hand_act", args=[self.dsr("access").pk, "propose"])
        assert self.desk["bruno"].post(by_hand, {"reason": self.long("reason of a verification")}).status_code == 302
        letter = {"letter": self.long("letter"), "facts": self.long("facts"), "scope": self.long("scope")}
        letter["identity_match"] = self.long("identity match")
        self.acts("bruno", "access", "decide", outcome="partly", ground="rights_of_others", **letter)
        self.acts("ada", "access", "return", reason=self.long("reason of a return"))
        self.acts("bruno", "access", "decide", outcome="partly", ground="rights_of_others", **letter)

    def is_entered(self) -> Submission:
        """A letter that staff type in, with a correction of its date that waits."""
        told = {"name": self.short("name on paper"), "postal": self.long("postal address")}
        told |= {"details": self.long("details on paper"), "email": "", "language": "en"}
        arrived = {"channel": "post", "received_on": clock.now().date().isoformat(), "rights": ["access"]}
        key = str(uuid.uuid4())
        answer = self.desk["petra"].post(reverse(f"{ADMIN}enter"), told | arrived | {"form_key": key})
        assert answer.status_code == 302, mistakes(answer)
        entered = Submission.objects.get(form_key=key)
        address = reverse(f"{ADMIN}receipt_act", args=[entered.requests.get().pk, "propose"])
        day = (clock.now() - timedelta(days=2)).date().isoformat()
        form = {"received_on": day, "reason": self.long("reason of a correction")}
        assert self.desk["bruno"].post(address, form).status_code == 302
        return entered

    def tries_other_doors(self) -> None:
        """What is typed where nothing is kept."""
        other = Client()
        other.post("/find/", {"email": self.short("address looked for")})
        other.post("/genuine/", {"code": self.short("check code")})
        other.get("/find/", {"q": self.short("query"), "next": self.short("next")})
        other.get(f"/{self.short('path')}")
        other.post("/staff/sign-in/", {"login": self.short("login"), "password": self.short("password")})
        self.desk["petra"].get(reverse(f"{ADMIN}changelist"), {"q": self.short("search of the queue")})
