"""`make run` in an empty folder: everything is there, and after Ctrl-C nothing is."""

import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from tests import services

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[2]
HANGS = 120  # seconds: not a promise, only the end of patience on a busy machine


def page(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as reply:
        return str(reply.read().decode())


def eventually(look, seconds: float = HANGS):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(f"nothing came within {seconds:.0f} s")


@pytest.fixture
def demo(tmp_path):
    """The running demo and what it prints: an operator's environment, none of the tests' own settings."""
    env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    port = services.free_port()
    with (tmp_path / "out").open("w") as out, (tmp_path / "err").open("w") as err:
        running = subprocess.Popen(
            [sys.executable, "-m", "portal.demo"],
            cwd=ROOT,
            env={**env, "PORT": str(port), "VAR_DIR": str(tmp_path / "var")},
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
    running.url = f"http://127.0.0.1:{port}"
    running.said = lambda: (tmp_path / "out").read_text()
    running.complained = lambda: (tmp_path / "err").read_text()
    yield running
    if running.poll() is None:
        running.terminate()
        running.wait(timeout=60)


def test_the_demo_shows_its_first_page_says_where_all_is_and_ends_without_a_trace(demo, record_property):
    def first_page():
        assert demo.poll() is None, demo.complained()
        try:
            return page(demo.url + "/")
        except (OSError, urllib.error.URLError):
            return None

    began = time.monotonic()
    assert "<form" in eventually(first_page)
    record_property("seconds_to_first_page", round(time.monotonic() - began, 1))
    print(f"first page after {time.monotonic() - began:.1f} s, folder and demo data included")

    eventually(lambda: "Ctrl-C ends all of it." in demo.said())
    said = demo.said()
    assert re.search(r"The first page answered \d+\.\d s after the server was started\.", said)
    for address in ("/", "/admin/", "/demo/mail/"):
        assert f"{demo.url}{address}\n" in said
        page(demo.url + address)
    assert re.findall(r"^ *(petra|bruno|ada) +[0-9a-f]{12} ", said, re.MULTILINE) == ["petra", "bruno", "ada"]

    children = psutil.Process(demo.pid).children(recursive=True)
    assert len(children) >= 4  # gunicorn with its two, worker, beat
    demo.send_signal(signal.SIGINT)
    assert demo.wait(timeout=60) == 0
    assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []
    assert demo.complained().replace("worker: Warm shutdown (MainProcess)", "").strip() == ""  # nothing to puzzle over


def test_a_taken_port_is_said_with_another_one_to_choose(tmp_path):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        env = {"PATH": os.environ["PATH"], "PORT": str(taken.getsockname()[1]), "VAR_DIR": str(tmp_path)}
        command = [sys.executable, "-m", "portal.demo"]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "Choose another: make run PORT=" in done.stderr
    assert list(tmp_path.iterdir()) == []
