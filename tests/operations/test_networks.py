"""Bounds per network: exact, for this hour, for this network alone, and of nobody is an address kept."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from requests_app.models import NetworkCount
from requests_app.operations import networks, sweeps
from requests_app.operations.networks import PER_HOUR, Act
from tests.people import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.both]
OTTOS, ANAS = "198.51.100.0/24", "203.0.113.0/24"


def admitted(times: int, *, network: str = OTTOS, act: Act = Act.FILE, at=NOON) -> int:
    """How many of so many tries were let through."""
    through = 0
    for _ in range(times):
        try:
            networks.count(network, act=act, at=at)
        except networks.Crowded:
            continue
        through += 1
    return through


@pytest.mark.parametrize("act", Act)
def test_as_many_as_the_bound_go_through_and_no_more(act):
    assert admitted(PER_HOUR[act] + 20, act=act) == PER_HOUR[act]


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_exactly_the_bound_goes_through():
    def tries(_number: int) -> int:
        try:
            return admitted(10)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(tries, range(20))) == PER_HOUR[Act.FILE]
    assert NetworkCount.objects.get().times == PER_HOUR[Act.FILE]


def test_a_full_network_takes_nothing_from_another_one_nor_from_another_thing_to_do():
    admitted(PER_HOUR[Act.FILE] + 500)
    assert admitted(PER_HOUR[Act.FILE], network=ANAS) == PER_HOUR[Act.FILE]
    assert admitted(PER_HOUR[Act.FIND], act=Act.FIND) == PER_HOUR[Act.FIND]


def test_the_next_hour_begins_anew_and_the_wait_says_when():
    admitted(PER_HOUR[Act.FILE])
    with pytest.raises(networks.Crowded) as limit:
        networks.count(OTTOS, act=Act.FILE, at=NOON + timedelta(minutes=37))
    assert limit.value.wait == timedelta(minutes=23)
    assert admitted(1, at=NOON + timedelta(minutes=60)) == 1


def test_an_unknown_network_has_no_bound():
    assert admitted(PER_HOUR[Act.FILE] * 2, network="") == PER_HOUR[Act.FILE] * 2
    assert not NetworkCount.objects.exists()


def test_no_address_is_kept_and_two_hours_of_one_network_cannot_be_told_from_two_networks(settings):
    for hours in range(2):
        admitted(3, at=NOON + timedelta(hours=hours))
    rows = str(list(NetworkCount.objects.values()))
    assert NetworkCount.objects.count() == 2
    assert "198.51" not in rows
    digests = set(NetworkCount.objects.values_list("pk", flat=True))
    settings.LOOKUP_KEYS = {1: "00" * 32}  # without the key nobody can try all networks
    admitted(3)
    assert digests.isdisjoint(NetworkCount.objects.exclude(pk__in=digests).values_list("pk", flat=True))
    assert NetworkCount.objects.count() == 3


def test_counts_are_gone_after_a_day():
    admitted(1)
    sweeps.SWEEPS["apply_retention"](NOON + timedelta(hours=23))
    assert NetworkCount.objects.exists()
    sweeps.SWEEPS["apply_retention"](NOON + timedelta(hours=25))
    assert not NetworkCount.objects.exists()
