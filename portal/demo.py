"""`make run`: the whole portal on this machine, without any server, until Ctrl-C.

One parent starts web, worker and beat, each in a process group of its own. Whichever way it ends (Ctrl-C, TERM, a
child that dies), it ends all of them and waits for each.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import FrameType

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("VAR_DIR") or BASE_DIR / "var")
PORT = os.environ.get("PORT") or "8000"
GRACE_SECONDS = 12  # above the worker's own soft shutdown


class Stop(Exception):
    """Someone asked us to end."""


def environment() -> dict[str, str]:
    env = dict(os.environ)
    env.setdefault("DEMO", "1")
    env.setdefault("PORT", PORT)
    env.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    env.setdefault("LOG_LEVEL", "WARNING")
    env["VAR_DIR"] = str(VAR_DIR)
    env["PYTHONUNBUFFERED"] = "1"
    # In a container the demo runs as root, with nothing to lose; Celery's advice is for servers.
    quiet = "ignore:You're running the worker with superuser privileges"
    env["PYTHONWARNINGS"] = ",".join(filter(None, [env.get("PYTHONWARNINGS"), quiet]))
    return env


def programs() -> dict[str, list[str]]:
    python = sys.executable
    celery = [python, "-m", "celery", "--quiet", "--app", "portal"]
    return {
        "web": [
            python, "-m", "gunicorn", "portal.wsgi:application",
            "--bind", f"127.0.0.1:{PORT}", "--workers", "2", "--worker-class", "gthread", "--threads", "8",
            "--graceful-timeout", "5", "--log-level", "warning", "--no-control-socket",
        ],
        "worker": [
            *celery, "worker", "--queues", "clock,notices,work,packages", "--pool", "solo", "--concurrency", "1",
            "--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING",
        ],
        "beat": [
            *celery, "beat", "--schedule", str(VAR_DIR / "beat-schedule"),
            "--pidfile", "", "--loglevel", "WARNING",
        ],
    }  # fmt: skip


def first_round() -> list[str]:
    """Beat's first minute is silent: one round of ticks now, so that the desk does not open with an alarm."""
    return [sys.executable, "-c", "from portal.celery import tick_once; tick_once()"]


def prepare(env: dict[str, str]) -> str:
    """Folders, an empty broker, both databases, demo data. Returns what load_demo has to say."""
    for folder in ("mail", "files", "broker", "static"):
        (VAR_DIR / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.rmtree(VAR_DIR / "broker")  # ticks of an earlier run; nothing else is ever in there
    for stale in VAR_DIR.glob("beat-schedule*"):
        stale.unlink()
    manage = [sys.executable, "manage.py"]
    for step in (["migrate", "--verbosity", "0"], ["migrate", "--database", "keys", "--verbosity", "0"]):
        subprocess.run([*manage, *step], cwd=BASE_DIR, env=env, check=True)
    return subprocess.run(
        [*manage, "load_demo"], cwd=BASE_DIR, env=env, check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def start(env: dict[str, str], children: dict[str, subprocess.Popen[bytes]], *names: str) -> None:
    """Start these programs; `children` gets each as soon as it runs, so that whatever happens it is ended."""
    for name in names:
        children[name] = subprocess.Popen(programs()[name], cwd=BASE_DIR, env=env, start_new_session=True)


def signal_group(child: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(child.pid, number)  # the child leads its own group
    except ProcessLookupError:
        pass


def end(children: dict[str, subprocess.Popen[bytes]]) -> None:
    """TERM to each leader, patience, then KILL to whatever is left of its group; every child is waited for."""
    for child in children.values():
        if child.poll() is None:
            child.terminate()
    until = time.monotonic() + GRACE_SECONDS
    for child in children.values():
        try:
            child.wait(timeout=max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
        signal_group(child, signal.SIGKILL)
        child.wait()


def wait_until_answering(children: dict[str, subprocess.Popen[bytes]], *, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        watch(children)
        try:
            # Anything that answers will do, an error page too.
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", timeout=5).close()  # nosec B310
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"the site does not answer on port {PORT}")


def watch(children: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, child in children.items():
        if child.poll() is not None:
            raise RuntimeError(f"{name} ended by itself (exit status {child.returncode})")


def on_signal(number: int, frame: FrameType | None) -> None:
    raise Stop


def port_is_free() -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(PORT)))
        except OSError:
            return False
    return True


def main() -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    if not port_is_free():
        print(f"Port {PORT} is taken. Choose another: make run PORT=8001", file=sys.stderr)
        return 1
    env = environment()
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        said = prepare(env)
        began = time.monotonic()
        start(env, children, "web")  # alone first: on a small machine the others would delay the first page
        wait_until_answering(children, seconds=30)
        answers = time.monotonic() - began
        start(env, children, *(name for name in programs() if name != "web"))
        subprocess.run(first_round(), cwd=BASE_DIR, env=env, check=False, stdout=subprocess.DEVNULL)
        address = f"http://127.0.0.1:{PORT}"
        print(f"\n  The portal      {address}/")
        print(f"  The team        {address}/admin/")
        print(f"  Its codes       {address}/demo/codes/")
        print(f"  The mail        {address}/demo/mail/\n")
        print(f"  The first page answered {answers:.1f} s after the server was started.\n")
        print("\n".join(f"  {line}" for line in said.splitlines()))
        print("\n  Ctrl-C ends all of it.\n", flush=True)
        while True:
            watch(children)
            time.sleep(0.5)
    except Stop:
        return 0
    except subprocess.CalledProcessError as error:
        print(f"`manage.py {error.cmd[2]}` failed: see above.", file=sys.stderr)
        return 1
    except RuntimeError as error:
        print(f"Stopped: {error}.", file=sys.stderr)
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # one is enough; the end must not be interrupted
        end(children)


if __name__ == "__main__":
    sys.exit(main())
