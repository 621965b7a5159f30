"""The other side of the HTTP source: a real HTTPS server on this machine, written with the example of the docs."""

import datetime as dt
import ipaddress
import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

HOST = "crm.example.org"
KEY, SECRET = "portal-2026", "a-secret-of-the-tests-with-48-characters-in-it-ok"
DOCS = Path(__file__).parent.parent / "docs" / "data-sources.md"


def example() -> dict[str, Any]:
    """The functions that docs/data-sources.md shows."""
    (code,) = re.findall(
        r"<!-- executed by tests/connectors/test_http.py -->\n```python\n(.*?)```", DOCS.read_text(), re.S
    )
    found: dict[str, Any] = {}
    exec(compile(code, str(DOCS), "exec"), found)
    return found


class Other:
    """A system that holds people, and does what it is told to do wrong."""

    def __init__(self) -> None:
        self.docs = example()
        self.secret = SECRET.encode()
        self.people: list[dict[str, Any]] = []
        self.records: dict[str, list[dict[str, Any]]] = {}
        self.asked: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.refused = 0
        self.instead: Callable[[Any], None] | None = None  # answers in place of the honest one
        self.pending: dict[str, Any] | None = None
        self.done: dict[str, dict[str, Any]] = {}  # request: what was answered
        self.flags: dict[str, Any] = {}
        self.spoil: Callable[[bytes], bytes] = lambda body: body  # of what was signed

    def find(self, asked: dict[str, Any]) -> dict[str, Any]:
        named = {word.casefold() for word in asked["identifiers"]}
        meant = [
            one for one in self.people if one["email"] in asked["addresses"] or one["reference"].casefold() in named
        ]
        return {
            "matches": [
                {"reference": one["reference"], "contacts": [{"address": one["email"], "since": one["since"]}]}
                for one in meant
            ]
        }

    def act(self, what: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Do it once for each request."""
        if what in {"plan", "verify"}:
            return {"items": [{"way": "erase", **one} for one in self.counted(asked)]}
        name = f"{what} {asked['request']} {json.dumps(asked, sort_keys=True)}"
        answer = self.done.get(name) or getattr(self, what)(asked)
        if not any(one.get("left") for one in answer.get("items", ()) if one.get("way") != "keep"):
            self.done[name] = answer
        return answer

    def counted(self, asked: dict[str, Any]) -> list[dict[str, Any]]:
        rows = [row["table"] for reference in asked["references"] for row in self.records.get(reference, [])]
        return [{"table": table, "records": rows.count(table)} for table in sorted(set(rows))]

    def erase(self, asked: dict[str, Any]) -> dict[str, Any]:
        before, ways = self.counted(asked), {one["table"]: one["way"] for one in asked["items"]}
        gone = {table for table, way in ways.items() if way != "keep"}
        for reference in asked["references"]:
            self.records[reference] = [row for row in self.records.get(reference, []) if row["table"] not in gone]
        counts = {one["table"]: one["records"] for one in before}
        left = {one["table"]: one["records"] for one in self.counted(asked)}
        return {
            "items": [
                {"table": table, "way": way, "records": counts.get(table, 0) if table in gone else 0,
                 "left": left.get(table, 0)}
                for table, way in ways.items()
            ]
        }  # fmt: skip

    def consent(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.flags |= {one["purpose"]: one["allowed"] for one in sorted(asked["acts"], key=lambda one: one["at"])}
        return {"purposes": sorted({one["purpose"] for one in asked["acts"]})}

    def rectify(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"outcomes": ["not_found" for _ in asked["changes"]]}

    def restrict(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.flags["restricted"] = asked["restricted"]
        return {"items": self.counted(asked)}

    def lines(self, asked: dict[str, Any]) -> bytes:
        rows = [row for reference in asked["references"] for row in self.records.get(reference, [])]
        return b"".join(json.dumps(row).encode() + b"\n" for row in sorted(rows, key=lambda row: row["table"]))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Any

    def do_POST(self) -> None:
        other: Other = self.server.other
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not other.docs["is_from_portal"](other.secret, self.path, self.headers, self.body):
            other.refused += 1
            self.say(401, b"")
            return
        asked = json.loads(self.body)
        other.asked.append((self.path, dict(self.headers.items()), asked))
        if other.instead is not None:
            other.instead(self)
        elif self.path.endswith("/find"):
            self.say_signed(200, other.find(asked))
        elif other.pending is not None:
            self.say_signed(202, other.pending)
        elif not self.path.endswith("/extract"):
            self.say_signed(200, other.act(self.path.rsplit("/", 1)[1], asked))
        else:
            body = other.lines(asked)
            last = json.dumps({"signature": self.signature(200, body)}).encode() + b"\n"
            self.say(200, other.spoil(body + last), {"Content-Type": "application/x-ndjson"})

    def signature(self, status: int, body: bytes) -> str:
        other: Other = self.server.other
        return other.docs["answer_signature"](other.secret, self.headers, status, body)

    def say_signed(self, status: int, said: Any) -> None:
        body = json.dumps(said).encode()
        headers = {"Portal-Signature": self.signature(status, body)}
        self.say(status, self.server.other.spoil(body), headers)

    def say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever is asked about attacks is hung up on now and then."""


@contextmanager
def running(other: Other, folder: Path | None, *, name: str = HOST) -> Iterator[int]:
    """Serve on a free port, with a certificate for this name; plain HTTP without a folder for it."""
    server = Server(("127.0.0.1", 0), Handler)
    server.other = other
    if folder is not None:
        certificate, key = certified(folder, name)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def certified(folder: Path, name: str) -> tuple[Path, Path]:
    """A certificate for the name, its key, and beside them ca.pem, of the authority that gave it."""
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ours = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "An authority of the tests")])
    theirs = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "A server of the tests")])
    try:
        named: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        named = x509.DNSName(name)
    signs = dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False)
    signs |= dict.fromkeys(("crl_sign", "encipher_only", "decipher_only"), False)
    usage = x509.KeyUsage(digital_signature=True, key_cert_sign=True, **signs)
    by = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
    for file, subject, public, extensions in (
        ("ca.pem", ours, authority.public_key(), [(x509.BasicConstraints(True, None), True), (usage, True)]),
        ("server.pem", theirs, key.public_key(), [(x509.SubjectAlternativeName([named]), False), (by, False)]),
    ):
        now = dt.datetime.now(dt.UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ours)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
        )
        for extension, critical in extensions:
            made = made.add_extension(extension, critical)
        certificate = made.sign(authority, hashes.SHA256())
        (folder / file).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "server.pem", folder / "server.key"
