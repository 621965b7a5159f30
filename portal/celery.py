"""Celery: the ticks of the sweeps and where they run.

Nothing important is in a queue. A tick only says "look now"; whatever a lost tick would have found, the next one finds.
"""

import os
from pathlib import Path
from typing import Any

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

SWEEP = "requests_app.tasks.sweep"


def tick(name: str, *, every: int, queue: str, expires: int) -> dict[str, Any]:
    """One beat entry, seconds; a tick not taken within `expires` is void, so ticks never pile up."""
    return {
        "task": SWEEP,
        "args": [name],
        "schedule": float(every),
        "options": {"queue": queue, "expires": expires, "ignore_result": True},
    }


def folders(root: Path) -> dict[str, Any]:
    """The embedded broker: worker and beat share one folder, so what one puts in the other takes out."""
    queue, control = root / "queue", root / "control"
    for folder in (queue, control):
        folder.mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(queue),
        "data_folder_out": str(queue),
        "control_folder": str(control),
        "store_processed": False,
    }


def transport_options() -> dict[str, Any]:
    if settings.CELERY_BROKER_URL.startswith("filesystem:"):
        return folders(settings.BROKER_DIR)
    return {
        # Seconds after which another worker gets what a dead one held; above every task's time limit.
        "visibility_timeout": 3600,
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 25,
    }


def configuration() -> dict[str, Any]:
    return {
        "broker_url": settings.CELERY_BROKER_URL,
        "broker_transport_options": transport_options(),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "task_serializer": "json",
        "accept_content": ["json"],
        "result_backend": None,
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_default_queue": "work",
        "task_create_missing_queues": True,
        "worker_prefetch_multiplier": 1,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        "worker_soft_shutdown_timeout": 10.0,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "event_queue_ttl": 5.0,
        "enable_utc": True,
        "timezone": "UTC",
        "beat_max_loop_interval": 5,
        "beat_schedule_filename": str(settings.VAR_DIR / "beat-schedule"),
        "beat_schedule": {
            "deliver_notices": tick("deliver_notices", every=3, queue="notices", expires=15),
            "run_steps": tick("run_steps", every=5, queue="work", expires=25),
            "enforce_deadlines": tick("enforce_deadlines", every=60, queue="clock", expires=300),
            "heartbeat": tick("heartbeat", every=60, queue="clock", expires=300),
            "apply_retention": tick("apply_retention", every=3600, queue="work", expires=3000),
        },
    }


app = Celery("portal")
# Read when first needed: importing `portal` (which importing the settings does) must not need the settings.
app.add_defaults(configuration)
app.autodiscover_tasks(["requests_app"])
