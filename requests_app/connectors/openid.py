"""Sign-in at a provider of OpenID Connect: authorization code with PKCE, state and nonce; Authlib checks the ID token.

Knows no models and no pages. The provider is asked outside transactions. Nothing of a token outlives the call.
OpenID Connect Core 1.0, 3.1; Discovery 1.0, 4.3; RFC 7636; RFC 9207.
"""

import hmac
import time
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.base_client import BaseApp, FrameworkIntegration, OAuth2Mixin, OpenIDMixin
from authlib.integrations.requests_client import OAuth2Session
from django.conf import settings
from django.utils.dateparse import parse_datetime
from joserfc.errors import JoseError
from requests import RequestException

PATIENCE = 5  # seconds for each question to the provider; somebody waits for the page
KEPT = 600  # seconds that endpoints and keys are kept; a key that is not among them is asked for at once
STARTED = timedelta(minutes=10)  # within which whoever was sent away comes back
LEEWAY = 60  # seconds by which two clocks may differ
# Signatures by a key that only the provider has: not "none", and none by the shared secret.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Away(Exception):
    """The provider does not answer, or not with what a provider answers."""


class NotShown(Exception):
    """Whoever came back has not shown who they are. `why`: started, declined, or checked; never what was sent."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Provider:
    """Where to sign in, and as whom the portal is known there."""

    name: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """What the provider says of whoever signed in; `about` is what the sign-in was started for."""

    issuer: str
    subject: str
    email: str
    email_verified: bool
    claims: Mapping[str, Any]
    about: str


class _Session(OAuth2Session):  # type: ignore[misc]
    """Goes to the endpoints that the provider published, and nowhere that an answer redirects to."""

    def get_redirect_target(self, resp: Any) -> None:
        """None, always."""


class _Client(OAuth2Mixin, OpenIDMixin, BaseApp):  # type: ignore[misc]
    client_cls = _Session


_clients: dict[Provider, tuple[float, _Client]] = {}


def provider(name: str) -> Provider | None:
    """Return the provider for "person" or "staff"; None where it is not, or only half, configured."""
    given = settings.OPENID[name]
    return Provider(name, **given) if all(given.values()) and is_safe(given["issuer"]) else None


def is_safe(url: str) -> bool:
    """Whether nobody on the way can read or change what goes there: https, or this machine."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK))


def forget_providers() -> None:
    """Ask every provider anew for its endpoints and keys."""
    _clients.clear()


def begin(
    provider: Provider, session: MutableMapping[str, Any], *, back: str, about: str, at: datetime, **asked: str
) -> str:
    """Return the address at the provider to go to, and keep in the session what recognises who comes back.

    One sign-in at a time: a new one ends the one before. `asked`: further parameters, such as acr_values. Raises Away.
    """
    try:
        started = _client(provider).create_authorization_url(back, **asked)
    except (AuthlibBaseError, RequestException, ValueError) as error:
        raise Away(type(error).__name__) from None
    session[_key(provider)] = {
        "state": started["state"],
        "nonce": started["nonce"],
        "verifier": started["code_verifier"],
        "about": about,
        "until": (at + STARTED).isoformat(),
    }
    return str(started["url"])


def finish(
    provider: Provider, session: MutableMapping[str, Any], query: Mapping[str, str], *, back: str, at: datetime
) -> Identity:
    """Return who came back, once for each start in this session. Raises NotShown or Away."""
    kept = session.get(_key(provider)) or {}
    until = parse_datetime(kept.get("until", ""))
    if not kept or not hmac.compare_digest(kept["state"].encode(), query.get("state", "").encode()):
        raise NotShown("started")
    del session[_key(provider)]
    if until is None or at >= until or query.get("iss", provider.issuer) != provider.issuer:
        raise NotShown("started")
    if not query.get("code"):
        raise NotShown("declined")
    claims = _claims(provider, kept, query["code"], back)
    return Identity(
        issuer=provider.issuer,
        subject=str(claims["sub"]),
        email=str(claims.get("email") or ""),
        email_verified=claims.get("email_verified") is True,
        claims=claims,
        about=kept["about"],
    )


def _claims(provider: Provider, kept: Mapping[str, str], code: str, back: str) -> dict[str, Any]:
    client = _client(provider)
    expected = {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.client_id},
    }
    try:
        token = client.fetch_access_token(redirect_uri=back, code=code, code_verifier=kept["verifier"])
        claims = client.parse_id_token(token, nonce=kept["nonce"], claims_options=expected, leeway=LEEWAY)
        if not claims or not claims["sub"]:
            raise NotShown("checked")
        if "email" not in claims and "userinfo_endpoint" in client.server_metadata:
            more = client.userinfo(token=token)
            if more.get("sub") != claims["sub"]:  # Core 5.3.2
                raise NotShown("checked")
            claims = {**more, **claims}
    except RequestException as error:
        raise Away(type(error).__name__) from None
    except (AuthlibBaseError, JoseError, ValueError, TypeError, KeyError, AttributeError):
        raise NotShown("checked") from None
    return dict(claims)


def _client(provider: Provider) -> _Client:
    made, client = _clients.get(provider, (0.0, None))
    if client is None or time.monotonic() - made > KEPT:
        client = _made(provider, _discovered(provider))
        _clients[provider] = time.monotonic(), client
    return client


def _discovered(provider: Provider) -> Mapping[str, Any]:
    """What the provider publishes of itself, where it can be trusted. Raises Away."""
    try:
        with _Session(default_timeout=PATIENCE) as session:
            url = f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration"
            answer = session.request("GET", url, withhold_token=True)
            answer.raise_for_status()
            found = answer.json()
    except RequestException as error:
        raise Away(type(error).__name__) from None
    if not isinstance(found, dict) or found.get("issuer") != provider.issuer:
        raise Away("issuer")
    secure = urlsplit(provider.issuer).scheme == "https"
    for name in (*NEEDED, "userinfo_endpoint"):
        endpoint = found.get(name)
        if endpoint is None and name not in NEEDED:
            continue
        if not isinstance(endpoint, str) or not is_safe(endpoint) or (secure and not endpoint.startswith("https:")):
            raise Away(name)
    if _origin(found["authorization_endpoint"]) != _origin(provider.issuer):
        raise Away("authorization_endpoint")  # people are sent to the configured provider, and to no other
    return found


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _made(provider: Provider, found: Mapping[str, Any]) -> _Client:
    signed_by = [name for name in found.get("id_token_signing_alg_values_supported", ["RS256"]) if name in ALGORITHMS]
    if not signed_by:
        raise Away("id_token_signing_alg_values_supported")
    methods = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    basic = "client_secret_basic" in methods
    endpoints = {name: found[name] for name in (*NEEDED, "userinfo_endpoint") if found.get(name)}
    return _Client(
        FrameworkIntegration(provider.name),
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        client_kwargs={
            "scope": "openid email profile" if provider.name == "staff" else "openid email",
            "code_challenge_method": "S256",
            "default_timeout": PATIENCE,
            "token_endpoint_auth_method": "client_secret_basic" if basic else "client_secret_post",
        },
        issuer=provider.issuer,
        id_token_signing_alg_values_supported=signed_by,
        **endpoints,
    )


def _key(provider: Provider) -> str:
    return f"openid_{provider.name}"
