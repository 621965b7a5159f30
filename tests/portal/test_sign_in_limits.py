"""The table in which the sign-in counts: exact, in JSON, without addresses, and never forgetting before its time."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import cache
from django.db import connection, connections

pytestmark = [pytest.mark.django_db, pytest.mark.both]


@pytest.fixture(autouse=True)
def _empty():
    cache.clear()


def rows() -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT cache_key, value FROM sign_in_limits")
        return cursor.fetchall()


def test_what_was_stored_is_read_until_it_expires():
    cache.set("tries", [1.5, 2.5], 60)
    assert cache.get("tries") == [1.5, 2.5]
    cache.set("tries", [3.5], 60)
    assert cache.get("tries") == [3.5]
    cache.set("tries", [4.5], -1)
    assert cache.get("tries", "none") == "none"
    assert cache.delete("tries")
    assert not cache.delete("tries")


def test_a_used_code_can_be_noted_again_only_when_its_time_is_over():
    assert cache.add("code", True, 60)
    assert not cache.add("code", True, 60)
    cache.set("code", True, -1)
    assert cache.add("code", True, None)
    assert not cache.add("code", True, 60)


@pytest.mark.django_db(transaction=True)
def test_of_twenty_at_once_one_notes_the_code():
    def note(_number: int) -> bool:
        try:
            return cache.add("code", True, 60)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(note, range(20))) == 1


def test_neither_an_address_nor_a_name_stands_in_the_table_and_no_pickle():
    cache.set("allauth:rl:login:ip:198.51.100.7", [1.5], 60)
    ((key, value),) = rows()
    assert "198" not in key
    assert value == "[1.5]"


def test_a_flood_of_tries_makes_it_forget_none():
    cache.set("bruno", [1.5], 60)
    for number in range(400):
        cache.add(f"otto {number}", True, 60)
    assert cache.get("bruno") == [1.5]


def test_what_has_expired_goes_with_the_next_try():
    cache.set("old", True, -1)
    cache.set("new", True, 60)
    assert len(rows()) == 1
