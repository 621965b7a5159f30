"""One POST to exactly the addresses that were judged, with the name's own Host header and certificate, within a time.

On httpcore, the layer below httpx: it follows no redirect, reads no proxy from the environment, unpacks no body and
keeps no cookie, so that none of it has to be switched off.
"""

import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpcore

PATIENCE = 10.0  # seconds for any one step: connecting, the next piece
USER_AGENT = "data-request-portal"


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers by their lower-case names, and the body as it arrives."""

    status: int
    headers: Mapping[str, str]
    pieces: Iterator[bytes] = field(repr=False)


@contextmanager
def post(
    url: str,
    *,
    to: list[str],
    body: bytes,
    headers: Mapping[str, str],
    tls: ssl.SSLContext,
    seconds: float,
) -> Iterator[Answer]:
    """Post to the first address that takes the connection; all of it ends after so many seconds.

    Raises httpcore's TimeoutException, NetworkError and ProtocolError.
    """
    sent = {"User-Agent": USER_AGENT, "Content-Type": "application/json", "Accept-Encoding": "identity", **headers}
    patience = dict.fromkeys(("connect", "read", "write", "pool"), PATIENCE)
    with (
        httpcore.ConnectionPool(ssl_context=tls, network_backend=_Pinned(to, time.monotonic() + seconds)) as pool,
        pool.stream(
            "POST", url, headers=list(sent.items()), content=body, extensions={"timeout": patience}
        ) as response,
    ):
        found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
        yield Answer(response.status, found, response.iter_stream())


class _Pinned(httpcore.NetworkBackend):
    """Connects to the given addresses, whatever host it is told."""

    def __init__(self, addresses: list[str], until: float) -> None:
        self._addresses, self._until, self._inner = addresses, until, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first that answers."""
        failure: Exception = httpcore.ConnectError("no address")
        for address in self._addresses:
            try:
                return _Timed(self._inner.connect_tcp(address, port, _left(self._until, timeout)), self._until)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class _Timed(httpcore.NetworkStream):
    """A stream whose every step ends with the whole: a byte now and then buys no time."""

    def __init__(self, inner: httpcore.NetworkStream, until: float) -> None:
        self._inner, self._until = inner, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._until, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._until, timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, _left(self._until, timeout))
        return _Timed(inner, self._until)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(until: float, timeout: float | None) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the whole took too long")
    return left if timeout is None else min(left, timeout)
