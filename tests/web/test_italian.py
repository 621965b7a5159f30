"""Who chose Italian meets no English sentence."""

import ast
import html
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone, translation
from django.utils.translation import trans_real
from django.utils.translation.template import templatize

from requests_app.models import DataSubjectRequest, Notice
from requests_app.operations import desk, person
from requests_app.operations.actors import Actor
from tests.people import published_policy, staff
from tests.web.test_person_road import file_as, newest_code

ROOT = Path(settings.BASE_DIR)
PAGES = [*ROOT.glob("templates/*.html"), *ROOT.glob("templates/requests_app/*.html")]
CODE = [p for folder in ("web", "templatetags") for p in (ROOT / "requests_app" / folder).glob("*.py")]
VERBS = (
    "person",
    "timeline",
    "identity_codes",
    "on_behalf",
    "authority",
    "release",
    "incomplete",
    "packing/page",
    "answering",
)
CODE += [ROOT / "requests_app" / "operations" / f"{name}.py" for name in VERBS]
CALL = re.compile(r"gettext\(u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")")


def catalogue() -> dict:
    with translation.override("it"):
        return dict(trans_real.catalog()._catalog)


def sentences(path: Path) -> set[str]:
    """What a page or a module asks the catalogue for."""
    if path.suffix == ".html":
        return {ast.literal_eval(found) for found in CALL.findall(templatize(path.read_text()))}
    calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call) and n.args]
    named = [n for n in calls if isinstance(n.func, ast.Name) and n.func.id in {"_", "gettext", "ngettext"}]
    return {ast.literal_eval(n.args[0]) for n in named}


def english_left(page: str) -> list[str]:
    """The English sentences of the catalogue that stand in a page, whole."""
    text = " ".join(html.unescape(re.sub(r"<[^>]+>", "\n", page)).split(" "))
    lines = {" ".join(line.split()) for line in text.splitlines()}
    known = {key for key, said in catalogue().items() if isinstance(key, str) and key and said and key != said}
    own_names = {name for _code, name in settings.LANGUAGES}  # "English" is said in English
    return sorted(lines & known - own_names)


@pytest.mark.parametrize("path", PAGES + CODE, ids=lambda path: path.stem)
def test_every_sentence_is_in_the_catalogue(path):
    said = catalogue()
    known = {key[0] if isinstance(key, tuple) else key for key, text in said.items() if text}
    assert sorted(sentences(path) - known) == []


def test_the_search_for_english_finds_some(client):
    assert "You have left" in english_left(client.get("/leave/").content.decode())


@pytest.mark.django_db
class TestPages:
    @pytest.fixture(autouse=True)
    def _italian(self, client, settings):
        published_policy()
        settings.DEMO = True
        client.cookies["django_language"] = "it"

    def test_public_pages(self, client):
        roads = ["/", "/child/", "/child/reported/", "/find/", "/genuine/", "/leave/", "/demo/mail/", "/nothing/"]
        assert {road: english_left(client.get(road).content.decode()) for road in roads} == {road: [] for road in roads}

    def test_own_pages_from_the_form_to_a_request_opened_again(self, client):
        pages = {"mistakes": client.post("/", {"email": "ana@"})}
        file_as(client, language="it", rights=["access", "marketing_optout"])
        pages["filed"] = client.get("/status/")
        pages["wrong code"] = client.post("/confirm/", {"code": "1"})
        client.post("/confirm/", {"code": newest_code()})
        dsr = DataSubjectRequest.objects.get(right="access")
        desk.ask(dsr, question="Quando?", actor=Actor.staff(staff("bruno", "handler")), at=timezone.now())
        pages["asked"] = client.get("/status/")
        pages["answered"] = client.post(f"/reply/{dsr.pk}/", {"text": "Ieri."}, follow=True)
        pages["cancel"] = client.get(f"/cancel/{dsr.pk}/")
        pages["fresh"] = client.get("/fresh-code/")
        pages["sent"] = client.post("/fresh-code/", {"action": "send"}, follow=True)
        pages["letter"] = client.get(f"/notice/{Notice.objects.filter(recipient='person').first().pk}/")
        person.cancel(DataSubjectRequest.objects.get(pk=dsr.pk), actor=Actor.person(), at=timezone.now())
        pages["cancelled"] = client.get("/status/")
        pages["again"] = client.post(f"/reopen/{dsr.pk}/", follow=True)
        assert {name: english_left(page.content.decode()) for name, page in pages.items()} == {n: [] for n in pages}
        assert {page.status_code for page in pages.values()} == {200}

    def test_a_refusal_of_an_operation_is_italian_too(self, client):
        file_as(client)
        for _ in range(4):
            client.post("/resend/")
        assert "cinque codici" in client.post("/resend/", follow=True).content.decode()

    def test_a_new_visitor_chooses_the_language_by_a_button(self):
        visitor = Client()
        visitor.post("/language/", {"language": "it", "next": "/"})
        assert "Che cosa desidera?" in visitor.get("/").content.decode()
