"""A real provider of OpenID Connect in a process of its own, which can be told to lie: python -m tests.openid_provider

It is oidc-provider-mock, with PKCE enforced and `state` never forgotten. `POST /lies` changes what it answers from
then on, `POST /rotate` its key.
"""

import base64
import hashlib
import json
import logging
import re
import time
import warnings
from typing import Any
from urllib.parse import parse_qs, urlsplit

warnings.simplefilter("ignore")
logging.getLogger("werkzeug").setLevel(logging.ERROR)  # its log of requests

import flask  # noqa: E402
import oidc_provider_mock  # noqa: E402
import werkzeug.serving  # noqa: E402
from joserfc import jwt  # noqa: E402
from joserfc.jwk import KeySet, OctKey, RSAKey  # noqa: E402

app = oidc_provider_mock.app()
app.debug = False
lies: dict[str, Any] = {}
challenges: dict[str, str] = {}
keys = {"now": RSAKey.generate_key(2048, {"kid": "first"})}
stranger = RSAKey.generate_key(2048, {"kid": "first"})


@app.post("/lies")
def tell_lies() -> Any:
    """`claims` override those of the ID token, null takes one away; `signed`: none, secret, stranger; and more."""
    lies.clear()
    lies.update(flask.request.get_json())
    return "", 204


@app.post("/rotate")
def rotate() -> Any:
    """Sign with another key from now on."""
    keys["now"] = RSAKey.generate_key(2048, {"kid": f"key-{time.time_ns()}"})
    return "", 204


@app.get("/favicon.ico")
def icon() -> Any:
    """None; a browser would call its absence a mistake."""
    return "", 204


@app.before_request
def proves_who_asked() -> Any:
    """A code is taken from whoever knows the verifier of its challenge only (RFC 7636)."""
    if flask.request.path != "/oauth2/token":
        return None
    time.sleep(lies.get("seconds", 0))
    if lies.get("down"):
        return "", 503
    verifier = hashlib.sha256(flask.request.form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(verifier).decode().rstrip("=")
    if challenges.get(flask.request.form.get("code", "")) == challenge:
        return None
    return {"error": "invalid_grant"}, 400


@app.after_request
def lie(answer: flask.Response) -> flask.Response:
    """Change what oidc-provider-mock answered."""
    path = flask.request.path
    if path == "/oauth2/authorize" and (to := answer.headers.get("Location")):
        for code in parse_qs(urlsplit(to).query).get("code", []):
            challenges[code] = flask.request.args.get("code_challenge", "")
        if "state=" not in to:  # forgotten where somebody declines; RFC 6749, 4.1.2.1 wants it
            answer.headers["Location"] = f"{to}&state={flask.request.args['state']}"
    elif path == "/oauth2/authorize":  # its page asks other machines for its looks
        answer.set_data(re.sub(r"<(link|script)\b[^>]*https?:[^>]*>", "", answer.get_data(as_text=True)))
    if path == "/jwks":
        answer.set_data(json.dumps(KeySet([keys["now"]]).as_dict(private=False)))
    if path == "/.well-known/openid-configuration":
        answer.set_data(json.dumps({**answer.get_json(), **lies.get("discovery", {})}))
    if path == "/userinfo":
        answer.set_data(json.dumps({**answer.get_json(), **lies.get("userinfo", {})}))
    if path == "/oauth2/token" and answer.status_code == 200:
        body = answer.get_json()
        body["id_token"] = signed(body["id_token"])
        answer.set_data(json.dumps(body))
    return answer


def signed(id_token: str) -> str:
    """The ID token with the claims changed, signed as the lie says, or truly."""
    part = id_token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))) | lies.get("claims", {})
    claims = {name: value for name, value in claims.items() if value is not None}
    how = lies.get("signed")
    if how == "none":
        parts = [json.dumps({"alg": "none"}).encode(), json.dumps(claims).encode()]
        return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts) + "."
    if how == "secret":
        return jwt.encode({"alg": "HS256", "kid": "first"}, claims, OctKey.import_key("a-secret-of-the-test"))
    key = stranger if how == "stranger" else keys["now"]
    return jwt.encode({"alg": "RS256", "kid": key.kid}, claims, key)


if __name__ == "__main__":
    server = werkzeug.serving.make_server("127.0.0.1", 0, app, threaded=True)
    print(server.server_port, flush=True)
    server.serve_forever()
