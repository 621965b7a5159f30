"""Another site on this machine: it serves what a test gives it, and remembers who came."""

import contextlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class Elsewhere:
    """Otto's own site. `pages` by path; `visits` are the path and the headers of each request."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"  # the portal of the tests is http://localhost: another site
        self.pages: dict[str, str] = {}
        self.visits: list[tuple[str, dict[str, str]]] = []


@contextlib.contextmanager
def elsewhere() -> Iterator[Elsewhere]:
    """The running site."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802
            site.visits.append((self.path, dict(self.headers)))
            body = site.pages.get(self.path, "<!doctype html><title>elsewhere</title>").encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: object) -> None:
            """Nothing: the test looks at the visits."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Elsewhere(server.server_address[1])
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
