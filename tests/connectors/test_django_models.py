"""People who are rows of a Django model; the accounts of the installation stand in for a customer file."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db import OperationalError
from django.db.models import QuerySet

from requests_app.connectors import (
    Change,
    ConsentAct,
    DataSource,
    Instruction,
    NotOffered,
    PermanentFailure,
    Query,
    Remaining,
    RetryLater,
    Way,
    django_erasing,
)
from requests_app.connectors.contract import REQUEST, SINCE, DataSourceContract
from requests_app.connectors.django_models import MOST, DjangoModel
from requests_app.connectors.erasure_contract import ErasureContract, carried, instructions, planned, references

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


class TestDjangoModel(DataSourceContract, ErasureContract):
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

    def test_two_accounts_of_one_address_are_two_people_whom_staff_can_tell_apart(self, source: DataSource) -> None:
        User.objects.create(username="C-3003", email="Ana@example.org")
        found = source.find(Query(email="ana@example.org", details="C-1001"))
        assert [match.label.split(", ")[1] for match in found] == ["C-1001", "C-3003"]

    def test_more_than_somebody_can_be_meant_by_is_a_failure_and_no_list_that_is_cut(self, source: DataSource) -> None:
        """Numbers between two accounts of one address would make it look like the address of one alone."""
        numbers = [f"N-{number:03}" for number in range(MOST - 1)]
        for number in numbers:
            User.objects.create(username=number, email=f"{number}@example.net")
        User.objects.create(username="C-3003", email="ana@example.org")
        assert len(source.find(Query(email="ana@example.org"))) == 2
        with pytest.raises(PermanentFailure, match="more than 20"):
            source.find(Query(email="ana@example.org", details=" ".join(numbers)))

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


class TestErasing:
    """Of the accounts of this installation, and what they are named by."""

    @pytest.fixture
    def two(self) -> tuple[User, User]:
        ana = User.objects.create(username="C-1001", first_name="Ana", email="ana@example.org", date_joined=SINCE)
        otto = User.objects.create(username="C-2002", email="otto@example.net", date_joined=SINCE)
        for who in (ana, otto, ana):
            LogEntry.objects.create(user=who, action_flag=1, object_repr=f"by {who.username}", change_message="x")
        return ana, otto

    def test_whoever_names_goes_first_and_ottos_stays(self, two: tuple[User, User]) -> None:
        source = DjangoModel(**OPTIONS)
        assert [(one.table, one.records) for one in planned(source)] == [("admin.LogEntry", 2), ("auth.User", 1)]
        done = carried(source, references(source), instructions(source))
        assert [(one.records, one.left) for one in done] == [(2, 0), (1, 0)]
        assert [user.username for user in User.objects.all()] == ["C-2002"]
        assert LogEntry.objects.count() == 1

    def test_what_a_cascade_would_take_along_is_refused(self, two: tuple[User, User]) -> None:
        only = DjangoModel(**{**OPTIONS, "tables": {"auth.User": TABLES["auth.User"]}})
        with pytest.raises(PermanentFailure, match=r"rows of admin\.LogEntry"):
            carried(only, references(only), instructions(only))
        whole = DjangoModel(**OPTIONS)
        with pytest.raises(PermanentFailure, match=r"rows of admin\.LogEntry stay and name rows of auth\.User"):
            carried(whole, references(whole), [Instruction("auth.User", Way.ERASE)])
        assert (User.objects.count(), LogEntry.objects.count()) == (2, 3)

    def test_named_by_what_is_kept_the_account_stays_without_its_values(self, two: tuple[User, User]) -> None:
        keep = {"reason": "Accountability", "years": 2, "from": "action_time"}
        entries = {**TABLES["admin.LogEntry"], "keep": keep}
        source = DjangoModel(**{**OPTIONS, "tables": {**TABLES, "admin.LogEntry": entries}})
        entry, user = planned(source)
        assert (entry.way, entry.why.en, entry.until is not None) == (Way.KEEP, "Accountability", True)
        assert user.way == Way.ANONYMISE
        done = carried(source, references(source), instructions(source))
        assert [(one.way, one.records, one.left) for one in done] == [(Way.KEEP, 0, 2), (Way.ANONYMISE, 1, 0)]
        two[0].refresh_from_db()
        assert (two[0].email, two[0].first_name, two[0].is_active, two[0].username[0]) == ("", "", False, "~")
        assert references(source) == []
        assert LogEntry.objects.count() == 3

    def test_batches_are_bounded(self, two: tuple[User, User], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(django_erasing, "BATCH", 1)
        source = DjangoModel(**OPTIONS)
        assert [one.records for one in carried(source, references(source), instructions(source))] == [2, 1]

    def test_consent_correction_and_restriction_are_the_fields_that_the_options_name(
        self, two: tuple[User, User]
    ) -> None:
        user = {**TABLES["auth.User"], "fields": ["id", "username", "first_name", "email"], "rectify": ["first_name"]}
        more = {"consent": {"direct_marketing": "is_staff"}, "restriction_field": "is_superuser"}
        source = DjangoModel(**{**OPTIONS, "tables": {"auth.User": user}, **more})
        known, at = references(source), SINCE
        source.withdraw_consent(known, acts=[ConsentAct("direct_marketing", True, at)], request_id=REQUEST)
        changes = [Change("first_name", "Anna"), Change("email", "x@example.org"), Change("phone", "1")]
        outcomes = [one.outcome for one in source.rectify(known, changes=changes, request_id=REQUEST)]
        assert outcomes == ["changed", "refused", "not_found"]
        assert source.restrict(known, restricted=True, request_id=REQUEST) == [Remaining("auth.User", 1)]
        two[0].refresh_from_db()
        assert (two[0].is_staff, two[0].first_name, two[0].is_superuser) == (True, "Anna", True)
        two[1].refresh_from_db()
        assert (two[1].is_staff, two[1].first_name, two[1].is_superuser) == (False, "", False)
        with pytest.raises(NotOffered, match="no field for cookies"):
            source.withdraw_consent(known, acts=[ConsentAct("cookies", False, at)], request_id=REQUEST)

    def test_what_is_reached_backwards_may_be_others_too(self, two: tuple[User, User]) -> None:
        group = Group.objects.create(name="Customers")
        for one in two:
            one.groups.add(group)
        source = DjangoModel(**{**OPTIONS, "tables": {"auth.Group": {"person": "user", "fields": ["name"]}}})
        assert [(one.table, one.way) for one in planned(source)] == [("auth.Group", Way.KEEP)]
        with pytest.raises(PermanentFailure, match="may be named by rows of others"):
            carried(source, references(source), [Instruction("auth.Group", Way.ERASE)])
