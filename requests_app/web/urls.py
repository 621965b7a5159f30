"""Every address of the person's side."""

from django.urls import path
from django.views.i18n import set_language

from . import demo, filing, find, genuine, health, identity, leave, letters, link, metrics, on_file, sign_in, status

urlpatterns = [
    path("", filing.file, name="file"),
    path("check/", filing.check, name="check"),
    path("status/", status.status, name="status"),
    path("confirm/", identity.confirm, name="confirm"),
    path("resend/", identity.resend, name="resend"),
    path("address/", identity.change_address, name="change_address"),
    path("sign-in/", sign_in.sign_in, name="sign_in"),
    path("sign-in/back/", sign_in.sign_in_back, name="sign_in_back"),
    path("fresh-code/", identity.fresh_code, name="fresh_code"),
    path("cancel/<uuid:pk>/", status.cancel, name="cancel"),
    path("undo/<uuid:pk>/", status.undo, name="undo"),
    path("reopen/<uuid:pk>/", status.reopen, name="reopen"),
    path("reply/<uuid:pk>/", status.reply, name="reply"),
    path("notice/<uuid:pk>/", letters.notice, name="notice"),
    path("download/<uuid:pk>/", status.download, name="download"),
    path("date/<uuid:pk>/", status.ics, name="ics"),
    path("find/", find.find, name="find"),
    path("find/code/", find.find_code, name="find_code"),
    path("found/", find.found, name="found"),
    path("found/<uuid:pk>/", find.open_found, name="open"),
    path("l/<str:secret>/", link.link, name="link"),
    path("l/", link.by_link, name="by_link"),
    path("was-it-you/", on_file.on_file_link, name="on_file_link"),
    path("on-file/", on_file.on_file, name="on_file"),
    path("genuine/", genuine.genuine, name="genuine"),
    path("leave/", leave.leave, name="leave"),
    path("language/", set_language, name="set_language"),
    path("demo/mail/", demo.demo_mail, name="demo_mail"),
    path("demo/codes/", demo.demo_codes, name="demo_codes"),
    path("healthz", health.healthz, name="healthz"),
    path("livez", health.livez, name="livez"),
    path("metrics", metrics.metrics, name="metrics"),
]
