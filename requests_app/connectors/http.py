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

from . import described, http_acts, http_answers, signing
from .addresses_allowed import AddressRefused, host_mistake, networks_of, resolved
from .base import DataSource, Extracted, Match, NotOffered, Pending, PermanentFailure, Query, RetryLater
from .configured import source
from .http_acts import attested
from .http_answers import Unsigned, bounded
from .http_stream import Stream
from .pinned import Answer, post
from .records import Table
from .signing import Key, Sent
from .work import Attested, Carried, Change, Changed, ConsentAct, Instruction, Planned, Remaining

# The longest that one answer may take: each fits behind what its sweep began before, within the sweep's time limit.
FIND_SECONDS, ACT_SECONDS, EXTRACT_SECONDS = 10.0, 30.0, 25 * 60.0
SOONEST, LATEST = 60, 24 * 3600  # seconds until a source that prepares its answer is asked again; a callback is faster
BUSY = frozenset({408, 425, 429})
NOT_IMPLEMENTED = 501


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
    `offers`: what else it does, of `http_acts.ACTS`; `find_seconds`, `extract_seconds`: the longest that one answer
    may take; `insecure_loopback`: plain http, to this machine only."""

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
        offers: Sequence[str] = (),
        find_seconds: float = FIND_SECONDS,
        extract_seconds: float = EXTRACT_SECONDS,
        insecure_loopback: bool = False,
    ) -> None:
        self._plain = insecure_loopback
        self._url = _base(url, hosts, plain=insecure_loopback)
        self._networks = networks_of(networks)
        self.key = Key(key_id, _secret(secret, secret_file))
        self._tables = described.tables(tables or {})
        if isinstance(offers, str) or not set(offers) <= set(http_acts.ACTS):
            raise ValueError(f"offers has to be a list of {', '.join(http_acts.ACTS)}")
        self._offers = frozenset(offers)
        self._seconds = {"find": float(find_seconds), "extract": float(extract_seconds)}
        self._seconds |= dict.fromkeys(http_acts.ACTS, ACT_SECONDS)
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

    def plan_erasure(self, references: Sequence[str], *, request_id: str) -> Attested[Planned] | Pending:
        """Ask what would be reached."""
        told = self._tell(http_acts.PLAN, references, request_id)
        return told if isinstance(told, Pending) else attested(http_acts.planned(told.said, self._names), told)

    def erase(
        self, references: Sequence[str], *, items: Sequence[Instruction], request_id: str
    ) -> Attested[Carried] | Pending:
        """Tell what was decided, and keep what is answered."""
        items = list(items)
        said = [{"table": one.table, "way": one.way.value} for one in items]
        told = self._tell(http_acts.ERASE, references, request_id, items=said)
        return told if isinstance(told, Pending) else attested(http_acts.carried(told.said, items), told)

    def verify_gone(self, references: Sequence[str], *, request_id: str) -> Attested[Remaining]:
        """Ask what is left; this is answered at once, or later."""
        told = self._tell(http_acts.VERIFY, references, request_id)
        if isinstance(told, Pending):
            raise Away("202")
        return attested(http_acts.remaining(told.said, self._names), told)

    def withdraw_consent(
        self, references: Sequence[str], *, acts: Sequence[ConsentAct], request_id: str
    ) -> Attested[ConsentAct] | Pending:
        """Tell all acts, with their instants."""
        said = [{"purpose": one.purpose, "allowed": one.allowed, "at": one.at.isoformat()} for one in acts]
        told = self._tell(http_acts.CONSENT, references, request_id, acts=said)
        return told if isinstance(told, Pending) else attested(http_acts.confirmed(told.said, acts), told)

    def rectify(
        self, references: Sequence[str], *, changes: Sequence[Change], request_id: str
    ) -> Attested[Changed] | Pending:
        """Tell what is to be put right."""
        said = [{"field": one.field, "wanted": one.wanted, "before": one.before} for one in changes]
        told = self._tell(http_acts.RECTIFY, references, request_id, changes=said)
        return told if isinstance(told, Pending) else attested(http_acts.changed(told.said, changes), told)

    def restrict(
        self, references: Sequence[str], *, restricted: bool, request_id: str
    ) -> Attested[Remaining] | Pending:
        """Tell that what is held is not to be used, or may be again."""
        told = self._tell(http_acts.RESTRICT, references, request_id, restricted=restricted)
        return told if isinstance(told, Pending) else attested(http_acts.remaining(told.said, self._names), told)

    @property
    def _names(self) -> frozenset[str]:
        return frozenset(table.name for table in self._tables)

    def _tell(self, what: str, references: Sequence[str], request_id: str, **more: Any) -> http_acts.Told | Pending:
        if what not in self._offers:
            raise NotOffered(f"{what} is not among what this source offers")
        asked = {"request": request_id, "references": list(references), **more}
        with self._ask(what, asked) as (answer, sent):
            body = self._signed_body(answer, sent)
            said = http_answers.parsed(body)
            if answer.status == 202:
                return _pending(said)
            signature = answer.headers[signing.SIGNATURE.lower()]
            line = signing.attestation(self.key, sent, answer.status, signing.digest(body), signature)
            return http_acts.Told(said, line, body)

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
        return http_answers.parsed(self._signed_body(answer, sent))

    def _signed_body(self, answer: Answer, sent: Sent) -> bytes:
        body = bounded(answer.pieces)
        given = answer.headers.get(signing.SIGNATURE.lower(), "")
        if not signing.answers(self.key, sent, answer.status, signing.digest(body), given):
            raise Unsigned
        return body


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
    if status == NOT_IMPLEMENTED and what in http_acts.ACTS:
        raise NotOffered(f"{what} is not implemented there")
    if status >= 500 or status in BUSY:
        raise Away(str(status))
    if status != 200 and not (status == 202 and what != "find"):
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
