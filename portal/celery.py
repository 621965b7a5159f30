"""Celery: the ticks of the sweeps and where they run.

Nothing important is in a queue. A tick only says "look now"; whatever a lost tick would have found, the next one finds.
"""

import os
import socket
from pathlib import Path
from typing import Any

from celery import Celery
from celery.beat import BeatLazyFunc
from django.conf import settings
from kombu import Exchange, Queue

from portal.silence import LONG_SWEEP, EndWhenSilent
from requests_app import clock

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

SWEEP = "requests_app.tasks.sweep"
CANARY = "requests_app.tasks.canary"
QUEUES = ("clock", "notices", "work")
PACKAGES = "packages"  # what takes minutes; without a canary, which would wait behind it


def tick(name: str, *, every: int, queue: str, expires: int, task: str = SWEEP) -> dict[str, Any]:
    """One beat entry, seconds; a tick not taken within `expires` is void, so ticks never pile up."""
    return {
        "task": task,
        "args": [name],
        "schedule": float(every),
        "options": {"queue": queue, "expires": expires, "ignore_result": True},
    }


def sent_now() -> str:
    """The instant at which beat sends; evaluated then, so that the canary can tell how long it waited."""
    return clock.now().isoformat()


def canary(queue: str) -> dict[str, Any]:
    """The beat entry that shows each minute that this queue has a beat and a worker."""
    return {
        "task": CANARY,
        "args": [queue, BeatLazyFunc(sent_now)],
        "schedule": 60.0,
        # Longer than the alarm's 3 minutes: one that waited so long still tells the lag of a crowded queue.
        "options": {"queue": queue, "expires": 300, "ignore_result": True},
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
        # Seconds after which another worker gets what a dead one held: above every task's hard limit, or a slow task
        # would run twice at once. What comes back later than its `expires` is void.
        "visibility_timeout": 3600,
        # A broker that vanished without closing the line must not hold anybody for ever: publishing gives up after
        # 10 s, a worker's waiting read is dropped and renewed after health_check_interval * 2 + 1 s, and the kernel
        # notices a dead machine after 30 + 3 * 10 s.
        "socket_timeout": 10,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "socket_keepalive_options": keepalive(),
        "health_check_interval": 10,
    }


def keepalive() -> dict[int, int]:
    """Probe an idle line after 30 s, every 10 s, three times; where the system has no such knob, its own default."""
    wanted = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}
    return {getattr(socket, name): value for name, value in wanted.items() if hasattr(socket, name)}


def configuration() -> dict[str, Any]:
    return {
        "broker_url": settings.CELERY_BROKER_URL,
        "broker_transport_options": transport_options(),
        # The broker may be away for as long as it likes: everybody waits for it and comes back.
        "broker_connection_retry": True,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_channel_error_retry": True,
        # broker_heartbeat exists for AMQP only; with Redis the socket options above do its work.
        "task_serializer": "json",
        "accept_content": ["json"],
        "result_backend": None,
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_default_queue": "work",
        "task_queues": [Queue(name, Exchange(name, "direct"), routing_key=name) for name in (*QUEUES, PACKAGES)],
        "task_create_missing_queues": False,  # a queue without a worker would swallow ticks in silence
        "worker_prefetch_multiplier": 1,
        "worker_enable_remote_control": False,
        "worker_send_task_events": False,
        "worker_hijack_root_logger": False,
        # TERM lets the running task end, after this many seconds hands it back; below a supervisor's usual 90 s.
        "worker_soft_shutdown_timeout": 10.0,
        "worker_enable_soft_shutdown_on_idle": True,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "event_queue_ttl": 5.0,
        "enable_utc": True,
        "timezone": "UTC",
        "beat_max_loop_interval": 5,
        "beat_schedule_filename": str(settings.VAR_DIR / "beat-schedule"),
        "beat_schedule": {
            "deliver_notices": tick("deliver_notices", every=3, queue="notices", expires=15),
            "run_steps": tick("run_steps", every=5, queue="work", expires=25),
            "read_sources": tick("read_sources", every=5, queue=PACKAGES, expires=25, task=LONG_SWEEP),
            "build_packages": tick("build_packages", every=5, queue=PACKAGES, expires=25, task=LONG_SWEEP),
            "carry_out_acts": tick("carry_out_acts", every=5, queue=PACKAGES, expires=25, task=LONG_SWEEP),
            "check_others": tick("check_others", every=15, queue=PACKAGES, expires=25, task=LONG_SWEEP),
            "rematch_sources": tick("rematch_sources", every=600, queue=PACKAGES, expires=500, task=LONG_SWEEP),
            "enforce_deadlines": tick("enforce_deadlines", every=60, queue="clock", expires=300),
            "end_authorities": tick("end_authorities", every=60, queue="clock", expires=300),
            "remind_departments": tick("remind_departments", every=60, queue="clock", expires=300),
            "send_digest": tick("send_digest", every=60, queue="clock", expires=300),
            "count_looks": tick("count_looks", every=3600, queue="work", expires=3000),
            "publish_figures": tick("publish_figures", every=3600, queue="work", expires=3000),
            "apply_retention": tick("apply_retention", every=3600, queue="work", expires=3000),
            **{f"canary_{queue}": canary(queue) for queue in QUEUES},
        },
    }


app = Celery("portal")
# Read when first needed: importing `portal` (which importing the settings does) must not need the settings.
app.add_defaults(configuration)
app.autodiscover_tasks(["requests_app"])
app.steps["worker"].add(EndWhenSilent)


def tick_once() -> None:
    """Send every beat entry now: beat's own first round comes only after each entry's interval."""
    for entry in app.conf.beat_schedule.values():
        args = [part() if isinstance(part, BeatLazyFunc) else part for part in entry["args"]]
        app.send_task(entry["task"], args, **entry["options"])
