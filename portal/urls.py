"""Every address of the site."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("staff/", include("requests_app.admin.urls")),
    path("", include("requests_app.web.urls")),
]
