"""A line to the broker that can go dead: the lines of now stay open for ever and carry nothing; new ones work."""

import contextlib
import socket
import threading
from collections.abc import Iterator

from tests.services import free_port


class Line:
    """A TCP proxy on loopback; `cut()` makes every present connection half-open."""

    def __init__(self, target: int) -> None:
        self.target, self.port = target, free_port()
        self.server = socket.create_server(("127.0.0.1", self.port))
        self.generation = 0
        self.open: list[socket.socket] = []

    def cut(self) -> None:
        self.generation += 1

    def serve(self) -> None:
        while True:
            try:
                inner, _ = self.server.accept()
                outer = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            self.open += [inner, outer]
            for a, b in ((inner, outer), (outer, inner)):
                threading.Thread(target=self.carry, args=(a, b, self.generation), daemon=True).start()

    def carry(self, source: socket.socket, sink: socket.socket, generation: int) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if generation == self.generation:  # otherwise swallowed, and nobody is told
                    sink.sendall(data)
            if generation == self.generation:
                sink.shutdown(socket.SHUT_WR)

    def end(self) -> None:
        with contextlib.suppress(OSError):
            self.server.shutdown(socket.SHUT_RDWR)
        for one in (self.server, *self.open):
            one.close()


@contextlib.contextmanager
def line(target: int) -> Iterator[Line]:
    running = Line(target)
    threading.Thread(target=running.serve, daemon=True).start()
    try:
        yield running
    finally:
        running.end()
