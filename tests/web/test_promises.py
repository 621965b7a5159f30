"""What the policy in force promises, for people and for programs; the links on other pages; security.txt."""

import json
from datetime import datetime, timedelta

import pytest

from requests_app.clock import now
from requests_app.operations import policies
from tests.people import NOON, POLICY, published_policy, staff

pytestmark = pytest.mark.django_db


def test_everybody_reads_what_is_promised_and_what_was_before(client):
    published_policy()
    accounts = {"prepared_by": staff("petra"), "approved_by": staff("ada")}
    longer = POLICY.read_text().replace("response_days = { value = 15", "response_days = { value = 14")
    policies.load(longer, **accounts, at=NOON + timedelta(days=1))
    page = " ".join(client.get("/policy/").content.decode().split())
    assert "We answer within 14 days." in page
    assert "Version 2, in force since" in page
    assert "digital-assets, version 1, since" in page
    assert "The request is repeated without grounds" in page
    assert "7 days after the end" in page
    assert 'href="/?right=deletion"' in page


def test_a_program_reads_the_same(client):
    version = published_policy()
    answer = client.get("/.well-known/privacy-requests.json")
    told = answer.json()
    assert told["format"] == 1
    assert told["policy"]["sha256"] == version.sha256
    assert told["period"] == {"count": 15, "unit": "calendar_days", "time_zone": "UTC"}
    rights = {one["right"]: one for one in told["rights"]}
    assert rights["marketing_optout"]["in_effect_at_once"]
    assert rights["access"]["identity_rung"] == 2
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert not answer.cookies
    assert "example.org" not in json.dumps(told["refusal_grounds"])


def test_its_links_open_the_form_with_the_right_chosen(client):
    published_policy()
    told = client.get("/.well-known/privacy-requests.json").json()
    for one in told["rights"]:
        page = client.get("/" + one["file_at"].rpartition("/")[2]).content.decode()
        assert page.count(" checked") == 2, one["right"]  # the right, and "for myself"
        assert f'value="{one["right"]}" id="id_rights_{one["right"]}"' in page


def test_a_link_with_nonsense_chooses_nothing(client):
    published_policy()
    page = client.get("/", {"right": ['"><script>', "erase everything"]}).content.decode()
    assert page.count(" checked") == 1
    assert "<script" not in page


def test_before_a_policy_is_published_nothing_is_promised(client):
    assert client.get("/policy/").status_code == 503
    assert client.get("/.well-known/privacy-requests.json").status_code == 503


def test_where_weaknesses_are_reported_stands_in_security_txt_where_it_is_set(client, settings):
    settings.SECURITY_CONTACT = ("mailto:security@controller.example",)
    lines = dict(line.split(": ", 1) for line in client.get("/.well-known/security.txt").content.decode().splitlines())
    assert lines["Contact"] == "mailto:security@controller.example"
    assert timedelta(0) < datetime.fromisoformat(lines["Expires"]) - now() < timedelta(days=365)
    settings.SECURITY_CONTACT = ()
    assert client.get("/.well-known/security.txt").status_code == 404
