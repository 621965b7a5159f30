"""People who are rows of a Django model; the accounts of the installation stand in for a customer file."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import OperationalError
from django.db.models import QuerySet

from requests_app.connectors import DataSource, Query, RetryLater
from requests_app.connectors.contract import SINCE, DataSourceContract
from requests_app.connectors.django_models import MOST, DjangoModel

pytestmark = [pytest.mark.django_db, pytest.mark.both]
TABLES = {
    "auth.User": {"person": "pk", "fields": ["id", "username", "email", "date_joined"], "basis": "contract"},
    "admin.LogEntry": {"person": "user", "fields": ["id", "action_time", "change_message", "user"]},
}
OPTIONS = {
    "model": "auth.User",
    "identifier_fields": ["username"],
    "since_field": "date_joined",
    "tables": TABLES,
}


class TestDjangoModel(DataSourceContract):
    @pytest.fixture
    def source(self) -> DataSource:
        User.objects.create(username="C-1001", email="ana@example.org", date_joined=SINCE)
        User.objects.create(username="C-2002", email="otto@example.net", date_joined=SINCE)
        return DjangoModel(**OPTIONS)

    def test_it_hands_out_what_leads_to_the_person_and_nothing_of_another(self, source: DataSource) -> None:
        ana, otto = User.objects.order_by("username")
        for who in (ana, otto, ana):
            LogEntry.objects.create(user=who, action_flag=1, object_repr="", change_message=f"by {who.username}")
        (match,) = source.find(Query(email="ana@example.org"))
        found = list(source.extract([match.reference], request_id="1"))
        assert [(r.table, r.values.get("username", r.values.get("change_message"))) for r in found] == [
            ("auth.User", "C-1001"),
            ("admin.LogEntry", "by C-1001"),
            ("admin.LogEntry", "by C-1001"),
        ]
        kinds = {c.name: c.kind for c in source.describe()[0].columns}
        assert kinds == {"id": "number", "username": "text", "email": "text", "date_joined": "instant"}

    def test_what_the_database_takes_for_the_same_letter_is_no_match(self, source: DataSource) -> None:
        User.objects.create(username="C-3003", email="\u212aim@example.org")  # the sign for Kelvin
        assert list(source.find(Query(email="kim@example.org"))) == []

    def test_no_more_are_read_than_somebody_can_be_meant_by(self, source: DataSource) -> None:
        for number in range(MOST + 5):
            User.objects.create(username=f"same{number}", email="shared@example.org")
        assert len(source.find(Query(email="shared@example.org"))) == MOST

    def test_a_database_that_is_away_is_asked_later(self, source: DataSource, monkeypatch: pytest.MonkeyPatch) -> None:
        def away(self: object) -> None:
            raise OperationalError

        monkeypatch.setattr(QuerySet, "__iter__", away)
        monkeypatch.setattr(QuerySet, "_fetch_all", away)
        with pytest.raises(RetryLater):
            source.find(Query(email="ana@example.org"))
        monkeypatch.setattr(QuerySet, "iterator", lambda self, chunk_size: away(self))
        with pytest.raises(RetryLater):
            list(source.extract(["1"], request_id="1"))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model": "auth.Nobody"}, "Nobody"),
        ({"model": "nowhere"}, "nowhere|not enough"),
        ({"model": "auth.User", "email_fields": ["mail"]}, "mail"),
        ({"model": "auth.User", "since_field": "changed"}, "changed"),
        ({"model": "auth.User", "email_fields": []}, "email_fields is empty"),
        ({"model": "auth.User", "tables": {"auth.User": {}}}, "person is missing"),
        ({"model": "auth.User", "tables": {"auth.Group": {"person": "members"}}}, "members"),
        ({"model": "auth.User", "tables": {"auth.User": {"person": "pk", "fields": ["mail"]}}}, "mail"),
        ({"model": "auth.User", "tables": {"auth.User": {"person": "pk", "basis": "because"}}}, "basis"),
    ],
)
def test_a_mistake_is_named(options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        DjangoModel(**options)


def test_a_field_can_be_the_persons_own_contact_and_has_to_be_there() -> None:
    users = {**TABLES["auth.User"], "own": ["email"]}
    (table,) = DjangoModel(**{**OPTIONS, "tables": {"auth.User": users}}).describe()
    assert [column.name for column in table.columns if column.own] == ["email"]
    with pytest.raises(ValueError, match="own names phone, which is not among its fields"):
        DjangoModel(**{**OPTIONS, "tables": {"auth.User": {**users, "own": ["phone"]}}})
