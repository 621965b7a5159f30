"""An answer over HTTPS flows through: memory does not grow with it."""

import hashlib
import json
import tracemalloc

from requests_app.connectors import Pending, Record, signing
from requests_app.connectors.http import Http
from tests.http_source import KEY, SECRET, Handler, Other

MIB = 1 << 20
RECORDS = 256
LINE = json.dumps({"table": "orders", "values": {"number": "x" * (MIB // 4)}}).encode() + b"\n"


def sixty_four_mebibytes(handler: Handler) -> None:
    """Written as it is signed, so that this side holds none of it either."""
    read = hashlib.sha256()
    for _ in range(RECORDS):
        read.update(LINE)
    key = signing.Key(KEY, SECRET.encode())
    said = signing.mac(key, signing.ANSWER, key.name, "200", handler.headers[signing.NONCE], read.hexdigest())
    last = json.dumps({"signature": said}).encode() + b"\n"
    handler.say(200, b"", {"Content-Length": str(RECORDS * len(LINE) + len(last))})
    for _ in range(RECORDS):
        handler.wfile.write(LINE)
    handler.wfile.write(last)


def test_sixty_four_mebibytes_take_no_more_than_a_few(crm: Http, other: Other) -> None:  # noqa: F811
    other.instead = sixty_four_mebibytes
    answer = crm.extract(["C-1001"], request_id="r1")
    assert not isinstance(answer, Pending)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        read = sum(len(item.values["number"]) for item in answer if isinstance(item, Record))
        grew = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert read == 64 * MIB
    assert grew < 4 * MIB
