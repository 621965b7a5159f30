"""The project: wiring only. What the portal does lives in requests_app."""

from portal.celery import app as celery_app

__all__ = ["celery_app"]
