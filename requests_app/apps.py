"""Application registry entry."""

from importlib import import_module

from django.apps import AppConfig


class RequestsAppConfig(AppConfig):
    """The one app of the project."""

    name = "requests_app"
    verbose_name = "Privacy desk"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        import_module("requests_app.checks")  # the models must be loaded first
