"""The provider of the tests as its people and its administrators use it: accounts, lies, signing in."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

CLIENT = {"client_id": "portal", "client_secret": "a-secret-of-the-test"}


class Provider:
    """One running provider."""

    def __init__(self, url: str) -> None:
        self.issuer = url

    @property
    def settings(self) -> dict[str, str]:
        """What the portal is told of it."""
        return {"issuer": self.issuer, **CLIENT}

    def has(self, subject: str, **claims: Any) -> None:
        """An account there."""
        requests.put(f"{self.issuer}/users/{subject}", json=claims, timeout=5).raise_for_status()

    def lies(self, **how: Any) -> None:
        """From now on; nothing ends it."""
        requests.post(f"{self.issuer}/lies", json=how, timeout=5).raise_for_status()

    def rotates(self) -> None:
        """Signs with a new key from now on."""
        requests.post(f"{self.issuer}/rotate", timeout=5).raise_for_status()

    def signs_in(self, url: str, subject: str) -> str:
        """Sign in at the address to which the portal led; returns path and query of the way back."""
        assert url.startswith(f"{self.issuer}/oauth2/authorize?"), url
        answer = requests.post(url, data={"sub": subject}, allow_redirects=False, timeout=5)
        back = urlsplit(answer.headers["Location"])
        return f"{back.path}?{back.query}"

    def declines(self, url: str) -> str:
        """Press "deny" there."""
        answer = requests.post(url, data={"action": "deny"}, allow_redirects=False, timeout=5)
        back = urlsplit(answer.headers["Location"])
        return f"{back.path}?{back.query}"


@contextmanager
def running() -> Iterator[Provider]:
    """Start one on a free port of this machine."""
    command = [sys.executable, "-m", "tests.openid_provider"]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}  # it says on stderr what it finds old in itself
    process = subprocess.Popen(command, cwd=Path(__file__).parent.parent, text=True, **streams)
    try:
        port = process.stdout.readline().strip()
        yield Provider(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
