"""Ana downloads her package: whole, from where it broke off, locked with a passphrase, and once more after its end."""

import hashlib
import json
import os
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from requests_app.admin import history
from requests_app.models import AnswerFile, DataSubjectRequest, DisclosurePackage, EvidenceEvent, Notice
from requests_app.operations import locked_zip, release
from requests_app.operations.actors import Actor
from requests_app.operations.streams import CHUNK
from requests_app.web import cards, download
from tests import packages
from tests.people import published_policy, staff
from tests.web.test_person_road import file_as, newest_code
from tests.zips import opened

pytestmark = pytest.mark.django_db
CONTENT = os.urandom(3 * CHUNK + 77)
PASSPHRASE = "seven green ladders"


@pytest.fixture(autouse=True)
def _policy(settings, tmp_path):
    settings.FILES_DIR = tmp_path
    published_policy()


def dsr() -> DataSubjectRequest:
    return DataSubjectRequest.objects.select_related("submission", "policy", "package").get()


@pytest.fixture
def ana(client):
    """Ana has filed and typed her code."""
    file_as(client)
    client.post("/confirm/", {"code": newest_code()})
    return client


@pytest.fixture
def package(ana) -> AnswerFile:
    """Her request is answered with a package that the portal made."""
    row = packages.made(dsr(), CONTENT, at=timezone.now())
    packages.released(dsr(), at=timezone.now())
    return row


@pytest.fixture
def path(package) -> str:
    return f"/download/{package.pk}/"


def events(kind="downloaded") -> list[dict]:
    return [json.loads(event.body) for event in EvidenceEvent.objects.filter(kind=kind).order_by("seq")]


def downloads() -> int:
    return DisclosurePackage.objects.get().downloads


def no_longer_fresh(client):
    session = client.session
    session["fresh_until"] = (timezone.now() - timedelta(seconds=1)).isoformat()
    session.save()


def expired(*, days: int = 0):
    DisclosurePackage.objects.update(expires_at=timezone.now() - timedelta(days=days))


class TestWhole:
    def test_it_comes_in_pieces_with_all_that_a_client_needs_to_go_on(self, ana, package, path):
        page = ana.get(path)
        assert page.streaming
        pieces = list(page.streaming_content)
        assert max(map(len, pieces)) <= CHUNK
        assert b"".join(pieces) == CONTENT
        assert page["Content-Length"] == str(len(CONTENT))
        assert page["ETag"] == f'"{hashlib.sha256(CONTENT).hexdigest()}"'
        assert page["Accept-Ranges"] == "bytes"
        assert "no-store" in page["Cache-Control"]
        assert page["X-Content-Type-Options"] == "nosniff"
        assert page["X-Accel-Buffering"] == "no"
        assert page["Content-Disposition"] == 'attachment; filename="your-data.zip"'

    def test_the_button_leads_to_an_address_that_a_browser_can_resume(self, ana, path):
        sent = ana.post(path)
        assert (sent.status_code, sent["Location"]) == (302, path)
        assert events() == []

    def test_each_download_is_counted_and_on_record(self, ana, package, path):
        for _ in range(3):
            ana.get(path)
        assert downloads() == 3
        assert [(event["file"], event["sha256"]) for event in events()] == [(str(package.pk), package.sha256)] * 3

    def test_asking_for_its_size_is_no_download(self, ana, path):
        head = ana.head(path)
        assert (head.status_code, head["Content-Length"], head.content) == (200, str(len(CONTENT)), b"")
        assert head["Accept-Ranges"] == "bytes"
        assert (downloads(), events()) == (0, [])

    def test_a_code_that_ends_meanwhile_does_not_cut_it(self, ana, path):
        running = iter(ana.get(path).streaming_content)
        begun = next(running)
        no_longer_fresh(ana)
        assert begun + b"".join(running) == CONTENT

    def test_what_was_destroyed_in_this_moment_is_gone(self, ana, package, path, settings):
        for stored in settings.FILES_DIR.rglob(package.pk.hex):
            stored.unlink()
        assert ana.get(path).status_code == 410
        assert (downloads(), events()) == (0, [])

    def test_otto_gets_the_same_404_for_every_way_to_it(self, ana, package, path):
        otto = Client()
        file_as(otto, email="otto@example.org")
        for address in (path, f"{path}locked/"):
            assert otto.get(address).status_code == 404
        assert otto.head(path).status_code == 404
        assert otto.get(path, headers={"Range": "bytes=5-"}).status_code == 404
        assert otto.post(f"/again/{dsr_of(package)}/").status_code == 404

    def test_beside_a_package_no_single_file_is_handed_out(self, ana, package):
        attached = AnswerFile.objects.create(
            dsr=dsr(),
            name_sealed=package.name_sealed,
            size=2,
            sha256="0" * 64,
            attached_by=staff("bruno"),
            attached_at=package.attached_at,
        )
        assert ana.get(f"/download/{attached.pk}/").status_code == 410
        assert [file["id"] for file in cards.card(dsr(), at=timezone.now())["package"]["files"]] == [package.pk]


def dsr_of(package):
    return package.dsr_id


class TestPart:
    @pytest.mark.parametrize(
        ("asked", "first", "end"),
        [
            ("bytes=0-0", 0, 1),
            ("bytes=5-", 5, None),
            (f"bytes={CHUNK - 3}-{CHUNK + 2}", CHUNK - 3, CHUNK + 3),
            (f"bytes=10-{10**17}", 10, None),
            ("bytes=-7", len(CONTENT) - 7, None),
            (f"bytes=-{10**17}", 0, None),
        ],
    )
    def test_it_goes_on_where_it_broke_off(self, ana, path, asked, first, end):
        page = ana.get(path, headers={"Range": asked})
        end = end or len(CONTENT)
        assert page.status_code == 206
        assert page.getvalue() == CONTENT[first:end]
        assert page["Content-Length"] == str(end - first)
        assert page["Content-Range"] == f"bytes {first}-{end - 1}/{len(CONTENT)}"
        assert [(event["from"], event["to"]) for event in events()] == [(first, end - 1)]
        assert downloads() == (first == 0)

    @pytest.mark.parametrize(
        "asked", ["bytes=0-1,5-9", "bytes=9-5", "bytes=-", "bytes=x-", "pages=1-2", "bytes 5-9", "bytes=1--2", "²"]
    )
    def test_what_is_not_one_range_gets_the_whole(self, ana, path, asked):
        page = ana.get(path, headers={"Range": asked})
        assert (page.status_code, page.getvalue()) == (200, CONTENT)

    @pytest.mark.parametrize("asked", [f"bytes={len(CONTENT)}-", "bytes=-0", f"bytes={10**17}-"])
    def test_behind_the_end_there_is_nothing(self, ana, path, asked):
        page = ana.get(path, headers={"Range": asked})
        assert (page.status_code, page["Content-Range"]) == (416, f"bytes */{len(CONTENT)}")
        assert events() == []

    def test_it_is_told_apart_from_a_download_in_both_histories(self, ana, path, client):
        ana.get(path)
        ana.get(path, headers={"Range": "bytes=5-"})
        page = ana.get("/status/").content.decode()
        assert page.count("You downloaded a file of the answer.") == 1
        assert page.count("You went on with a download that had broken off.") == 1
        said = [line["text"] for line in history.for_staff(dsr())]
        assert said[-2:] == [
            "The person downloaded a file of the answer.",
            "The person went on with a download that had broken off.",
        ]

    def test_a_resume_every_ten_seconds_of_an_hour_is_never_stopped(self):
        assert release.MOST_AN_HOUR >= 360

    def test_very_many_within_an_hour_wait_for_the_next(self, ana, path, monkeypatch):
        monkeypatch.setattr(release, "MOST_AN_HOUR", 3)
        part = {"Range": "bytes=5-9"}
        assert [ana.get(path, headers=part).status_code for _ in range(4)] == [206, 206, 206, 429]
        page = ana.get(path)
        assert (page.status_code, page["Retry-After"]) == (429, "3600")
        assert "very many times within an hour" in page.content.decode()
        typed = {"passphrase": PASSPHRASE, "again": PASSPHRASE}
        assert ana.post(f"{path}locked/", typed).status_code == 429
        assert (len(events()), downloads()) == (3, 0)
        later, session = timezone.now() + timedelta(hours=1), ana.session
        session["fresh_until"] = (later + timedelta(minutes=5)).isoformat()
        session.save()
        monkeypatch.setattr(download, "now", lambda: later)
        assert ana.get(path, headers=part).status_code == 206

    def test_only_of_the_file_that_it_began_with(self, ana, package, path):
        same = {"Range": "bytes=5-", "If-Range": f'"{package.sha256}"'}
        assert ana.get(path, headers=same).status_code == 206
        for other in (f'"{"0" * 64}"', f'W/"{package.sha256}"', "Sun, 22 Nov 2026 12:00:00 GMT"):
            page = ana.get(path, headers=same | {"If-Range": other})
            assert (page.status_code, page.getvalue()) == (200, CONTENT)

    def test_resumed_later_it_asks_for_a_fresh_code_and_puts_no_page_into_the_file(self, ana, path):
        no_longer_fresh(ana)
        page = ana.get(path, headers={"Range": "bytes=5-"})
        assert page.status_code == 403
        assert b"Did a download break off?" in page.content
        assert ana.head(path).status_code == 302
        assert events() == []
        ana.post("/fresh-code/", {"action": "send", "next": path})
        typed = ana.post("/fresh-code/", {"code": newest_code("fresh"), "next": path})
        assert typed["Location"] == path
        assert ana.get(path, headers={"Range": "bytes=5-"}).getvalue() == CONTENT[5:]

    @pytest.mark.parametrize("asked", ["bytes=5-", "bytes=-1", f"bytes={10**17}-"])
    def test_the_gate_stands_before_every_part(self, ana, path, asked, monkeypatch):
        monkeypatch.setattr(release, "held_back", lambda dsr, *, at: True)
        part = {"Range": asked}
        assert [ana.get(path, headers=part)["Location"], ana.head(path)["Location"]] == ["/status/"] * 2
        monkeypatch.undo()
        expired()
        assert [ana.get(path, headers=part).status_code, ana.head(path).status_code] == [410] * 2
        assert events() == []


class TestLocked:
    def test_the_passphrase_opens_it_and_nothing_else_does(self, ana, package, path):
        page = ana.post(f"{path}locked/", {"passphrase": PASSPHRASE, "again": PASSPHRASE})
        assert page["Content-Disposition"] == 'attachment; filename="your-data-locked.zip"'
        assert "no-store" in page["Cache-Control"]
        zipped = page.getvalue()
        assert opened(zipped, PASSPHRASE) == ("your-data.zip", CONTENT)
        assert CONTENT[100:200] not in zipped
        with pytest.raises(ValueError, match="passphrase"):
            opened(zipped, PASSPHRASE + "s")
        assert [(event["sha256"], event["encrypted"]) for event in events()] == [(package.sha256, 1)]
        assert downloads() == 1

    def test_it_comes_in_pieces(self):
        pieces = (bytes(CHUNK) for _ in range(40))
        sizes = [len(piece) for piece in locked_zip.locked("a", pieces, size=40 * CHUNK, passphrase="p", at=NOW)]
        assert max(sizes) <= CHUNK
        assert sum(sizes) > 40 * CHUNK

    @pytest.mark.parametrize(
        ("first", "second", "said"),
        [
            ("", "", "choose one of at least 12"),
            ("elevenchars", "elevenchars", "too short"),
            ("x" * 129, "x" * 129, "too long"),
            (PASSPHRASE, "seven green ladder", "the two are not the same"),
            (PASSPHRASE, "", "a second time"),
            ("perché no, dodici", "perché no, dodici", "without accents"),
        ],
    )
    def test_an_unfit_one_is_told_and_never_shown_again(self, ana, path, first, second, said):
        page = ana.post(f"{path}locked/", {"passphrase": first, "again": second})
        assert said in page.content.decode()
        assert not first or first not in page.content.decode()
        assert events() == []

    def test_without_a_fresh_code_it_is_not_even_asked_for(self, ana, path):
        no_longer_fresh(ana)
        for answer in (
            ana.get(f"{path}locked/"),
            ana.post(f"{path}locked/", {"passphrase": PASSPHRASE, "again": PASSPHRASE}),
        ):
            assert answer["Location"] == f"/fresh-code/?next={path}locked/"
        assert events() == []

    def test_after_the_end_neither(self, ana, path):
        expired()
        assert ana.get(f"{path}locked/").status_code == 410
        assert ana.post(f"{path}locked/", {"passphrase": PASSPHRASE, "again": PASSPHRASE}).status_code == 410

    def test_it_is_written_nowhere(self, ana, path, caplog, settings):
        ana.post(f"{path}locked/", {"passphrase": PASSPHRASE, "again": PASSPHRASE}).getvalue()
        held = [str(dict(ana.session)), caplog.text, *map(str, events())]
        held += [stored.read_bytes().decode("latin-1") for stored in settings.FILES_DIR.rglob("*") if stored.is_file()]
        assert not [place for place in held if PASSPHRASE in place]


NOW = timezone.now()


class TestAgain:
    def test_once_she_has_the_files_for_another_period(self, ana, package, path):
        expired()
        assert "Make it available again" in ana.get("/status/").content.decode()
        assert ana.post(f"/again/{package.dsr_id}/")["Location"] == "/status/"
        left = DisclosurePackage.objects.get().expires_at - timezone.now()
        assert timedelta(days=29) < left <= timedelta(days=30)
        assert ana.get(path).getvalue() == CONTENT
        assert len(events("package_reissued")) == 1
        notice = Notice.objects.get(kind="package_again")
        assert "can be downloaded again" in notice.text

    def test_a_second_time_somebody_of_the_team_does_it(self, ana, package, path):
        expired()
        ana.post(f"/again/{package.dsr_id}/")
        expired()
        page = ana.get("/status/").content.decode()
        assert "Make it available again" not in page
        assert "write or call us before that day" in page
        ana.post(f"/again/{package.dsr_id}/")
        assert ana.get(path).status_code == 410
        petra = Actor.staff(staff("petra", "privacy officer"))
        release.reissue(dsr(), actor=petra, at=timezone.now())
        assert ana.get(path).status_code == 200
        assert [event["actor"].split(":")[0] for event in events("package_reissued")] == ["person", "staff"]

    def test_it_takes_a_fresh_code(self, ana, package, path):
        expired()
        no_longer_fresh(ana)
        sent = ana.post(f"/again/{package.dsr_id}/")
        assert sent["Location"] == "/fresh-code/?next=/status/"
        assert events("package_reissued") == []

    def test_once_its_days_are_over_it_is_not_offered(self, ana, package):
        expired(days=14)
        page = ana.get("/status/").content.decode()
        assert "The files are destroyed" in page
        assert "Make it available again" not in page
        ana.post(f"/again/{package.dsr_id}/")
        assert events("package_reissued") == []

    def test_while_it_can_be_had_there_is_nothing_to_make_available(self, ana, package):
        ana.post(f"/again/{package.dsr_id}/")
        assert events("package_reissued") == []

    def test_in_doubt_it_waits(self, ana, package, monkeypatch):
        expired()
        monkeypatch.setattr(release, "held_back", lambda dsr, *, at: True)
        ana.post(f"/again/{package.dsr_id}/")
        assert events("package_reissued") == []


def test_the_card_says_how_often_it_was_fetched_and_what_is_inside(ana, path):
    assert "downloaded" not in ana.get("/status/").content.decode().split('class="package"')[1].split("</ul>")[0]
    ana.get(path)
    assert "downloaded once" in ana.get("/status/").content.decode()
    ana.get(path)
    ana.get(path, headers={"Range": "bytes=5-"})
    page = ana.get("/status/").content.decode()
    assert "downloaded 2 times" in page
    assert "Inside is a page to read and print" in page
