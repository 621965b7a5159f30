"""A scanner that speaks clamd's protocol on a real socket, and finds EICAR."""

import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

# The harmless string that every scanner knows, in two pieces so that none finds it here.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Scanner:
    """Answers until the block ends. `verdict`: whatever it says instead; `silent`: it takes and never answers."""

    def __init__(self, *, path: Path | None = None, verdict: bytes | None = None, silent: bool = False) -> None:
        self.verdict, self.silent = verdict, silent
        self.seen: list[bytes] = []
        if path is None:
            self.wire = socket.create_server(("127.0.0.1", 0))
            self.url = f"tcp://127.0.0.1:{self.wire.getsockname()[1]}"
        else:
            self.wire = socket.socket(socket.AF_UNIX)
            self.wire.bind(str(path))
            self.wire.listen()
            self.url = f"unix://{path}"
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self.wire.settimeout(0.1)
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self.thread.join()
        self.wire.close()

    def _serve(self) -> None:
        while not self.over.is_set():
            try:
                caller, _ = self.wire.accept()
            except TimeoutError:
                continue
            with caller, caller.makefile("rb") as said:
                caller.settimeout(5)
                self._answer(caller, said)

    def _answer(self, caller: socket.socket, said: object) -> None:
        assert said.read(10) == b"zINSTREAM\0"
        content = b""
        while length := int.from_bytes(said.read(4), "big"):
            content += said.read(length)
        self.seen.append(content)
        if self.silent:
            self.over.wait(5)
            return
        found = b"stream: Win.Test.EICAR_HDB-1 FOUND\0" if EICAR in content else b"stream: OK\0"
        caller.sendall(found if self.verdict is None else self.verdict)
