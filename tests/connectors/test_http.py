"""A source that is asked over HTTPS: a real server on this machine, with a certificate of its own authority."""

import base64
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from requests_app.connectors import (
    DataSource,
    File,
    Lines,
    Pending,
    PermanentFailure,
    Query,
    Record,
    RetryLater,
    source,
)
from requests_app.connectors.contract import DataSourceContract
from requests_app.connectors.erasure_contract import ErasureContract
from requests_app.connectors.http import Away, CertificateWrong, Http, RefusedUs
from requests_app.connectors.http_answers import LARGEST_ANSWER, CutOff, Unreadable, Unsigned
from requests_app.connectors.http_stream import LONGEST_LINE
from tests.connectors.conftest import LOGIN, ORDER
from tests.http_source import HOST, KEY, SECRET, Handler, Other, running

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANA = Query(email="ana@example.org")


def read(crm: Http) -> list[Record]:
    answer = crm.extract(["C-1001"], request_id="r1")
    assert not isinstance(answer, Pending)
    return [item for item in answer if isinstance(item, Record)]


class TestHttp(DataSourceContract, ErasureContract):
    @pytest.fixture
    def source(self, crm: Http) -> DataSource:
        return crm


def test_records_come_as_a_stream_and_only_what_finds_somebody_is_sent(crm: Http, other: Other) -> None:
    assert [(item.table, dict(item.values)) for item in read(crm)] == [
        (row["table"], row["values"]) for row in (LOGIN, ORDER, ORDER)
    ]
    crm.find(Query(email="ana@example.org", name="Ana Example", details="C-1001"))
    (extract, find) = (asked for _, _, asked in other.asked)
    assert extract == {"request": "r1", "references": ["C-1001"], "callback": ""}
    assert find == {"addresses": ["ana@example.org"], "identifiers": ["C-1001"]}  # nobody is found by name
    assert [table.name for table in crm.describe()] == ["orders", "logins"]


def signed_stream(handler: Handler, *rows: dict[str, Any]) -> bytes:
    body = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    return body + json.dumps({"signature": handler.signature(200, body)}).encode() + b"\n"


def chunks(*pieces: bytes) -> list[dict[str, str]]:
    return [{"chunk": base64.b64encode(piece).decode()} for piece in pieces]


@pytest.mark.parametrize("takes", [True, False], ids=["read", "left unread"])
def test_a_file_comes_in_pieces_between_records(crm: Http, other: Other, takes: bool) -> None:
    named, empty = {"file": {"name": "../scan.pdf", "media_type": "application/pdf"}}, {"file": {"name": "empty"}}
    rows = [ORDER, named, *chunks(b"%PDF", b"-1.7"), empty, ORDER]
    other.instead = lambda handler: handler.say(200, signed_stream(handler, *rows))
    answer = crm.extract(["C-1001"], request_id="r1")
    assert not isinstance(answer, Pending)
    seen = [
        (item.name, item.media_type, b"".join(item.chunks) if takes else b"") if isinstance(item, File) else item.table
        for item in answer
        if not isinstance(item, Lines)
    ]
    read = b"%PDF-1.7" if takes else b""
    scan, nothing = ("../scan.pdf", "application/pdf", read), ("empty", "application/octet-stream", b"")
    assert seen == ["orders", scan, nothing, "orders"]


@pytest.mark.parametrize(
    "rows",
    [
        chunks(b"of no file"),
        [{"file": "scan.pdf"}],
        [{"file": {"name": ""}}],
        [{"file": {"name": "a", "path": "/"}}],
        [{"file": {"name": "a"}}, {"chunk": "no base64!"}],
        [{"file": {"name": "a"}}, {"chunk": 1}],
        [{"file": {"name": "a"}}, ORDER, *chunks(b"too late")],
    ],
    ids=str,
)
def test_a_file_that_the_protocol_does_not_know_is_refused(crm: Http, other: Other, rows: Any) -> None:
    other.instead = lambda handler: handler.say(200, signed_stream(handler, *rows))
    with pytest.raises(Unreadable):
        read(crm)


def test_a_record_is_there_before_the_next_one_is_sent(crm: Http, other: Other) -> None:
    taken, line = threading.Event(), json.dumps(ORDER).encode() + b"\n"

    def waits(handler: Handler) -> None:
        whole = signed_stream(handler, ORDER, ORDER)
        handler.say(200, line, {"Content-Length": str(len(whole))})
        assert taken.wait(5)
        handler.wfile.write(whole[len(line) :])

    other.instead = waits
    answer = crm.extract(["C-1001"], request_id="r1")
    assert not isinstance(answer, Pending)
    first, *others = _after_the_first(answer, taken)
    assert [first, *others] == [Record("orders", ORDER["values"])] * 2


def _after_the_first(answer: Any, taken: threading.Event) -> Iterator[Any]:
    for item in answer:
        yield item
        taken.set()


def test_whoever_is_asked_by_nothing_is_not_asked(crm: Http, other: Other) -> None:
    assert list(crm.find(Query(email=""))) == []
    assert other.asked == []


def test_the_certificate_and_the_host_header_are_those_of_the_name(
    crm: Http, other: Other, options: dict[str, Any], tmp_path: Path
) -> None:
    crm.find(ANA)
    ((_, headers, _),) = other.asked
    assert headers["Host"].split(":")[0] == HOST
    for broken in (
        {"ca_file": ""},
        {"url": options["url"].replace(HOST, "shop.example.org"), "hosts": ["shop.example.org"]},
    ):
        with pytest.raises(CertificateWrong):
            Http(**{**options, **broken}).find(ANA)
    assert len(other.asked) == 1


def test_a_configured_source_hands_its_callback_along(options: dict[str, Any], other: Other, settings: Any) -> None:
    settings.PUBLIC_URL = "https://privacy.example.org"
    settings.DATA_SOURCES = {"crm": {"BACKEND": "requests_app.connectors.http.Http", "OPTIONS": options}}
    list(source("crm").extract(["C-1001"], request_id="5f3c"))
    assert other.asked[0][2]["callback"] == "https://privacy.example.org/sources/crm/5f3c/"


@pytest.mark.parametrize(
    ("said", "seconds"),
    [({"retry_after": 600}, 600), ({"retry_after": 0}, 60), ({"retry_after": 10**9}, 86400), ({}, 86400)],
)
def test_what_is_being_prepared_is_asked_for_again(
    crm: Http, other: Other, monkeypatch: pytest.MonkeyPatch, said: dict[str, int], seconds: int
) -> None:
    monkeypatch.setattr("requests_app.clock.now", lambda: NOW)
    other.pending = said
    assert crm.extract(["C-1001"], request_id="r1") == Pending(ask_again_at=NOW + timedelta(seconds=seconds))
    other.pending = None
    assert len(read(crm)) == 3
    assert [asked["request"] for _, _, asked in other.asked] == ["r1", "r1"]


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, Away), (503, Away), (429, Away), (408, Away), (400, RefusedUs), (404, RefusedUs), (204, RefusedUs)],
)
def test_a_status_says_whether_asking_again_helps(crm: Http, other: Other, status: int, error: type[Exception]) -> None:
    other.instead = lambda handler: handler.say(status, b"")
    for ask in (lambda: crm.find(ANA), lambda: read(crm)):
        with pytest.raises(error, match=str(status)):
            ask()


def test_with_another_secret_nothing_is_told(crm: Http, other: Other) -> None:
    other.secret = b"x" * 48
    with pytest.raises(RefusedUs, match="401"):
        read(crm)
    assert other.asked == []


# What was signed, and what arrives: A51.
TAMPERED = {
    "a record is changed": (lambda body: body.replace(b"A-1", b"A-2"), Unsigned),
    "a record is taken out": (lambda body: body.split(b"\n", 1)[1], Unsigned),
    "the order is another": (lambda b: b"\n".join([*b.split(b"\n")[1::-1], *b.split(b"\n")[2:]]), Unsigned),
    "the last line is missing": (lambda body: body[: body.index(b'{"signature')], CutOff),
    "cut off within a line": (lambda body: body[:40], CutOff),
    "cut off within the signature": (lambda body: body[:-20], CutOff),
    "nothing at all": (lambda body: b"", CutOff),
    "more after the end": (lambda body: body + json.dumps(ORDER).encode() + b"\n", Unreadable),
    "signed by nobody": (lambda body: body[: body.index(b'{"signature')] + b'{"signature": ""}\n', Unsigned),
}


@pytest.mark.parametrize(("spoil", "error"), TAMPERED.values(), ids=TAMPERED)
def test_a_stream_that_was_changed_or_cut_counts_for_nothing(
    crm: Http, other: Other, spoil: Any, error: type[Exception]
) -> None:
    other.spoil = spoil
    with pytest.raises(error):
        read(crm)
    assert issubclass(error, RetryLater) == (error is CutOff)


def test_a_connection_that_breaks_in_the_middle_is_asked_again(crm: Http, other: Other) -> None:
    def breaks(handler: Handler) -> None:
        line = json.dumps(ORDER).encode() + b"\n"
        handler.say(200, line, {"Content-Length": str(10 * len(line))})
        handler.close_connection = True

    other.instead = breaks
    with pytest.raises(Away):
        read(crm)


def test_who_is_on_file_is_believed_only_where_it_is_signed(crm: Http, other: Other) -> None:
    other.spoil = lambda body: body.replace(b"ana@", b"eva@")
    with pytest.raises(Unsigned):
        crm.find(ANA)
    other.spoil = lambda body: body
    other.instead = lambda handler: handler.say(200, b'{"matches": []}')
    with pytest.raises(Unsigned):
        crm.find(ANA)


def test_an_answer_to_another_question_is_none(crm: Http, other: Other) -> None:
    kept: list[tuple[bytes, str]] = []

    def keeps(handler: Handler) -> None:
        body = json.dumps({"matches": []}).encode()
        kept.append((body, handler.signature(200, body)))
        handler.say(200, body, {"Portal-Signature": kept[0][1]})  # each time the first one

    other.instead = keeps
    assert list(crm.find(ANA)) == []
    with pytest.raises(Unsigned):
        crm.find(ANA)
    assert len(kept) == 2


@pytest.mark.parametrize(
    "said",
    [
        [],
        {},
        {"matches": {}},
        {"matches": [{}] * 21},
        {"matches": [{"reference": "1"}]},
        {"matches": [{"reference": 1, "contacts": []}]},
        {"matches": [{"reference": "1", "label": "x" * 201, "contacts": []}]},
        {"matches": [{"reference": "1", "contacts": [{"address": ""}]}]},
        {"matches": [{"reference": "1", "contacts": [{"address": "a@b.example", "kind": "pigeon"}]}]},
        {"matches": [{"reference": "1", "contacts": [{"address": "a@b.example", "since": "2024-02-12T00:00:00"}]}]},
        {"matches": [{"reference": "1", "contacts": [{"address": "a@b.example", "changed_recently": "no"}]}]},
        {"matches": [{"reference": "\ud800", "contacts": []}]},
        {"matches": [float("nan")]},
        {"matches": [], "filling": "x" * LARGEST_ANSWER},
    ],
    ids=lambda said: str(said)[:60],
)
def test_an_answer_that_the_protocol_does_not_know_is_refused(crm: Http, other: Other, said: Any) -> None:
    other.instead = lambda handler: handler.say_signed(200, said)
    with pytest.raises(Unreadable):
        crm.find(ANA)


@pytest.mark.parametrize(
    "line",
    [
        b"[]",
        b"no json",
        b'{"table": "orders"}',
        b'{"table": "secrets", "values": {}}',
        b'{"table": "orders", "values": {"pin": 1}}',
        b'{"table": "orders", "values": []}',
        b'{"table": "orders", "values": {"number": NaN}}',
        b"[" * 100_000,
        b'{"table": "orders", "values": {"number": "' + b"x" * LONGEST_LINE + b'"}}',
    ],
    ids=lambda line: line[:45].decode(),
)
def test_a_line_that_is_no_record_ends_the_reading(crm: Http, other: Other, line: bytes) -> None:
    other.spoil = lambda body: line + b"\n" + body
    with pytest.raises(Unreadable):
        read(crm)


def test_a_source_that_drips_is_given_up_in_time(options: dict[str, Any], other: Other) -> None:
    def drips(handler: Handler) -> None:
        handler.send_response(200)
        for number in range(100):
            handler.send_header(f"X-{number}", "and so on")
            handler.flush_headers()
            time.sleep(0.05)

    other.instead = drips
    started = time.monotonic()
    with pytest.raises(Away, match="Timeout"):
        Http(**options, find_seconds=0.4).find(ANA)
    assert time.monotonic() - started < 2


def test_nobody_there_is_asked_later(options: dict[str, Any], unused_port: int) -> None:
    with pytest.raises(Away):
        Http(**{**options, "url": f"https://{HOST}:{unused_port}"}).find(ANA)


@pytest.fixture
def unused_port() -> Iterator[int]:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def test_plain_http_goes_to_this_machine_only(other: Other, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_SECRET", SECRET)
    with running(other, None) as port:
        told = {"url": f"http://127.0.0.1:{port}", "hosts": ["127.0.0.1"], "key_id": KEY, "secret": "env:CRM_SECRET"}
        assert [m.reference for m in Http(**told, insecure_loopback=True).find(ANA)] == ["C-1001"]
        with pytest.raises(ValueError, match="https"):
            Http(**told)
        elsewhere = {**told, "url": "http://8.8.8.8", "hosts": ["8.8.8.8"]}
        with pytest.raises(PermanentFailure):
            Http(**elsewhere, insecure_loopback=True).find(ANA)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"secret": SECRET}, "env:NAME"),
        ({"secret": ""}, "env:NAME"),
        ({"secret": "env:NOT_SET"}, "NOT_SET is not set"),
        ({"secret": "", "secret_file": "/nowhere"}, "cannot be read"),
        ({"key_id": "a key\r\n"}, "key_id"),
        ({"ca_file": "/nowhere"}, "ca_file"),
        ({"find_seconds": 60}, "10 at most"),
        ({"extract_seconds": 0}, "1500"),
        ({"networks": ["10.0.0.1/8"]}, "host bits"),
        ({"networks": "10.0.0.0/8"}, "list"),
        ({"hosts": HOST}, "list"),
        ({"hosts": []}, "list"),
        ({"tables": {"orders": {}}}, "orders.columns is empty"),
        ({"tables": {"orders": {"columns": {"a": "colour"}}}}, "orders.a.kind"),
        ({"tables": {"orders": {"columns": {"a": "text"}, "basis": "because"}}}, "orders.a.basis"),
        ({"tables": {"orders": {"columns": {"a": {"why": "x"}}}}}, "why is not known"),
    ],
)
def test_a_mistake_is_named_and_never_the_secret(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words) as mistake:
        Http(**{**options, **changes})
    assert SECRET not in str(mistake.value)
    monkeypatch.setenv("CRM_SECRET", "short")
    with pytest.raises(ValueError, match="too short"):
        Http(**options)


def test_what_a_table_says_holds_for_its_columns(options: dict[str, Any]) -> None:
    told = {
        "label": {"en": "Orders", "it": "Ordini"},
        "basis": "contract",
        "provided": True,
        "recipients": ["Carrier"],
        "columns": {"number": "text", "note": {"category": "Free text", "provided": False}},
    }
    (table,) = Http(**{**options, "tables": {"orders": told}}).describe()
    number, note = table.columns
    assert (table.label.it, number.about.basis, number.about.provided, number.about.recipients[0].en) == (
        "Ordini", "contract", True, "Carrier",
    )  # fmt: skip
    assert (note.about.basis, note.about.provided, note.about.category.it) == ("contract", False, "Free text")
