"""The report of a period on the desk, and what everybody may read of a quarter."""

import pytest
from django.urls import reverse

from requests_app.clock import now
from requests_app.models import PublishedFigures

PAGE = "admin:requests_app_datasubjectrequest_report"
PERIOD = {"first": "2026-01-01", "last": "2027-01-31"}


@pytest.mark.django_db
def test_the_report_counts_the_period_that_is_asked_for(sign_in, file_request):
    file_request("access")
    bruno = sign_in("bruno")
    page = " ".join(bruno.get(reverse(PAGE), PERIOD).content.decode().split())
    assert "1 received, 0 answered" in page
    assert '<th scope="row">Access</th><td>1</td><td>0</td>' in page
    before = bruno.get(reverse(PAGE), {"first": "2025-01-01", "last": "2025-12-31"}).content.decode()
    assert "Nothing was received, and nothing ended." in before


@pytest.mark.django_db
def test_it_comes_as_a_file_for_spreadsheets(sign_in, file_request):
    file_request("access")
    answer = sign_in("bruno").get(reverse(PAGE), PERIOD | {"format": "csv"})
    assert answer["Content-Disposition"] == 'attachment; filename="report-2026-01-01-2027-01-31.csv"'
    lines = answer.content.decode().splitlines()
    assert lines[0].startswith("From,To,Right,Received,Answered,On time,Late")
    assert lines[1].startswith("2026-01-01,2027-01-31,Access,1,0,0,0")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"first": "soon", "last": "2026-01-31"}, "Type both days as in 2026-01-31."),
        ({"first": "2026-02-01", "last": "2026-01-31"}, "exchange them"),
        ({"first": "2020-01-01", "last": "2026-01-31"}, "at most three years"),
    ],
)
def test_a_mistyped_period_says_how_to_mend_it_and_stays_typed(sign_in, file_request, typed, said):
    file_request("access")
    answer = sign_in("bruno").get(reverse(PAGE), typed)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert f'value="{typed["first"]}"' in page


@pytest.mark.django_db
def test_everybody_reads_what_was_published_and_small_numbers_are_not_told(client):
    assert "Nothing is published yet." in client.get("/statistics/").content.decode()
    few = {"received": None, "answered": None, "on_time_percent": None, "refused": 0, "median_days": None}
    many = {"received": 120, "answered": 110, "on_time_percent": 98, "refused": 5, "median_days": 6}
    none = few | {"received": 0, "answered": 0}
    rights = {"access": many, "deletion": few, "portability": none}
    PublishedFigures.objects.create(
        first="2026-07-01", last="2026-09-30", body={"total": many, "rights": rights}, published_at=now()
    )
    page = " ".join(client.get("/statistics/").content.decode().split())
    assert "<td>120</td><td>110</td><td>98 %</td><td>5</td><td>6</td>" in page
    assert "<td>fewer than 5</td><td>fewer than 5</td><td>–</td><td>0</td><td>–</td>" in page
    assert "Take my data elsewhere" not in page  # nobody asked for it
