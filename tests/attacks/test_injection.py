"""What Otto types stays text: in pages, letters, files, headers and logs."""

import io
import logging

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from portal.logs import JsonFormatter
from requests_app import clock
from requests_app.models import DataSubjectRequest, Message, Notice, Submission
from requests_app.operations import delivery, desk, letters, person
from requests_app.operations.actors import Actor
from requests_app.rules.file_names import safe_name
from tests import packages
from tests.attacks.test_release import LATER, Desk
from tests.packages import fetched
from tests.people import published_policy, staff
from tests.web.test_person_road import file_as, newest_code

pytestmark = pytest.mark.django_db
ADMIN = "admin:requests_app_datasubjectrequest_"
MARK = "otto_was_here"
RUN = f"document.title='{MARK}'"
PAYLOADS = [
    f"<script>{RUN}</script>",
    f"</textarea><script>{RUN}</script>",
    f"</title><script>{RUN}</script>",
    f'"><script>{RUN}</script>',
    f'\'><img src=x onerror="{RUN}">',
    f"<img src=x onerror={RUN}>",
    f"<svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<body onload={RUN}>",
    f"<iframe srcdoc='<script>parent.{RUN}</script>'>",
    f'<a href="javascript:{RUN}">x</a>',
    f"javascript:{RUN}",
    f'http://x.example/"onmouseover="{RUN}',
    f"www.x.example'onclick='{RUN}",
    f'<math href="javascript:{RUN}">x</math>',
    f"<details open ontoggle={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f"<video><source onerror={RUN}>",
    f'<object data="javascript:{RUN}">',
    f'<form action="javascript:{RUN}"><button>x',
    '<base href="//evil.example/">',
    f'<meta http-equiv=refresh content="0;javascript:{RUN}">',
    f"<style>@import 'javascript:{RUN}'</style>",
    f"<!--><script>{RUN}</script>-->",
    f"<![CDATA[<script>{RUN}</script>]]>",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"\u2028<script>{RUN}</script>",
    f"\uff1cscript\uff1e{RUN}\uff1c/script\uff1e",
    f"<scr\u0000ipt>{RUN}</scr\u0000ipt>".replace("\u0000", ""),
    f"- <li onclick={RUN}>",
    "{{ 7|add:7 }}{% debug %}{% include 'x' %}",
    "{{ settings.SECRET_KEY }}",
    "${7*7}#{7*7}",
    "%(name)s %s {name}",
]
EVERYTHING = "\n".join(PAYLOADS)
RAW = ("<script>document", 'onerror="document', "<svg onload", "<img src=x", 'href="javascript:', "<iframe srcdoc")


@pytest.fixture
def attacked(settings):
    """Otto put the payloads into each field that takes any, and staff repeated them in theirs."""
    published_policy()
    client, now = Client(headers={"user-agent": PAYLOADS[0]}), clock.now()
    client.post("/find/", {"email": "otto@example.org"})
    file_as(client, name=f"Otto {PAYLOADS[0]} {PAYLOADS[5]}", details=EVERYTHING, rights=["access", "correction"])
    client.post("/confirm/", {"code": newest_code()})
    bruno = Actor.staff(staff("bruno", "handler"))
    for dsr in DataSubjectRequest.objects.all():
        name = PAYLOADS[5].replace("/", "")
        client.post(f"/reply/{dsr.pk}/", {"text": EVERYTHING, "file": SimpleUploadedFile(name, b"<script>1</script>")})
        desk.ask(dsr, question=EVERYTHING, actor=bruno, at=now)
        desk.note(dsr, text=EVERYTHING, actor=bruno, at=now)
        desk.attach(dsr, name=PAYLOADS[3], content=b"<html>", actor=bruno, at=now)
    assert Message.objects.filter(author="person").count() == 2
    return client


def desk_pages() -> list[str]:
    pages = ["/admin/", reverse(f"{ADMIN}changelist"), reverse("admin:requests_app_notice_changelist")]
    for dsr in DataSubjectRequest.objects.all():
        pages.append(reverse(f"{ADMIN}change", args=[dsr.pk]))
        pages += [reverse(f"{ADMIN}act", args=[dsr.pk, act]) for act in ("decide", "ask", "attach", "note", "assign")]
    return pages


def person_pages() -> list[str]:
    letters_ = Notice.objects.filter(recipient="person").values_list("pk", flat=True)
    return ["/status/", *(f"/notice/{pk}/" for pk in letters_)]


def test_no_page_and_no_letter_holds_it_as_markup(attacked, client):
    client.force_login(staff("petra"))
    texts = [client.get(path).content.decode() for path in desk_pages()]
    texts += [attacked.get(path).content.decode() for path in person_pages()]
    texts += [notice.opened("html") for notice in Notice.objects.all()]
    petra = Actor.staff(staff("petra"))
    for notice in Notice.objects.filter(recipient="person", check_id=None):
        texts.append(letters.open_letter(notice, actor=petra, at=clock.now()).html)
    assert any(MARK in text for text in texts)
    for text in texts:
        assert not [raw for raw in RAW if raw in text]


def test_no_template_tag_that_was_typed_is_run(attacked):
    page = attacked.get("/status/").content.decode()
    assert "{{ 7|add:7 }}" in page
    assert "{{ settings.SECRET_KEY }}" in page


def test_nothing_typed_travels_by_mail(attacked):
    delivery.deliver_due(clock.now())
    assert mail.outbox
    for sent in mail.outbox:
        assert MARK not in str(sent.message())


@pytest.mark.browser
@pytest.mark.django_db(transaction=True, databases=["default", "keys"])
def test_no_page_of_the_desk_runs_it(attacked, live_server, browser, client):
    client.force_login(staff("petra"))
    run: list[str] = []
    for own, pages in ((client, desk_pages()), (attacked, person_pages())):
        context = browser.new_context(base_url=live_server.url)
        cookies = [{"name": "sessionid", "value": own.cookies["sessionid"].value, "url": live_server.url}]
        context.add_cookies(cookies)
        page = context.new_page()
        page.on("dialog", lambda dialog: (run.append(dialog.message), dialog.dismiss()))
        for path in pages:
            assert page.goto(path).status == 200
            page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
            if MARK in page.title():
                run.append(path)
        context.close()
    assert run == []


NAMES = [
    "../../etc/passwd",
    "..\\..\\boot.ini",
    "/etc/passwd",
    "a\r\nSet-Cookie: x=1.pdf",
    "invoice\u202efdp.exe",
    ".htaccess",
    "CON",
    "x" * 4096,
    "a\x00b.pdf",
    'a;b=c".pdf',
    "😀.pdf",
    "",
    "....",
    "a%0d%0aX: y",
    "\u2028.pdf",
    "data.json\t",
]


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_file_is_harmless_in_the_header_of_a_download(name):
    safe = safe_name(name)
    assert 0 < len(safe) <= 120
    assert not set(safe) & set('/\\\r\n\t\x00";%\u202e\u2028 ')
    assert not safe.startswith(".")


@pytest.mark.parametrize("locked", ["", "locked/"])
@pytest.mark.parametrize("name", NAMES)
def test_the_header_of_a_download_holds_one_name_whatever_the_file_was_called(client, name, locked):
    published_policy()
    file_as(client)
    client.post("/confirm/", {"code": newest_code()})
    dsr = DataSubjectRequest.objects.select_related("submission", "policy").get()
    row = packages.made(dsr, b"PK", at=clock.now(), name=name)
    packages.released(dsr, at=clock.now())
    typed = {"passphrase": "seven green ladders", "again": "seven green ladders"}
    page = client.post(f"/download/{row.pk}/{locked}", typed) if locked else client.get(f"/download/{row.pk}/")
    header = page["Content-Disposition"]
    assert header.startswith(("attachment; filename=", "attachment; filename*=utf-8''"))
    assert header.isascii()
    assert header.isprintable()
    assert header.count(";") == 1
    assert len(header) < 4000
    assert not {"Set-Cookie", "X"} & set(page.headers)
    assert ".." not in header


def test_a_long_name_keeps_its_ending():
    assert safe_name("x" * 4096 + ".zip") == "x" * 116 + ".zip"


def test_a_file_stands_on_disk_under_its_own_id_only(settings):
    office = Desk()
    office.reopen()
    person.reply(office.dsr, text="", file=("../../../evil.sh", b"#!"), actor=Actor.person(), at=LATER)
    written = desk.attach(office.dsr, name="../../../evil.sh", content=b"#!", actor=office.bruno, at=LATER)
    stored = [path for path in settings.FILES_DIR.rglob("*") if path.is_file()]
    assert written.pk.hex in {path.name for path in stored}
    assert not [path for path in stored if "evil" in path.name or b"#!" in path.read_bytes()]
    assert fetched(office.approved, actor=Actor.person(), at=LATER) == b"hers"


ACTIVE = {
    "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "picture.png": b"<html><script>alert(1)</script>",
    "both.gif": b"GIF89a/*<script>*/=1;alert(1)",
    "paper.pdf": b"%PDF-1.7 <script>alert(1)</script>",
    "page.html": b"<script>alert(1)</script>",
}


@pytest.mark.parametrize("name", ACTIVE)
def test_active_content_is_handed_to_staff_as_bytes_and_never_inline(name, client):
    published_policy()
    ana = Client()
    file_as(ana)
    ana.post("/confirm/", {"code": newest_code()})
    dsr = DataSubjectRequest.objects.get()
    ana.post(f"/reply/{dsr.pk}/", {"text": "", "file": SimpleUploadedFile(name, ACTIVE[name], "text/html")})
    client.force_login(staff("bruno", "handler"))
    answer = client.post(reverse(f"{ADMIN}message_file", args=[Message.objects.get().pk]))
    assert answer.content == ACTIVE[name]
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert name not in answer["Content-Disposition"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer["Content-Security-Policy"]


@pytest.mark.parametrize("text", ["a\r\nBcc: x", "\x1b[2Jgone", "a\u2028b", "\u202egpj.exe", 'x"}\n{"level":"INFO'])
def test_a_log_record_is_one_line_whatever_it_holds(text):
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonFormatter())
    handler.handle(logging.LogRecord("x", logging.INFO, __file__, 1, "said %s", (text,), None))
    line = out.getvalue().rstrip("\n")
    assert len(line.splitlines()) == 1
    assert not set(line) & {"\x1b", "\u202e"}


@pytest.mark.parametrize("address", ["a@b.example\r\nBcc: x@y.example", "a@b.example,c@d.example", "a@b.example\x00"])
def test_an_address_with_a_second_one_in_it_is_refused(address, client):
    published_policy()
    assert file_as(client, email=address).status_code == 200
    assert not Submission.objects.exists()
