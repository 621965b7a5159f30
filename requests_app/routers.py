"""Which table lives in which database: the wrapped data keys live apart, with backups of their own."""

from typing import Any

KEY_MODELS = {"submissionkey"}


class KeysRouter:
    """Send `SubmissionKey` to the alias `keys`, everything else to `default`."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        """Return the alias that holds the model."""
        return "keys" if model._meta.model_name in KEY_MODELS else "default"

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool:
        """Create each table in its own database only."""
        return (db == "keys") == (app_label == "requests_app" and model_name in KEY_MODELS)
