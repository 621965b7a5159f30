"""A33: a source full of other people. After the review not one of fifty is left in the package, in no part of it."""

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest

from requests_app.connectors import Column, DataSource, File, Lines, Match, OnFile, Query, Record, Table
from requests_app.models import Contact, DataSubjectRequest, FulfilmentStep, PackageBuild
from requests_app.operations import others, package, review, step_records, streams, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.contacts import add_contact
from requests_app.operations.owed_steps import steps_of
from tests.people import NOON, ana_files, confirms, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
SOON, LATER, THEN = (NOON + timedelta(minutes=m) for m in (1, 2, 3))
GROUND = "risk_to_others"


class Person:
    """One of the fifty: a word that stands nowhere else in their address and name, and a number."""

    def __init__(self, number: int) -> None:
        self.word = f"canary{chr(97 + number // 26)}{chr(97 + number % 26)}zz"
        self.email = f"{self.word}@others.example"
        self.name = f"{self.word.capitalize()} Rossi"
        self.digits = f"33391{number:02d}8{number:02d}"
        self.phone = f"+39 {self.digits[:3]} {self.digits[3:6]} {self.digits[6:]}"


FIFTY = [Person(number) for number in range(50)]
GROUPS = [FIFTY[start : start + 5] for start in range(0, 50, 5)]
PLAIN = GROUPS[9]  # whose name stands in plain text, where only a reader finds it


def records() -> Any:
    """Ana's, with five of the fifty in each kind of place."""
    yield Record("customer", {"email": "ana@example.org", "name": "Ana Example", "data": "Dear Mrs Example"})
    lines = []
    for a, b, c, d, e, f, g, h, i, j in zip(*GROUPS, strict=True):
        yield Record("notes", {"text": f"Left with Mr {a.name}, {a.phone}.\nReply-To: {a.name} <{a.email}>"})
        yield Record("notes", {"text": "x", "data": {"to": [{"mail": b.email}], b.email: {"tel": b.phone}}})
        yield Record("notes", {"text": json.dumps({"from": c.email, "inner": json.dumps({"tel": c.phone})})})
        yield Record(
            "notes", {"text": f"https://a.example/?u={d.word}%40others.example and {d.word}&#64;others.example"}
        )
        yield Record("notes", {"text": f"Sig.ra {e.name} ha chiamato, {e.phone}", "data": [e.email, e.email]})
        yield Record("notes", {f.email: "5", "text": "known to us"})
        lines.append('{"text":"' + g.word + '\\u0040others.example"}\n')
        yield Record("notes", {"text": "> From: " + h.name + "\n> Tel. " + h.phone})
        yield File(f"photo of {i.email}.jpg", "image/jpeg", [f"EXIF {i.name}".encode()])
        yield Record("notes", {"text": f"She came with {j.name} by train."})
    yield Lines("notes", "".join(lines).encode(), len(lines))
    yield File("contract.docx", "application/octet-stream", [f"tracked change: {FIFTY[0].name}".encode()])


class Crowd(DataSource):
    """Hands out Ana's records, which tell of everybody."""

    def find(self, query: Query) -> list[Match]:
        return [Match("C-1", (OnFile("ana@example.org"),))] if "ana@example.org" in query.addresses else []

    def describe(self) -> tuple[Table, ...]:
        columns = (Column("text"), Column("data", "json"))
        return (Table("customer", (Column("email"), Column("name"), *columns)), Table("notes", columns))

    def extract(self, references: Any, *, request_id: str) -> Any:
        return records()


@pytest.fixture
def step(settings: Any, tmp_path: Any) -> FulfilmentStep:
    published_policy()
    settings.FILES_DIR = str(tmp_path)
    settings.DATA_SOURCES = {"crowd": {"BACKEND": f"{__name__}.Crowd"}}
    submission = ana_files("access")
    confirms(submission)
    sweeps.run_steps(SOON)
    sweeps.read_sources(SOON)
    sweeps.check_others(LATER)
    return steps_of(submission.requests.get()).get()


def everything_in(dsr: DataSubjectRequest, at: Any) -> str:
    """All that the package holds: names of its entries and what they hold, unpacked, escapes undone."""
    assert package.build_due(at, budget=60) == 1
    file = PackageBuild.objects.get(dsr=dsr).file
    with streams.Reader(dsr.submission_id, file.pk) as reader:
        packed = zipfile.ZipFile(io.BytesIO(b"".join(streams.pieces(reader))))
    texts = [*packed.namelist(), packed.comment.decode()]
    for entry in packed.infolist():
        text = packed.read(entry).decode("utf-8", "replace")
        texts += [entry.comment.decode(), text, text.replace("\\u0040", "@")]
    return "\n".join(texts).lower()


def told_of(held: str) -> set[str]:
    """Whose word or number stands there, with and without what a number is written with."""
    plain = "".join(sign for sign in held if sign.isalnum())
    return {one.word for one in FIFTY if one.word in plain or one.digits in plain}


def test_without_a_review_the_package_would_tell_of_all_fifty(step: FulfilmentStep):
    held = everything_in(step.dsr, THEN)
    assert told_of(held) == {one.word for one in FIFTY}


def test_after_the_review_not_one_of_them_is_left(step: FulfilmentStep):
    petra = Actor.staff(staff("petra", "privacy officer"))
    assert others.is_checked(step)
    review.hide_marked(step, ground=GROUND, actor=petra, at=LATER)
    for file in step.files.filter(hidden_ground=""):  # opened, and found to tell of others
        review.hide_file(file, ground=GROUND, actor=petra, at=LATER)
    plainly = everything_in(step.dsr, THEN)
    assert told_of(plainly) == {one.word for one in PLAIN}, "the check says that it does not find names in plain text"
    for position, name in read_by_petra(step):
        review.hide(step, position=position, column="text", passage=name, ground=GROUND, actor=petra, at=LATER)
    held = everything_in(step.dsr, THEN + timedelta(minutes=1))
    assert told_of(held) == set()
    assert "ana@example.org" in held
    assert "dear mrs example" in held
    assert "she came with [withheld] by train." in held


def read_by_petra(step: FulfilmentStep) -> list[tuple[int, str]]:
    """What she finds by reading page after page."""
    found, start = [], step.parts[0]["start"]
    while start is not None:
        page = step_records.page_at(step, start)
        texts = [(one.position, str((one.values or {}).get("text", ""))) for one in page.records]
        found += [(at, one.name) for at, text in texts for one in PLAIN if one.name in text]
        start = page.after
    return found


def test_an_address_that_ana_confirmed_is_hers_and_not_marked(step: FulfilmentStep):
    add_contact(step.dsr.submission, role=Contact.Role.ON_FILE, address=FIFTY[5].email, actor=Actor.system(), at=NOON)
    of_hers = others.own_of(step)
    assert FIFTY[5].email not in of_hers.addresses  # not confirmed yet
    Contact.objects.update(confirmed_at=NOON)
    assert FIFTY[5].email in others.own_of(step).addresses
