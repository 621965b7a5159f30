"""The conversation with a scanner, over real sockets; whatever is no verdict is no permission."""

import socket

import pytest

from requests_app.checks import scanner_address_is_readable
from requests_app.connectors import clamd
from tests.scanner import EICAR, Scanner


def test_a_clean_file_passes_and_arrives_whole():
    content = bytes(range(256)) * 1000  # several pieces
    with Scanner() as scanner:
        assert clamd.scan(content, url=scanner.url) == ""
        assert scanner.seen == [content]


def test_eicar_is_named():
    with Scanner() as scanner:
        assert clamd.scan(b"before" + EICAR, url=scanner.url) == "Win.Test.EICAR_HDB-1"


def test_a_unix_socket_does_as_well(tmp_path):
    with Scanner(path=tmp_path / "clamd.ctl") as scanner:
        assert scanner.url.startswith("unix://")
        assert clamd.scan(EICAR, url=scanner.url)


@pytest.mark.parametrize(
    "verdict", [b"INSTREAM size limit exceeded. ERROR\0", b"", b"OK\0", b"stream: OK?\0", b"\xff\0"]
)
def test_anything_but_a_verdict_is_away(verdict):
    with Scanner(verdict=verdict) as scanner, pytest.raises(clamd.ScannerAway):
        clamd.scan(b"x", url=scanner.url)


def test_a_scanner_that_never_answers_is_away_in_time():
    with Scanner(silent=True) as scanner, pytest.raises(clamd.ScannerAway, match="TimeoutError"):
        clamd.scan(b"x", url=scanner.url, patience=0.3)


def test_nobody_listening_is_away(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    for url in (f"tcp://127.0.0.1:{port}", f"unix://{tmp_path}/nobody.ctl", "clamd", ""):
        with pytest.raises(clamd.ScannerAway):
            clamd.scan(b"x", url=url)


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("tcp://127.0.0.1:3311", ("127.0.0.1", 3311)),
        ("tcp://scanner.internal", ("scanner.internal", 3310)),
        ("unix:///run/clamav/clamd.ctl", "/run/clamav/clamd.ctl"),
    ],
)
def test_the_address_is_read(url, where):
    assert clamd.address(url) == where


@pytest.mark.parametrize(
    "url", ["http://scanner", "tcp://", "unix://relative", "tcp://host:port", "/run/clamd.ctl", ""]
)
def test_any_other_address_is_a_mistake(url):
    with pytest.raises(ValueError, match="port|give tcp"):
        clamd.address(url)


def test_the_system_check_names_an_address_that_is_none(settings):
    for url, ids in (("", []), ("tcp://127.0.0.1:3310", []), ("127.0.0.1:3310", ["portal.E010"])):
        settings.CLAMD_URL = url
        assert [found.id for found in scanner_address_is_readable()] == ids
