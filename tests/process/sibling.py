"""A sibling of the portal's host, over https on this machine: it tries to give the portal's visitors other cookies."""

import contextlib
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DOMAIN = "example.test"
PORTAL, SIBLING = f"privacy.{DOMAIN}", f"shop.{DOMAIN}"


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate that nobody vouches for, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, DOMAIN)]), datetime.now(tz=UTC)
    hosts = x509.SubjectAlternativeName([x509.DNSName(PORTAL), x509.DNSName(SIBLING)])
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(hosts, critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    clear = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, clear))
    return cert_file, key_file


@contextlib.contextmanager
def tossing(cookies: list[str], files: tuple[Path, Path]) -> Iterator[str]:
    """The address of a page that sets them all, by its headers and by its script."""
    script = "".join(f"document.cookie = {cookie!r};" for cookie in cookies)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # noqa: N802
            body = f"<!doctype html><title>tossed</title><script>{script}</script>".encode()
            self.send_response(200)
            for cookie in cookies:
                self.send_header("Set-Cookie", cookie)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: object) -> None:
            """Nothing: the browser tells."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    wrapped = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    wrapped.load_cert_chain(*files)
    server.socket = wrapped.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://{SIBLING}:{server.server_address[1]}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
