"""What there is to reach: Ana's case with an answered, an open and a decided request, Otto's case, and the team."""

import uuid
from datetime import timedelta
from hashlib import sha256
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from requests_app import clock
from requests_app.connectors import Pending
from requests_app.models import (
    AccessLog,
    DataSubjectRequest,
    ErasureCertificate,
    ErasureItem,
    EvidenceEvent,
    FulfilmentStep,
    IdentityCheck,
    LegalHold,
    Mark,
    Message,
    Notice,
    PeopleFound,
    Restriction,
    SourceAct,
    SourceTask,
    StepFile,
    Submission,
    TaskLink,
)
from requests_app.models.keys import master, seal
from requests_app.models.source_task import AboutWhom
from requests_app.operations import (
    decision,
    desk,
    identity,
    intake,
    person,
    preferences,
    proof,
    review,
    source_tasks,
    streams,
)
from requests_app.operations.actors import Actor
from requests_app.operations.on_behalf import Behalf
from requests_app.rules.authority import Kind
from tests.people import published_policy, staff
from tests.pictures import card
from tests.sign_in import PASSWORD, device_of

LETTER = {"letter": "Dear Ana.", "ground": "", "facts": "", "scope": "", "identity_match": "Code."}
FORM = {"name": "Ana Example", "details": "", "language": "en", "action": "send"}
ROLES = {"bruno": ("handler",), "ada": ("approver",), "petra": ("privacy officer",), "nora": (), "root": ()}
UNKNOWN = uuid.UUID("00000000-0000-4000-8000-000000000000")
TEXTS = {"question": "Which?", "text": "Note.", "reason": "Because.", "purpose": "compare", "note": "Done."}
# The request on which a button works where it is not the open one.
WORKS_ON = {"approve": "portability", "return": "portability", "reopen": "access", "carry_out": "marketing_optout"}


KEPT = (AccessLog, EvidenceEvent, FulfilmentStep, Message, Notice, SourceTask, StepFile, Submission, TaskLink)


def newest_code(purpose: str) -> str:
    """The code of the mail sent last."""
    return identity.code_for(IdentityCheck.objects.filter(purpose=purpose).order_by("-issued_at", "-issue")[0])


def footprint() -> list[Any]:
    """What a refused visit must leave as it was."""
    states = list(DataSubjectRequest.objects.order_by("pk").values_list("state", "assignee"))
    with connection.cursor() as cursor:  # one statement: it is asked some thousand times
        cursor.execute("SELECT " + ", ".join(f"(SELECT count(*) FROM {model._meta.db_table})" for model in KEPT))
        return [states, *cursor.fetchone()]


class World:
    """Made once for a test; every visit is rolled back."""

    def __init__(self) -> None:
        published_policy()
        self.staff = {name: staff(name, *roles) for name, roles in ROLES.items()}
        self.staff["root"].is_superuser = True
        self.staff["root"].save()
        self.clients = {"anonymous": Client()}
        for name, account in self.staff.items():
            self.clients[name] = Client()
            self.clients[name].force_login(account)
        self.ana = self._files("ana", "access", "deletion", "portability", "correction", "marketing_optout")
        otto = self._files("otto", "access")
        for name in ("ines", "ivo"):
            staff(name, "identity reviewer")
        asked = otto.requests.select_related("submission", "policy").get()
        asker = Actor.staff(self.staff["bruno"])
        asked = proof.ask_for_document(asked, reason="Two towns.", actor=asker, at=clock.now())
        self.document = proof.submit_document(asked, content=card(), actor=Actor.person(), at=clock.now())
        self._finds("ana")
        self._answer()
        self._agent()
        self.task = self._task()
        [url] = preferences.make_links(["ana@example.org"], purpose="direct_marketing", language="en", at=clock.now())
        self.preference_link = url.rstrip("/").rpartition("/")[2]
        self._source()
        self.objects = self._objects()
        self.clients["ana"].get(self.address("link", known=True)[0])
        self._by_password("new")
        device_of(self._by_password("half"))
        self.before = footprint()

    def _by_password(self, name: str) -> User:
        """Somebody who may everything, and whose session has shown a password only."""
        account = staff(name, "privacy officer")
        account.is_superuser = True
        account.set_password(PASSWORD)
        account.save()
        client = self.clients[name] = Client()
        answer = client.post("/staff/sign-in/", {"login": name, "password": PASSWORD})
        assert answer["Location"] == "/admin/"
        return account

    def client(self, name: str) -> Client:
        """The browser of this visitor."""
        return self.clients[name]

    def _files(self, name: str, *rights: str) -> Submission:
        client = self.clients[name] = Client()
        form = {**FORM, "form_key": str(uuid.uuid4()), "rights": rights, "email": f"{name}@example.org"}
        assert client.post("/", form)["Location"] == "/status/"
        assert client.post("/confirm/", {"code": newest_code("verify")})["Location"] == "/status/"
        return Submission.objects.get(pk=client.session["submission"])

    def _finds(self, name: str) -> None:
        client = self.clients[name]
        client.post("/find/", {"email": f"{name}@example.org"})
        assert client.post("/find/code/", {"code": newest_code("find")})["Location"] == "/found/"
        session = client.session
        session["find_email"] = master().encrypt(f"{name}@example.org".encode()).decode()  # as between the two pages
        session.save()

    def _answer(self) -> None:
        bruno, ada = Actor.staff(self.staff["bruno"]), Actor.staff(self.staff["ada"])
        at = clock.now()
        self.file = desk.attach(self.dsr("access"), name="data.json", content=b"{}", actor=bruno, at=at)
        answer = decision.decide(self.dsr("access"), outcome="done", **LETTER, actor=bruno, at=at)
        decision.approve(self.dsr("access"), digest=answer.content_digest, actor=ada, at=at)
        waiting = decision.decide(self.dsr("portability"), outcome="done", **LETTER, actor=bruno, at=at)
        self.digest = waiting.content_digest
        self.message = person.reply(
            self.dsr("deletion"), text="As asked.", file=("old.txt", b"text"), actor=Actor.person(), at=at
        )
        person.cancel(self.dsr("correction"), actor=Actor.person(), at=at)

    def _task(self) -> TaskLink:
        """A department is asked about Ana, and somebody there has opened the task in a browser of their own."""
        dsr, at = self.dsr("marketing_optout"), clock.now()
        waits = {"opened_at": dsr.opened_at, "owed_at": at, "status": FulfilmentStep.Status.PENDING}
        step = FulfilmentStep.objects.create(dsr=dsr, alias="service", **waits)
        about = AboutWhom("Ana Example", ("ana@example.org",))
        task = source_tasks.give(step, Pending(to=("carla@shop.example",)), about=about, at=at)
        link = source_tasks.links_of(task).get()
        client = self.clients["department"] = Client()
        assert client.get(f"/t/{source_tasks.link_secret(link)}/")["Location"] == "/task/"
        assert client.post("/task/", {"action": "open"})["Location"] == "/task/"
        assert "Ana Example" in client.get("/task/").content.decode()
        return link

    def _agent(self) -> None:
        """Somebody asks for Ana; the team looks at their paper."""
        about = Behalf(Kind.AGENT, "Ana Example", ends_on=clock.now().date(), document=("letter.pdf", b"%PDF- Ana."))
        filing = intake.Filing(uuid.uuid4(), ("access",), "Carla", "carla@agents.example", "", "en", behalf=about)
        self.agents = intake.receive(filing, channel="web", actor=Actor.agent(), at=clock.now())

    def _source(self) -> None:
        """Somebody else asks for what is held of them; a data source handed out a record and a file."""
        dsr = self._files("sara", "access").requests.get()
        self.step, self.step_file, at = uuid.uuid4(), uuid.uuid4(), clock.now()
        for pk, content in ((self.step, b'{"name":"Sara"}\n'), (self.step_file, b"text")):
            with streams.Writer(dsr.submission_id, pk) as out:
                out.write(content)
        step = FulfilmentStep.objects.create(
            pk=self.step, dsr=dsr, alias="shop", opened_at=dsr.opened_at, status="found", owed_at=at, sha256="0" * 64,
            parts=[{"table": "people", "start": 0, "end": 16, "records": 1}], records=1, size=16, checked_to=16,
        )  # fmt: skip
        name = seal(dsr.submission_id, f"stepfile.name.{self.step_file}", "a.txt")
        file = StepFile.objects.create(
            pk=self.step_file, step=step, name_sealed=name, media_type="text/plain", size=4, sha256="0" * 64,
            received_at=at,
        )  # fmt: skip
        Mark.objects.create(step=step, file=file, kinds=["file"])
        known = {"dsr": dsr, "alias": "shop", "opened_at": dsr.opened_at}
        self.act = SourceAct.objects.create(**known, act="plan", status="failed", owed_at=at, due_at=at).pk
        self.hold = LegalHold.objects.create(
            dsr=dsr, scope=[["shop", "orders"]], ordered_sealed=b"", why_sealed=b"", owner=self.staff["petra"],
            set_at=at, review_on=at.date(), told=False,
        ).pk  # fmt: skip
        self.people = PeopleFound.objects.create(**known, found_by=self.step, found_at=at, candidates_sealed=b"").pk
        self.restriction = Restriction.objects.create(
            dsr=self.dsr("correction"), number=1, ground="accuracy", scope_sealed=b"", until_sealed=b"", begun_at=at,
            review_on=at.date(),
        ).pk  # fmt: skip
        self.item = ErasureItem.objects.create(**known, table="orders", records=3, proposed="erase").pk

    def dsr(self, right: str) -> DataSubjectRequest:
        """Ana's request: access is answered, portability waits for approval, correction is cancelled."""
        return self.ana.requests.select_related("submission", "policy").get(right=right)

    def has_object(self, row: str) -> bool:
        """Whether the address names something that could be somebody else's, or not be there."""
        return self.address(row, known=True)[0] != self.address(row, known=False)[0]

    def address(self, row: str, *, known: bool) -> tuple[str, dict[str, Any]]:
        """The path and what is posted to it; with an id that nobody has where `known` is false."""
        name, _, detail = row.partition(" ")
        if name.startswith("admin/"):
            return self._unnamed(name, known=known), {}
        if name == "admin:app_list":
            return reverse(name, args=[detail]), {}
        if name == "admin:requests_app_datasubjectrequest_act":
            data = {**LETTER, **TEXTS, "digest": self.digest, "read": "on", "outcome": "done"}
            data |= {"assignee": self.staff["petra"].pk, "file": SimpleUploadedFile("data.json", b"{}")}
            there = self.objects[f"act {WORKS_ON.get(detail, 'deletion')}"][1]
            return reverse(name, args=[there if known else UNKNOWN, detail]), data
        if name.endswith("_record"):
            data = {"action": "hide", "column": "all", "passage": "", "ground": "risk_to_others"}
            return reverse(name, args=[self.step if known else UNKNOWN, 0]), data
        if name.endswith("_people"):
            data = {"seen": sha256(b"").hexdigest(), "nobody": "on", "why": "Neither knew it."}
            return reverse(name, args=[self.people if known else UNKNOWN]), data
        if name.endswith("_source_act"):
            return reverse(name, args=[self.act if known else UNKNOWN, detail]), {"note": "Otto did it, by hand."}
        if name.endswith(("_hold", "_hold_act")):
            soon = (clock.now() + timedelta(days=30)).date()
            data = {"items": [str(self.item)], "ordered": "A court.", "why": "A dispute.", "review_on": soon}
            about = ErasureItem.objects.get(pk=self.item).dsr_id if name.endswith("_hold") else self.hold
            return reverse(name, args=[about if known else UNKNOWN, *filter(None, [detail])]), data
        if name.endswith("_complaint"):
            about = self.dsr("deletion").pk
            return reverse(name, args=[about if known else UNKNOWN]), {"about": str(self.dsr("access").pk)}
        if name.endswith("_restriction"):
            soon = (clock.now() + timedelta(days=30)).date()
            return reverse(name, args=[self.restriction if known else UNKNOWN, detail]), {
                "review_on": soon, "why": "The address is right.",
            }  # fmt: skip
        if name.endswith(("_restrict", "_weigh")):  # Ana has cancelled it
            about = self.dsr("correction").pk
            return reverse(name, args=[about if known else UNKNOWN]), {}
        if name.endswith("_requested_change"):  # Ana has cancelled it
            about = self.dsr("correction").pk
            return reverse(name, args=[about if known else UNKNOWN]), {"field": "email", "wanted": "ana@example.net"}
        if name.endswith("_erasure_plan"):
            about = ErasureItem.objects.get(pk=self.item).dsr_id
            return reverse(name, args=[about if known else UNKNOWN]), {f"{self.item.hex}-way": "erase"}
        if name.endswith(("_step_act", "_step_file")):
            there = self.step if name.endswith("_step_act") else self.step_file
            data = {"ground": "risk_to_others", "why": "As they asked."}
            if detail == "reviewed":
                data["seen"] = review.digest_of(FulfilmentStep.objects.get(pk=self.step))
            return reverse(name, args=[there if known else UNKNOWN, detail]), data
        if name.endswith("_authority_act"):
            there = self.objects["admin:requests_app_datasubjectrequest_authority"][1]
            return reverse(name, args=[there if known else UNKNOWN, detail]), {}
        if name.endswith(("_receipt_act", "_by_hand_act")):
            data = {"reason": "Compared with the signature on file."} if name.endswith("_by_hand_act") else {}
            return reverse(name, args=[self.objects["act deletion"][1] if known else UNKNOWN, detail]), data
        model = name.removeprefix("admin:").rsplit("_", 1)[0].removesuffix("_password").removesuffix("_by")
        of_a_model = name.endswith(
            ("_change", "_delete", "_history", "_serve", "_print", "_posted", "_receipt", "_retry", "_by_hand")
        )
        thing = self.objects.get(name) or (self.objects.get(model) if of_a_model else None)
        data = {"email": "ana@example.org", "code": "000000", "next": "/", "confirm": "yes", "channel": "phone"}
        if thing is None:
            return reverse(name), data
        return reverse(name, args=[*thing[0], thing[1] if known else thing[2]]), data | {"text": "Here it is."}

    def _unnamed(self, pattern: str, *, known: bool) -> str:
        if "<path:object_id>" not in pattern:
            return "/admin/nowhere/"
        _, app, model, _, _ = pattern.split("/")
        _, there, nowhere = self.objects[f"{app}_{model}"]
        return f"/admin/{app}/{model}/{there if known else nowhere}/"

    def _objects(self) -> dict[str, tuple[list[Any], Any, Any]]:
        """What stands in an address: what comes before the id, the id, and one that nobody has."""
        notice = Notice.objects.get(submission=self.ana, kind="acknowledgement")
        check = IdentityCheck.objects.filter(submission=self.ana).latest("issued_at")
        pks = dict(self.ana.requests.values_list("right", "pk"))
        open_one, for_another = pks["deletion"], self.agents.requests.get().pk
        said = '{"asked_again":[],"backups":{},"sources":[]}'
        ErasureCertificate.objects.create(
            dsr_id=pks["access"], number=1, issued_at=clock.now(), body=said, sha256="0" * 64, ed25519="00" * 64
        )
        return {
            "admin:requests_app_datasubjectrequest_authority": ([], for_another, UNKNOWN),
            "admin:requests_app_datasubjectrequest_authority_document": ([], for_another, UNKNOWN),
            **{f"act {right}": ([], pk, UNKNOWN) for right, pk in pks.items()},
            "cancel": ([], open_one, UNKNOWN),
            "erase": ([], open_one, UNKNOWN),
            "complain": ([], open_one, UNKNOWN),
            "complaint_file": ([], open_one, UNKNOWN),
            "certificate": ([], pks["access"], UNKNOWN),
            "certificate_file": (["json"], pks["access"], UNKNOWN),
            "reply": ([], open_one, UNKNOWN),
            "ics": ([], open_one, UNKNOWN),
            "document": ([], open_one, UNKNOWN),
            "reopen": ([], pks["correction"], UNKNOWN),
            "notice": ([], notice.pk, UNKNOWN),
            "undo": ([], pks["marketing_optout"], UNKNOWN),
            "open": ([], self.ana.pk, UNKNOWN),
            "download": ([], self.file.pk, UNKNOWN),
            "locked": ([], self.file.pk, UNKNOWN),
            "again": ([], pks["access"], UNKNOWN),
            "source_callback": (["crm"], UNKNOWN.hex, UNKNOWN.hex),
            "missing": ([], pks["access"], UNKNOWN),
            "link": ([], identity.link_secret(check), "A" * 22),
            "unsubscribe": ([], self.preference_link, "A" * 32),
            "task_link": ([], source_tasks.link_secret(self.task), "A" * 22),
            "admin:requests_app_datasubjectrequest_step": ([], self.step, UNKNOWN),
            "admin:requests_app_datasubjectrequest_file": ([], self.file.pk, UNKNOWN),
            "admin:requests_app_datasubjectrequest_message_file": ([], self.message.pk, UNKNOWN),
            "admin:requests_app_datasubjectrequest_document": ([], self.document.pk, UNKNOWN),
            "admin:requests_app_datasubjectrequest_page": ([1], self.document.pk, UNKNOWN),
            "admin:view_on_site": ([ContentType.objects.get_for_model(DataSubjectRequest).pk], open_one, UNKNOWN),
            "requests_app_datasubjectrequest": ([], open_one, UNKNOWN),
            "requests_app_notice": ([], notice.pk, UNKNOWN),
            "requests_app_policyversion": ([], self.ana.policy_id, 999_999),
            "mfa_remove_webauthn": ([], 999_998, 999_999),
            "auth_user": ([], self.staff["bruno"].pk, 999_999),
            "auth_group": ([], Group.objects.get(name="handler").pk, 999_999),
        }
