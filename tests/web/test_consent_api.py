"""The ledger for the controller's own systems: signed, whole or not at all, asked in batches."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from requests_app import clock
from requests_app.connectors import signing
from requests_app.models import ConsentEntry
from requests_app.models.keys import lookup_digests
from requests_app.operations import consents
from requests_app.operations.actors import Actor
from requests_app.operations.consents import How, New, Seen
from requests_app.rules.consents import Act
from tests.people import published_policy

pytestmark = [pytest.mark.django_db, pytest.mark.both]
KEY = signing.Key("shop", b"of-the-shop-" * 3)
MAIL, COOKIES = "direct_marketing", "optional_cookies"
ROW = {
    "address": "ana@example.org",
    "purpose": COOKIES,
    "act": "granted",
    "at": "2026-03-01T10:00:00+01:00",
    "text_version": "1",
    "source": "checkout, 2026",
}


@pytest.fixture(autouse=True)
def _world(settings):
    settings.IMPORT_KEYS = {KEY.name: KEY.secret.decode()}
    published_policy()


def post(client, path, sent, *, key=KEY, direction=signing.CALL, age=timedelta(), **headers):
    body = json.dumps(sent).encode()
    at = signing.Sent(int((clock.now() - age).timestamp()), signing.new_nonce())
    headers = signing.signed_headers(key, direction, "POST", path, body, at) | headers
    return client.post(path, body, content_type="application/json", headers=headers)


class TestSigned:
    def test_what_is_not_signed_with_our_key_now_and_for_us_is_refused(self, client):
        other = signing.Key("shop", b"another-secret-" * 3)
        path, sent = "/api/consents", {"consents": [ROW]}
        refused = [
            client.post(path, json.dumps(sent), content_type="application/json"),
            post(client, path, sent, key=other),
            post(client, path, sent, key=signing.Key("nobody", KEY.secret)),
            post(client, path, sent, direction=signing.CALLBACK),
            post(client, path, sent, age=timedelta(minutes=6)),
        ]
        assert [answer.status_code for answer in refused] == [403] * 5
        assert not ConsentEntry.objects.exists()

    def test_the_same_call_is_taken_once(self, client):
        body = json.dumps({"consents": [ROW]}).encode()
        at = signing.Sent(int(clock.now().timestamp()), signing.new_nonce())
        headers = signing.signed_headers(KEY, signing.CALL, "POST", "/api/consents", body, at)
        answers = [
            client.post("/api/consents", body, content_type="application/json", headers=headers).status_code
            for _ in range(2)
        ]
        assert answers == [200, 403]

    def test_the_answer_is_signed_for_this_call(self, client):
        answer = post(client, "/api/consents/query", {"questions": []})
        nonce = answer.wsgi_request.headers[signing.NONCE]
        sent = signing.Sent(0, nonce)
        assert signing.answers(KEY, sent, 200, signing.digest(answer.content), answer.headers[signing.SIGNATURE])

    @pytest.mark.parametrize("sent", [[], {"consents": "x"}, {"consents": ["x"]}, {"consents": [ROW] * 1001}])
    def test_another_shape_is_named(self, client, sent):
        answer = post(client, "/api/consents", sent)
        assert (answer.status_code, ConsentEntry.objects.count()) == (400, 0)
        assert answer.json()["error"]


class TestRecord:
    def test_an_act_is_written_with_the_text_that_was_seen(self, client):
        assert post(client, "/api/consents", {"consents": [ROW]}).json() == {"recorded": 1}
        entry = ConsentEntry.objects.get()
        assert (entry.act, entry.how, entry.source) == ("granted", "api", "checkout, 2026")
        assert (entry.at.isoformat(), entry.mode) == ("2026-03-01T09:00:00+00:00", "opt_in")
        assert entry.text_sha256

    def test_sent_again_it_changes_nothing_under_a_newer_key_of_addresses_too(self, client, settings):
        post(client, "/api/consents", {"consents": [ROW]})
        settings.LOOKUP_KEYS = {**settings.LOOKUP_KEYS, 9: "9" * 64}
        assert post(client, "/api/consents", {"consents": [ROW]}).json() == {"recorded": 0}
        [answer] = post(client, "/api/consents/query", _asks(COOKIES)).json()["answers"]
        assert answer["allowed"] is True

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"address": "ana"}, "address"),
            ({"purpose": "profiling"}, "purpose"),
            ({"act": "undone"}, "act"),
            ({"at": "2026-03-01T10:00:00"}, "at"),
            ({"at": "2126-03-01T10:00:00Z"}, "future"),
            ({"at": "yesterday"}, "at"),
            ({"text_version": "7"}, "text_version"),
            ({"source": ""}, "source"),
            ({"note": "x"}, "exactly"),
        ],
    )
    def test_one_mistake_stops_the_whole_and_is_named_by_its_row(self, client, change, reason):
        answer = post(client, "/api/consents", {"consents": [ROW, ROW | change]})
        [mistake] = answer.json()["mistakes"]
        assert (answer.status_code, mistake["row"]) == (422, 2)
        assert reason in mistake["reason"]
        assert not ConsentEntry.objects.exists()


def _asks(*purposes, address="ana@example.org"):
    return {"questions": [{"address": address, "purpose": purpose} for purpose in purposes]}


class TestQuery:
    def test_it_says_for_each_whether_and_since_when(self, client):
        post(client, "/api/consents", {"consents": [ROW]})
        answers = post(client, "/api/consents/query", _asks(COOKIES, MAIL, address="ANA@Example.org")).json()["answers"]
        assert answers == [
            {"allowed": True, "since": "2026-03-01T09:00:00+00:00"},
            {"allowed": True, "since": None},
        ]

    def test_a_no_shows_at_once(self, client):
        digest = lookup_digests("ana@example.org")[0]
        said = New(digest, MAIL, Act.WITHDRAWN, clock.now(), Seen("1"), How.FORM)
        consents.record([said], actor=Actor.person(), at=clock.now())
        [answer] = post(client, "/api/consents/query", _asks(MAIL)).json()["answers"]
        assert answer["allowed"] is False

    def test_a_purpose_that_nobody_published_is_no_question(self, client):
        assert post(client, "/api/consents/query", _asks("profiling")).status_code == 400


class TestLinks:
    def test_each_address_gets_its_own(self, client):
        sent = {"addresses": ["ana@example.org", "otto@example.org"], "purpose": MAIL, "language": "it"}
        first, second = post(client, "/api/preference-links", sent).json()["links"]
        assert first["url"] != second["url"]
        assert first["headers"]["List-Unsubscribe"] == f"<{first['url']}>"
        client.post(first["url"].removeprefix("http://testserver"), {"List-Unsubscribe": "One-Click"})
        questions = [{"address": address, "purpose": MAIL} for address in sent["addresses"]]
        found = post(client, "/api/consents/query", {"questions": questions})
        assert [row["allowed"] for row in found.json()["answers"]] == [False, True]

    def test_not_for_a_purpose_that_nobody_published(self, client):
        sent = {"addresses": ["ana@example.org"], "purpose": "profiling", "language": "en"}
        assert post(client, "/api/preference-links", sent).status_code == 400


class TestFile:
    def _file(self, tmp_path, *rows):
        file = tmp_path / "consents.csv"
        lines = [",".join(ROW), *(",".join(f'"{value}"' for value in row.values()) for row in rows)]
        file.write_text("\n".join(lines), encoding="utf-8")
        return file

    def test_a_file_is_imported_once(self, tmp_path, capsys):
        file = self._file(tmp_path, ROW, ROW | {"address": "otto@example.org", "act": "refused"})
        for _ in range(2):
            call_command("import_consents", file)
        assert capsys.readouterr().out == "2 of 2 were new.\n0 of 2 were new.\n"
        assert ConsentEntry.objects.filter(how="import").count() == 2

    def test_a_mistake_is_named_by_its_line_without_the_address_and_nothing_is_written(self, tmp_path):
        with pytest.raises(CommandError, match=r"line 3: act: has to be one of") as told:
            call_command("import_consents", self._file(tmp_path, ROW, ROW | {"act": "yes"}))
        assert "example.org" not in str(told.value)
        assert not ConsentEntry.objects.exists()
