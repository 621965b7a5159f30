"""A system that answers over HTTPS: it is asked by signed requests, and signs what it answers.

What the other side has to do stands in docs/data-sources.md, "HTTP".
"""

import json
import os
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpcore
from django.conf import settings

from requests_app import clock

from . import described, http_answers, signing
from .addresses_allowed import AddressRefused, host_mistake, networks_of, resolved
from .base import DataSource, Extracted, Match, Pending, PermanentFailure, Query, RetryLater
from .configured import source
from .http_answers import Unsigned, bounded
from .http_stream import Stream
from .pinned import Answer, post
from .records import Table
from .signing import Key, Sent

# The longest that one answer may take: each fits behind what its sweep began before, within the sweep's time limit.
FIND_SECONDS, EXTRACT_SECONDS = 10.0, 25 * 60.0
SOONEST, LATEST = 60, 24 * 3600  # seconds until a source that prepares its answer is asked again; a callback is faster
BUSY = frozenset({408, 425, 429})


class Away(RetryLater):
    """Nobody answers there, or not now."""


class CertificateWrong(Away):
    """Whoever answers there does not show a valid certificate of that name."""


class NotAllowed(PermanentFailure):
    """The name leads to an address that a data source may not have."""


class RefusedUs(PermanentFailure):
    """The source says that the question is wrong, or sends us elsewhere."""


class Http(DataSource):
    """`url`: where `find` and `extract` are; `hosts`: the only ones that may be asked; `key_id` and `secret`
    ("env:NAME") or `secret_file`: with what both sides sign; `networks`: those that are not on the internet and may be
    connected to; `ca_file`: whose certificates count, if not those of this machine; `tables`: what it holds;
    `find_seconds`, `extract_seconds`: the longest that one answer may take; `insecure_loopback`: plain http, to this
    machine only."""

    def __init__(
        self,
        *,
        url: str,
        hosts: Sequence[str],
        key_id: str,
        secret: str = "",
        secret_file: str = "",
        networks: Sequence[str] = (),
        ca_file: str = "",
        tables: Mapping[str, Any] | None = None,
        find_seconds: float = FIND_SECONDS,
        extract_seconds: float = EXTRACT_SECONDS,
        insecure_loopback: bool = False,
    ) -> None:
        self._plain = insecure_loopback
        self._url = _base(url, hosts, plain=insecure_loopback)
        self._networks = networks_of(networks)
        self.key = Key(key_id, _secret(secret, secret_file))
        self._tables = described.tables(tables or {})
        self._seconds = {"find": float(find_seconds), "extract": float(extract_seconds)}
        if not (0 < self._seconds["find"] <= FIND_SECONDS and 0 < self._seconds["extract"] <= EXTRACT_SECONDS):
            raise ValueError(f"find_seconds is {FIND_SECONDS:.0f} at most, extract_seconds {EXTRACT_SECONDS:.0f}")
        self._ca_file = ca_file
        if ca_file:
            self._tls()

    def _tls(self) -> ssl.SSLContext:
        """Not made before it is needed: reading the certificates of the machine takes long."""
        try:
            return ssl.create_default_context(cafile=self._ca_file or None)
        except OSError:
            raise ValueError("ca_file names no file of certificates") from None

    def describe(self) -> Sequence[Table]:
        """The tables of the options."""
        return self._tables

    def find(self, query: Query) -> Sequence[Match]:
        """Ask by addresses and identifiers; the name is not sent, since nobody is found by it."""
        if not query.addresses and not query.identifiers:
            return []
        asked = {"addresses": query.addresses, "identifiers": query.identifiers}
        with self._ask("find", asked) as (answer, sent):
            return http_answers.matches(self._signed(answer, sent))

    def extract(self, references: Sequence[str], *, request_id: str) -> Extracted | Pending:
        """Ask for all that is held; the same question again fetches what was prepared in the meantime."""
        asked = {"request": request_id, "references": list(references), "callback": self._callback(request_id)}
        with ExitStack() as stack:
            answer, sent = stack.enter_context(self._ask("extract", asked))
            if answer.status == 202:
                return _pending(self._signed(answer, sent))
            return self._streamed(answer, sent, stack.pop_all())

    def _streamed(self, answer: Answer, sent: Sent, open_: ExitStack) -> Extracted:
        with open_:
            known = {table.name: frozenset(column.name for column in table.columns) for table in self._tables}
            yield from Stream(
                answer.pieces, known, lambda digest, mac: signing.answers(self.key, sent, 200, digest, mac)
            )

    def _callback(self, request_id: str) -> str:
        return f"{settings.PUBLIC_URL}/sources/{self.alias}/{request_id}/" if self.alias else ""

    @contextmanager
    def _ask(self, what: str, asked: Mapping[str, Any]) -> Iterator[tuple[Answer, Sent]]:
        """Post the question; what comes is no error, and is either prepared (202) or there (200)."""
        parts, body = urlsplit(f"{self._url}/{what}"), json.dumps(asked).encode()
        port = parts.port or (443 if parts.scheme == "https" else 80)
        loopback_only = parts.scheme == "http"
        sent = Sent(int(time.time()), signing.new_nonce())
        headers = signing.signed_headers(self.key, signing.REQUEST, "POST", parts.path, body, sent)
        with _network():
            to = resolved(parts.hostname or "", port, networks=self._networks, loopback_only=loopback_only)
            with post(
                parts.geturl(), to=to, body=body, headers=headers, tls=self._tls(), seconds=self._seconds[what]
            ) as answer:
                _refuse_errors(answer.status, what)
                yield answer, sent

    def _signed(self, answer: Answer, sent: Sent) -> Any:
        body = bounded(answer.pieces)
        given = answer.headers.get(signing.SIGNATURE.lower(), "")
        if not signing.answers(self.key, sent, answer.status, signing.digest(body), given):
            raise Unsigned
        return http_answers.parsed(body)


def callback_key(alias: str) -> Key | None:
    """Return the key with which the source of this name signs its callbacks; None where none does."""
    try:
        made = source(alias)
    except PermanentFailure:
        return None
    return made.key if isinstance(made, Http) else None


@contextmanager
def _network() -> Iterator[None]:
    try:
        yield
    except AddressRefused:
        raise NotAllowed from None
    except (OSError, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        wrong = isinstance(error.__context__, ssl.SSLCertVerificationError)
        raise (CertificateWrong if wrong else Away)(type(error).__name__) from None


def _refuse_errors(status: int, what: str) -> None:
    if status >= 500 or status in BUSY:
        raise Away(str(status))
    if status != 200 and not (status == 202 and what == "extract"):
        raise RefusedUs(str(status))


def _pending(said: Any) -> Pending:
    after = said.get("retry_after", LATEST) if isinstance(said, dict) else LATEST
    if not isinstance(after, int) or isinstance(after, bool):
        raise http_answers.Unreadable("retry_after")
    return Pending(ask_again_at=clock.now() + timedelta(seconds=min(max(after, SOONEST), LATEST)))


def _base(url: str, hosts: Sequence[str], *, plain: bool) -> str:
    """The address without its last slash; raises ValueError for all that could be read in two ways."""
    parts = urlsplit(url)
    if isinstance(hosts, str) or not hosts:
        raise ValueError('hosts has to be a list, such as ["crm.example.org"]')
    schemes = ("https", "http") if plain else ("https",)
    if parts.scheme not in schemes:
        raise ValueError(f"url has to begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    try:
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("url has a port that is none") from None
    if problem := host_mistake(host):
        raise ValueError(f"url: {host} {problem}")
    bare = f"[{host}]" if ":" in host else host
    path = parts.path.rstrip("/")
    plainly = f"{parts.scheme}://{bare}{f':{port}' if port else ''}{path}"
    if url.rstrip("/") != plainly or not all(char.isalnum() or char in "/._~-" for char in path) or not url.isascii():
        raise ValueError("url has to be scheme, host and path in lower case, and nothing else")
    if host not in hosts:
        raise ValueError(f"url: {host} is not one of hosts")
    return plainly


def _secret(secret: str, secret_file: str) -> bytes:
    if bool(secret) == bool(secret_file):
        raise ValueError('give secret = "env:NAME", or secret_file, and not both')
    if secret_file:
        try:
            return Path(secret_file).read_text().strip().encode()
        except (OSError, UnicodeDecodeError):
            raise ValueError("secret_file names a file that cannot be read") from None
    name = secret.removeprefix("env:")
    if name == secret:
        raise ValueError('secret has to be "env:NAME": it does not belong into this file')
    if not os.environ.get(name):
        raise ValueError(f"secret: the variable {name} is not set")
    return os.environ[name].strip().encode()
