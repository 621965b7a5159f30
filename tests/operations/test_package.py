"""The package of a request: one ZIP of what the sources handed out, made by lease, whole or not at all."""

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from requests_app.connectors import (
    About,
    Column,
    DataSource,
    File,
    Lines,
    Match,
    OnFile,
    Pending,
    Query,
    Record,
    RetryLater,
    Table,
)
from requests_app.connectors.records import encode
from requests_app.models import AnswerFile, EvidenceEvent, FulfilmentStep, Notice, PackageBuild, Redaction, StepFile
from requests_app.models.keys import seal
from requests_app.operations import decision, desk, fulfilment, package, readiness, signing, streams, sweeps
from requests_app.operations.actors import Actor
from requests_app.operations.owed_steps import steps_of
from requests_app.operations.refused import Refused, RoleMissing
from requests_app.rules.policy import Text
from requests_app.rules.redaction import MARK
from tests.people import NOON, ana_files, confirms, published_policy, staff

pytestmark = [pytest.mark.django_db, pytest.mark.both]
SOON, THEN, LATER = (NOON + timedelta(minutes=m) for m in (1, 2, 3))


def text(words: str) -> Text:
    return Text(words, words)


TOLD = About(
    category=text("Orders"),
    purpose=text("To deliver what was bought"),
    basis="contract",
    origin=text("You"),
    retention=text("Ten years"),
    recipients=(text("Fast Parcels"),),
    provided=True,
)
SCORE = About(text("Scores"), text("To prevent fraud"), "legitimate_interests", text("Computed by us"), text("A year"))
ORDERS = Table(
    "orders",
    (Column("number", "number", TOLD), Column("note", "text", TOLD), Column("score", "number", SCORE)),
    Text("Orders", "Ordini"),
)


class Shop(DataSource):
    """Holds what `holds` says of Ana."""

    holds: Any = None
    tables: tuple[Table, ...] = (ORDERS,)

    def find(self, query: Query) -> list[Match]:
        known = OnFile("ana@example.org", since=NOON - timedelta(days=900))
        return [Match("C-1001", (known,))] if known.address in query.addresses else []

    def describe(self) -> tuple[Table, ...]:
        return Shop.tables

    def extract(self, references: Sequence[str], *, request_id: str) -> Any:
        return Shop.holds()


def three_orders() -> Iterator[Any]:
    yield Record("orders", {"number": 1, "note": "Grüße", "score": 7})
    yield Lines("orders", b'{"number":2,"note":"=1+1","score":8}\n{"number":-3,"note":"call Otto","score":9}\n', 2)
    yield File("../../etc/scan\u202egnp.exe", "image/png", [b"\x89PNG", b"..."])


@pytest.fixture(autouse=True)
def _world(settings, tmp_path):
    published_policy()
    settings.FILES_DIR = str(tmp_path)
    settings.DATA_SOURCES = {"shop": {"BACKEND": f"{__name__}.Shop"}}
    Shop.holds, Shop.tables = three_orders, (ORDERS,)


@pytest.fixture
def bruno() -> Actor:
    return Actor.staff(staff("bruno", "handler"))


def read_for(right: str = "access", **changes: Any) -> Any:
    """Ana asks, proves it, and her sources have answered."""
    submission = ana_files(right, **changes)
    confirms(submission)
    sweeps.run_steps(SOON)
    sweeps.read_sources(THEN)
    return submission.requests.select_related("submission", "policy").get()


def made(dsr: Any, at: Any = LATER) -> zipfile.ZipFile:
    """The package as it lies there once the sweep ran."""
    assert package.build_due(at, budget=60) == 1
    file = PackageBuild.objects.get(dsr=dsr).file
    content = streams.Reader(dsr.submission_id, file.pk).read()
    assert hashlib.sha256(content).hexdigest() == file.sha256
    assert len(content) == file.size
    return zipfile.ZipFile(io.BytesIO(content))


def hides(dsr: Any, number: int, column: str = "", passage: str = "") -> Redaction:
    """Petra hides something of the order with this place in the stream."""
    step = steps_of(dsr).get()
    with streams.Reader(dsr.submission_id, step.pk) as reader:
        places = [at for at, _ in streams.lines(reader, start=0, end=reader.size)]
    row = Redaction(step=step, table="orders", position=places[number], column=column, ground="risk_to_others",
                    hidden_by=staff("petra"), hidden_at=LATER)  # fmt: skip
    row.passage_sealed = seal(dsr.submission_id, f"redaction.passage.{row.pk}", passage)
    row.save()
    return row


class TestContent:
    def test_every_table_stands_in_it_as_json_lines_exactly_as_it_was_handed_out(self):
        lines = made(read_for()).read("data/shop/orders.jsonl")
        assert lines.decode() == (
            '{"number":1,"note":"Grüße","score":7}\n{"number":2,"note":"=1+1","score":8}\n'
            '{"number":-3,"note":"call Otto","score":9}\n'
        )

    def test_and_as_csv_in_which_numbers_are_numbers_and_nothing_is_a_formula(self):
        rows = list(csv.reader(io.StringIO(made(read_for()).read("data/shop/orders.csv").decode("utf-8-sig"))))
        assert rows == [["number", "note", "score"], ["1", "Grüße", "7"], ["2", "'=1+1", "8"], ["-3", "call Otto", "9"]]

    def test_a_file_has_a_name_that_harms_nobody(self):
        archive = made(read_for())
        assert archive.read("files/shop/etc_scan_gnp.exe") == b"\x89PNG..."

    @pytest.mark.parametrize("hidden", [False, True])
    def test_the_manifest_names_everything_and_its_signature_holds(self, hidden):
        dsr = read_for()
        if hidden:
            hides(dsr, 1, "note")
        archive = made(dsr)
        stated = json.loads(archive.read("manifest.json"))
        listed = {one["name"]: (one["size"], one["sha256"]) for one in stated["entries"]}
        assert set(archive.namelist()) - set(listed) == {"manifest.json", "manifest.sig"}
        for name, (size, digest) in listed.items():
            content = archive.read(name)
            assert (len(content), hashlib.sha256(content).hexdigest()) == (size, digest)
        assert stated["sources"] == [
            {"source": "shop", "result": "found", "ground": "", "records": 3, "files": 1, "hidden": int(hidden)}
        ]
        key = load_pem_public_key(signing.public_key().encode())
        key.verify(archive.read("manifest.sig"), archive.read("manifest.json"))

    def test_the_schema_says_what_each_column_means(self):
        schema = json.loads(made(read_for()).read("schema.json"))
        note = schema["$defs"]["data/shop/orders.jsonl"]["properties"]["note"]
        assert (note["type"], note["x-purpose"]["en"], note["x-basis"]) == (
            ["string", "null"], "To deliver what was bought", "contract",
        )  # fmt: skip

    def test_the_page_tells_what_why_from_whom_to_whom_and_how_long(self):
        page = made(read_for()).read("index.html").decode()
        told = ("Grüße", "To deliver what was bought", "A contract with you", "Ten years", "Fast Parcels",
                "The data protection authority of your country", "Ana Example")  # fmt: skip
        assert [words for words in told if words not in page] == []
        assert "<script" not in page
        assert "default-src 'none'" in page

    def test_the_page_is_in_the_language_of_the_person(self):
        page = made(read_for(language="it")).read("index.html").decode()
        assert [words for words in ('<html lang="it">', "Ordini", "Chi riceve i Suoi dati") if words not in page] == []

    def test_nothing_that_is_held_acts_in_the_page(self):
        Shop.holds = lambda: [Record("orders", {"number": 1, "note": "<script>alert(1)</script>", "score": 1})]
        page = made(read_for()).read("index.html").decode()
        assert "&lt;script&gt;" in page
        assert "<script>" not in page

    def test_the_conversation_with_the_notes_of_the_team_is_part_of_it(self, bruno):
        dsr = read_for()
        desk.note(dsr, text="She called, too.", actor=bruno, at=LATER)
        archive = made(dsr)
        assert "She called, too." in archive.read("conversation/messages.jsonl").decode()
        assert "She called, too." in archive.read("index.html").decode()

    def test_what_staff_attached_is_in_it(self, bruno):
        dsr = read_for()
        desk.attach(dsr, name="CON.txt", content=b"More.", actor=bruno, at=LATER)
        assert made(dsr).read("attachments/_CON.txt") == b"More."

    def test_a_source_that_found_nothing_and_one_that_is_withheld_are_told(self, bruno):
        dsr = read_for()
        why = "The records name others."
        fulfilment.withhold(steps_of(dsr).get(), ground="risk_to_others", why=why, actor=bruno, at=LATER)
        archive = made(dsr)
        page = archive.read("index.html").decode()
        assert "The request puts the rights of others at risk" in page
        assert why in page
        assert json.loads(archive.read("manifest.json"))["sources"][0]["result"] == "withheld"
        assert b"Otto" not in b"".join(archive.read(name) for name in archive.namelist())

    def test_a_source_that_never_answered_and_is_withheld_is_not_said_to_hold_something(self, bruno, monkeypatch):
        monkeypatch.setattr(Shop, "holds", Pending)
        dsr = read_for()
        step = steps_of(dsr).get()
        assert (step.status, step.failure_code) == ("pending", "")
        fulfilment.withhold(step, ground="risk_to_others", why="It does not answer.", actor=bruno, at=LATER)
        archive = made(dsr)
        assert json.loads(archive.read("manifest.json"))["sources"][0]["result"] == "could not be asked"
        assert "Something is held" not in archive.read("index.html").decode()

    def test_what_was_withheld_and_is_handed_out_after_all_has_no_ground_any_more(self, bruno):
        dsr = read_for()
        fulfilment.withhold(steps_of(dsr).get(), ground="risk_to_others", why="It names Otto.", actor=bruno, at=LATER)
        fulfilment.retry(steps_of(dsr).get(), actor=bruno, at=LATER)
        sweeps.read_sources(LATER)
        archive = made(dsr, LATER + timedelta(minutes=1))
        assert json.loads(archive.read("manifest.json"))["sources"][0] | {"files": 0} == {
            "source": "shop", "result": "found", "ground": "", "records": 3, "files": 0, "hidden": 0,
        }  # fmt: skip
        assert "It names Otto." not in archive.read("index.html").decode()


class TestHidden:
    @pytest.mark.parametrize(("column", "passage"), [("", ""), ("note", ""), ("note", "Otto")])
    def test_what_is_hidden_is_nowhere_in_the_package_but_its_ground_is(self, column, passage):
        dsr = read_for()
        hides(dsr, 2, column, passage)
        archive = made(dsr)
        assert b"Otto" not in b"".join(archive.read(name) for name in archive.namelist())
        lines = [json.loads(line) for line in archive.read("data/shop/orders.jsonl").splitlines()]
        assert [line["number"] for line in lines] == ([1, 2] if not column else [1, 2, -3])
        if column:
            assert lines[2] == {"number": -3, "note": "call [withheld]" if passage else "[withheld]", "score": 9}
        assert "The request puts the rights of others at risk" in archive.read("index.html").decode()

    def test_of_many_records_only_those_that_are_hidden_are_left_out_wherever_a_block_begins(self):
        """What has nothing hidden passes in blocks, untouched; a record next to the edge of one is no exception."""
        rows = [{"number": n, "note": f"call Otto {n} " + "x" * 400, "score": 1} for n in range(1, 1001)]
        Shop.holds = lambda: iter([Record("orders", row) for row in rows])
        dsr = read_for()
        first = streams.CHUNK // len(encode(rows[500]))  # about where the second block begins
        for number in (0, *range(first - 3, first + 4), 999):
            hides(dsr, number)
        hides(dsr, 700, "note")
        archive = made(dsr)
        lines = [json.loads(line) for line in archive.read("data/shop/orders.jsonl").splitlines()]
        cells = list(csv.DictReader(io.StringIO(archive.read("data/shop/orders.csv").decode("utf-8-sig"))))
        left = [row["number"] for place, row in enumerate(rows) if place not in {0, *range(first - 3, first + 4), 999}]
        assert [line["number"] for line in lines] == [int(cell["number"]) for cell in cells] == left
        for line, cell in zip(lines, cells, strict=True):
            assert line["note"] == cell["note"] == (MARK if line["number"] == 701 else rows[line["number"] - 1]["note"])

    def test_what_was_hidden_and_shown_again_is_handed_out(self):
        dsr = read_for()
        row = hides(dsr, 2)
        Redaction.objects.filter(pk=row.pk).update(undone_at=LATER)
        assert b"Otto" in made(dsr).read("data/shop/orders.jsonl")

    def test_something_hidden_where_no_record_begins_stops_the_package(self):
        dsr = read_for()
        row = hides(dsr, 2)
        Redaction.objects.filter(pk=row.pk).update(position=5)
        assert package.build_due(LATER, budget=60) == 0
        build = PackageBuild.objects.get()
        assert (build.file, build.failure_code) == (None, "NotALine")

    def test_a_hidden_file_is_left_out(self):
        dsr = read_for()
        steps_of(dsr).get().files.update(hidden_ground="risk_to_others")
        archive = made(dsr)
        assert not [name for name in archive.namelist() if name.startswith("files/")]
        assert "One file is withheld." in archive.read("index.html").decode()


def test_portability_hands_out_only_what_was_provided_on_consent_or_contract(bruno):
    dsr = read_for("portability")
    desk.note(dsr, text="Internal.", actor=bruno, at=LATER)
    archive = made(dsr)
    lines = [json.loads(line) for line in archive.read("data/shop/orders.jsonl").splitlines()]
    assert lines[0] == {"number": 1, "note": "Grüße"}
    names = archive.namelist()
    assert not [name for name in names if name.startswith(("files/", "conversation/"))]
    assert b"score" not in b"".join(archive.read(name) for name in names)


@pytest.mark.parametrize("gone", ["source", "table"])
def test_of_what_is_described_no_more_portability_is_not_silently_empty(settings, gone):
    dsr = read_for("portability")
    if gone == "source":
        settings.DATA_SOURCES = {}
    else:
        Shop.tables = ()
    made(dsr)
    reviewed(dsr)
    assert any("of orders for which purpose it is held" in sentence for sentence in readiness.missing(dsr))


class TestMaking:
    def test_it_is_a_sealed_file_of_the_answer_with_evidence(self, tmp_path):
        dsr = read_for()
        made(dsr)
        file = AnswerFile.objects.get()
        assert (file.kind, file.name) == ("package", f"{dsr.submission.case_label}.zip")
        event = EvidenceEvent.objects.get(kind="package_built")
        body = json.loads(event.body)
        assert (body["sha256"], body["size"]) == (file.sha256, file.size)
        on_disk = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        assert b"PK\x03\x04" not in on_disk

    def test_made_anew_it_takes_the_place_of_the_one_before(self, bruno, tmp_path):
        dsr = read_for()
        made(dsr)
        before = AnswerFile.objects.get()
        desk.attach(dsr, name="more.txt", content=b"More.", actor=bruno, at=LATER)
        made(dsr)
        before.refresh_from_db()
        assert before.destroyed_at is not None
        assert not list(tmp_path.rglob(before.pk.hex))
        assert AnswerFile.objects.filter(kind="package", destroyed_at=None).count() == 1

    def test_what_changed_while_it_was_made_throws_it_away_and_owes_it_again(self, bruno, monkeypatch, tmp_path):
        dsr = read_for()
        real = package._write

        def meanwhile(*args: Any) -> Any:
            out = real(*args)
            hides(dsr, 0)
            return out

        monkeypatch.setattr(package, "_write", meanwhile)
        assert package.build_due(LATER, budget=60) == 0
        assert PackageBuild.objects.get().next_try_at <= LATER + timedelta(minutes=1)
        assert not AnswerFile.objects.exists()
        kept = [*FulfilmentStep.objects.all(), *StepFile.objects.all()]
        assert {path.name for path in tmp_path.rglob("*") if path.is_file()} == {row.pk.hex for row in kept}

    def test_after_a_data_map_was_mended_staff_have_it_made_anew(self, bruno):
        dsr = read_for()
        Shop.tables = (Table("orders", (Column("number"), Column("note"))),)
        made(dsr)
        assert PackageBuild.objects.get().lacks
        Shop.tables = (ORDERS,)
        package.make_anew(dsr, actor=bruno, at=LATER)
        made(dsr)
        assert PackageBuild.objects.get().lacks == []

    def test_a_source_that_cannot_describe_itself_delays_it_and_after_a_while_somebody_is_told(self, settings):
        dsr = read_for()

        class Away(Shop):
            def describe(self) -> Any:
                raise RetryLater

        globals()["Away"] = Away
        settings.DATA_SOURCES = {"shop": {"BACKEND": f"{__name__}.Away"}}
        at = LATER
        for _ in range(3):
            assert package.build_due(at, budget=60) == 0
            at = PackageBuild.objects.get(dsr=dsr).next_try_at
        assert Notice.objects.filter(kind="staff_alarm", submission=dsr.submission).exists()

    def test_somebody_is_told_also_where_the_process_died_at_the_attempt_at_which_it_was_due(self, monkeypatch):
        def full(*args: Any, **values: Any) -> Any:
            raise OSError

        dsr = read_for()
        PackageBuild.objects.filter(dsr=dsr).update(attempts=package.SOON)  # counted before it was made
        monkeypatch.setattr(package.contents, "gather", full)
        package.build_due(LATER, budget=60)
        told = Notice.objects.filter(kind="staff_alarm", submission=dsr.submission)
        assert told.count() == 1
        package.build_due(PackageBuild.objects.get(dsr=dsr).next_try_at, budget=60)
        assert told.count() == 1


class TestReadiness:
    def test_without_sources_nothing_is_asked(self, settings):
        settings.DATA_SOURCES = {}
        assert readiness.missing(read_for()) == []

    def test_it_names_what_is_missing_until_nothing_is(self, bruno):
        dsr = read_for()
        assert readiness.missing(dsr) == [readiness.NOT_REVIEWED.format("shop"), readiness.NOT_MADE]
        made(dsr)
        assert readiness.missing(dsr) == [readiness.NOT_REVIEWED.format("shop")]
        reviewed(dsr)
        assert readiness.missing(dsr) == []
        hides(dsr, 0)
        assert readiness.missing(dsr) == [readiness.OUT_OF_DATE]

    def test_a_data_map_that_is_silent_is_named(self):
        Shop.tables = (Table("orders", (Column("number"), Column("note", "text", TOLD))),)
        dsr = read_for()
        made(dsr)
        reviewed(dsr)
        assert any("of orders for which purpose it is held" in sentence for sentence in readiness.missing(dsr))

    def test_a_decision_waits_for_it_but_a_refusal_does_not(self, bruno):
        dsr = read_for()
        with pytest.raises(Refused, match="looked through"):
            decided(dsr, bruno)
        refusal = {"outcome": "refuse", "ground": "not_own_identity", "facts": "x", "scope": "all"}
        decided(dsr, bruno, **refusal)

    def test_what_leaves_something_out_is_not_called_done(self, bruno):
        dsr = read_for()
        hides(dsr, 0)
        made(dsr)
        reviewed(dsr)
        with pytest.raises(Refused, match="partly done"):
            decided(dsr, bruno)
        part = {"outcome": "partly", "ground": "risk_to_others", "facts": "Otto is named.", "scope": "One record."}
        assert decided(dsr, bruno, **part).outcome == "partly"

    def test_a_source_that_was_connected_since_is_asked_before_it_is_decided(self, bruno, settings):
        dsr = read_for()
        made(dsr)
        reviewed(dsr)
        settings.DATA_SOURCES = {**settings.DATA_SOURCES, "archive": settings.DATA_SOURCES["shop"]}
        with pytest.raises(Refused, match="archive has not answered yet"):
            decided(dsr, bruno)
        assert steps_of(dsr).get(alias="archive").status == "waiting"

    def test_an_approval_is_of_the_package_as_it_is(self, bruno):
        dsr = read_for()
        made(dsr)
        reviewed(dsr)
        submitted = decided(dsr, bruno)
        row = hides(dsr, 0)
        with pytest.raises(Refused, match="out of date"):
            approved(dsr, submitted)
        row.delete()
        assert approved(dsr, submitted).state == "fulfilled"
        assert [file.kind for file in dsr.package.offered] == ["package"]

    def test_sensitive_data_are_released_by_a_privacy_officer_alone(self, bruno):
        dsr = read_for()
        made(dsr)
        reviewed(dsr)
        submitted = decided(dsr, bruno)
        type(dsr).objects.filter(pk=dsr.pk).update(sensitive_since=NOON)
        with pytest.raises(RoleMissing):
            approved(dsr, submitted)
        assert approved(dsr, submitted, by="petra").state == "fulfilled"


def reviewed(dsr: Any) -> None:
    steps_of(dsr).update(reviewed_by=staff("petra"), reviewed_at=LATER)


def decided(dsr: Any, actor: Actor, **changes: str) -> Any:
    values = {"outcome": "done", "letter": "Dear Ana.", "ground": "", "facts": "", "scope": "",
              "identity_match": "The code."} | changes  # fmt: skip
    return decision.decide(dsr, **values, actor=actor, at=LATER)


def approved(dsr: Any, submitted: Any, *, by: str = "ada") -> Any:
    dsr.refresh_from_db()
    actor, at = Actor.staff(staff(by)), LATER + timedelta(hours=1)
    return decision.approve(dsr, digest=submitted.content_digest, actor=actor, at=at)
