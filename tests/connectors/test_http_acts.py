"""What a source over HTTPS is told to do, and what is kept of its answer."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from requests_app.connectors import (
    Carried,
    Change,
    ConsentAct,
    Instruction,
    NotOffered,
    Pending,
    Planned,
    Remaining,
    Way,
)  # fmt: skip
from requests_app.connectors.http import Away, Http, RefusedUs
from requests_app.connectors.http_answers import Unreadable, Unsigned
from requests_app.connectors.signing import Key, attests
from tests.http_source import KEY, SECRET, Other

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ITEMS = [Instruction("orders", Way.ERASE), Instruction("logins", Way.KEEP)]
ACT = ConsentAct("direct_marketing", False, NOW)
REQUEST, ANA = "r1", ["C-1001"]


def erase(crm: Http) -> Any:
    return crm.erase(ANA, items=ITEMS, request_id=REQUEST)


def test_what_was_decided_is_told_and_the_signed_answer_is_kept(crm: Http, other: Other) -> None:
    done = erase(crm)
    assert list(done) == [Carried("orders", Way.ERASE, 2), Carried("logins", Way.KEEP, 0, left=1)]
    ((path, _, asked),) = other.asked
    assert path == "/privacy/erase"
    assert asked == {
        "request": "r1", "references": ANA,
        "items": [{"table": "orders", "way": "erase"}, {"table": "logins", "way": "keep"}],
    }  # fmt: skip
    assert "C-1001" not in done.attested
    assert attests(Key(KEY, SECRET.encode()), done.attested, done.body)
    for line, body in ((done.attested, done.body + b" "), (done.attested.replace(" 200 ", " 202 "), done.body)):
        assert not attests(Key(KEY, SECRET.encode()), line, body)
    assert not attests(Key(KEY, b"x" * 40), done.attested, done.body)
    assert list(crm.verify_gone(ANA, request_id=REQUEST)) == [Remaining("logins", 1)]


def test_told_again_the_other_side_answers_what_it_answered(crm: Http, other: Other) -> None:
    assert list(erase(crm)) == list(erase(crm))
    assert len(other.done) == 1


def test_a_plan_says_why_and_until_when(crm: Http, other: Other) -> None:
    item = {
        "table": "orders",
        "records": 2,
        "way": "keep",
        "why": {"en": "Tax law", "it": "Legge"},
        "until": "2036-01-31",
    }
    other.instead = lambda handler: handler.say_signed(200, {"items": [item]})
    (planned,) = crm.plan_erasure(ANA, request_id=REQUEST)
    assert planned == Planned("orders", 2, Way.KEEP, planned.why, date(2036, 1, 31))
    assert planned.why.it == "Legge"


def test_consent_correction_and_restriction_are_told(crm: Http, other: Other) -> None:
    assert list(crm.withdraw_consent(ANA, acts=[ACT], request_id=REQUEST)) == [ACT]
    assert [one.outcome for one in crm.rectify(ANA, changes=[Change("phone", "1")], request_id=REQUEST)] == [
        "not_found"
    ]
    restricted = crm.restrict(ANA, restricted=True, request_id=REQUEST)
    assert sum(one.records for one in restricted) == 3
    assert other.flags == {"direct_marketing": False, "restricted": True}
    assert other.asked[0][2]["acts"] == [{"purpose": "direct_marketing", "allowed": False, "at": NOW.isoformat()}]


def every_act(crm: Http) -> dict[str, Any]:
    return {
        "plan": lambda: crm.plan_erasure(ANA, request_id=REQUEST),
        "erase": lambda: erase(crm),
        "verify": lambda: crm.verify_gone(ANA, request_id=REQUEST),
        "consent": lambda: crm.withdraw_consent(ANA, acts=[ACT], request_id=REQUEST),
        "rectify": lambda: crm.rectify(ANA, changes=[Change("phone", "1")], request_id=REQUEST),
        "restrict": lambda: crm.restrict(ANA, restricted=True, request_id=REQUEST),
    }


def test_what_is_not_offered_is_not_asked(options: dict[str, Any], other: Other) -> None:
    for tell in every_act(Http(**{**options, "offers": []})).values():
        with pytest.raises(NotOffered):
            tell()
    assert other.asked == []
    with pytest.raises(ValueError, match="offers has to be"):
        Http(**{**options, "offers": ["burn"]})


def test_what_needs_time_is_asked_again(crm: Http, other: Other, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("requests_app.clock.now", lambda: NOW)
    other.instead = lambda handler: handler.say_signed(202, {"retry_after": 600})
    for what, tell in every_act(crm).items():
        if what == "verify":
            with pytest.raises(Away):
                tell()
        else:
            assert tell() == Pending(ask_again_at=NOW + timedelta(seconds=600))


@pytest.mark.parametrize(("status", "error"), [(500, Away), (429, Away), (404, RefusedUs), (501, NotOffered)])
def test_a_status_says_what_becomes_of_it(crm: Http, other: Other, status: int, error: type[Exception]) -> None:
    other.instead = lambda handler: handler.say(status, b"")
    for tell in every_act(crm).values():
        with pytest.raises(error):
            tell()


def test_an_answer_that_is_not_signed_or_was_changed_counts_for_nothing(crm: Http, other: Other) -> None:
    other.spoil = lambda body: body + b" "
    for tell in every_act(crm).values():
        with pytest.raises(Unsigned):
            tell()


@pytest.mark.parametrize(
    "said",
    [
        [],
        {"items": [], "outcomes": [], "purposes": ["another"]},
        {"items": [{"table": "secrets", "records": 1, "way": "erase", "left": 0}], "outcomes": ["x"], "purposes": 1},
        {"items": [{"table": "orders", "records": -1, "way": "erase", "left": 0}] * 2, "outcomes": [1], "purposes": {}},
        {"items": [{"table": "orders", "records": True, "way": "burn", "left": 0}], "outcomes": None},
        {"items": [1], "outcomes": [None]},
    ],
    ids=lambda said: str(said)[:40],
)
def test_an_answer_that_the_protocol_does_not_know_is_refused(crm: Http, other: Other, said: Any) -> None:
    other.instead = lambda handler: handler.say_signed(200, said)
    for what, tell in every_act(crm).items():
        if what in {"plan", "verify", "restrict"} and said and said["items"] == []:
            assert list(tell()) == []  # nothing is held
        else:
            with pytest.raises(Unreadable):
                tell()
