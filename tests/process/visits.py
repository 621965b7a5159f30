"""A browser without script, over real connections: cookies, forms, and nothing else."""

import re
import uuid
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')


class Visitor:
    """Whoever comes by HTTP; every answer is its status and its text."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.jar = CookieJar()
        self.opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self.jar))

    def get(self, path: str, **headers: str) -> tuple[int, str]:
        return self._ask(Request(self.url + path, headers=headers))

    def post(self, path: str, data: dict[str, Any], **headers: str) -> tuple[int, str]:
        """Send a form; its token comes from the page that any visitor sees."""
        if not hasattr(self, "token"):
            self.token = self.token_of("/find/")
        body = urlencode({**data, "csrfmiddlewaretoken": self.token}, doseq=True).encode()
        return self._ask(Request(self.url + path, data=body, headers=headers))

    def uploads(self, path: str, content: bytes, *, name: str, text: str) -> tuple[int, str]:
        """Send a form with a file."""
        line = uuid.uuid4().hex
        parts = [("csrfmiddlewaretoken", self.token), ("text", text)]
        told = "".join(f'--{line}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in parts)
        told += f'--{line}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        body = told.encode() + b"Content-Type: text/plain\r\n\r\n" + content + f"\r\n--{line}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={line}"}
        return self._ask(Request(self.url + path, data=body, headers=headers))

    def token_of(self, path: str) -> str:
        found = TOKEN.search(self.get(path)[1])
        assert found
        return found[1]

    def files(self, headers: dict[str, str] | None = None, **changes: Any) -> tuple[int, str]:
        form = {
            "form_key": str(uuid.uuid4()),
            "rights": ["access"],
            "name": "Ana Example",
            "email": "ana@example.org",
            "details": "",
            "language": "en",
            "action": "send",
        }
        return self.post("/", form | changes, **(headers or {}))

    @property
    def cookie(self) -> str:
        """Its cookies, for a connection made by hand."""
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in self.jar)

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def _ask(self, request: Request) -> tuple[int, str]:
        try:
            with self.opener.open(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()
