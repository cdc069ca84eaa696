"""Sign in with an OpenID Connect provider: Microsoft Entra, Google or any other.

The authorization code flow with PKCE. State, nonce and verifier travel in a signed cookie of ten minutes;
the ID token must be the provider's, for this client, for this nonce, and its e-mail address verified.
"""

from __future__ import annotations

import secrets
import threading
import time
from hashlib import sha256
from typing import Annotated, Any

import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from fastapi import APIRouter, HTTPException, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from itsdangerous import BadSignature, URLSafeTimedSerializer
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import Field, SecretStr

from foundation.settings import EnvSettings
from foundation.settings.types import WebAddress
from portal.access import viewer_of
from portal.sign_in.session import START, begin_session, safe_next
from portal.web import Anyone, Visit

router = APIRouter(include_in_schema=False)
COOKIE = "scoreline_oidc"
LASTS = 600
"""Seconds that somebody may take at the provider."""
TIMEOUT = 10
KNOWN_FOR = 3600
"""Seconds after which the provider's addresses and keys are asked for again."""
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class OidcSettings(EnvSettings):
    """The provider, and what it knows the portal as. Its redirect address is `<portal>/sign-in/oidc/back`."""

    issuer: Annotated[WebAddress, Field(alias="OIDC_ISSUER")]
    client_id: Annotated[str, Field(alias="OIDC_CLIENT_ID")]
    client_secret: Annotated[SecretStr, Field(alias="OIDC_CLIENT_SECRET")]


class SignInFailed(Exception):
    """The provider did not sign the person in; the text says why."""


class Provider:
    """What the provider says about itself, asked once an hour."""

    def __init__(self, settings: OidcSettings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._read_at = 0.0
        self._document: dict[str, Any] = {}
        self._keys: Any = None

    def document(self) -> dict[str, Any]:
        with self._lock:
            if time.monotonic() - self._read_at > KNOWN_FOR or not self._document:
                issuer = self.settings.issuer.rstrip("/")
                found = _json(f"{issuer}/.well-known/openid-configuration")
                if found.get("issuer", "").rstrip("/") != issuer:
                    raise SignInFailed(
                        f"OIDC_ISSUER is {issuer}, but the provider calls itself {found.get('issuer')}"
                    )
                self._document, self._keys = found, _json(found["jwks_uri"])
                self._read_at = time.monotonic()
            return self._document

    def keys(self) -> KeySet:
        self.document()
        return KeySet.import_key_set(self._keys)

    def forget(self) -> None:
        self._read_at = 0.0
        self._document = {}


def _json(url: str) -> dict[str, Any]:
    try:
        answer = requests.get(url, timeout=TIMEOUT, allow_redirects=False)
        answer.raise_for_status()
        found = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise SignInFailed(f"the provider could not be asked: {type(error).__name__}") from None
    return found if isinstance(found, dict) else {}


def provider_of(visit: Visit) -> Provider:
    """The provider of this portal.

    Raises:
        HTTPException: people do not sign in that way here.
    """
    if "oidc" not in visit.portal.company.access.sign_in:
        raise HTTPException(404)
    state = visit.request.app.state
    if getattr(state, "oidc", None) is None:
        state.oidc = Provider(oidc_settings())
    found: Provider = state.oidc
    return found


def oidc_settings() -> OidcSettings:
    """
    Raises:
        SettingsError: a variable is missing or wrong.
    """
    values: dict[str, Any] = {}  # all of them from the environment
    return OidcSettings(**values)


def _serializer(provider: Provider) -> URLSafeTimedSerializer:
    secret = provider.settings.client_secret.get_secret_value()
    return URLSafeTimedSerializer(sha256(f"scoreline oidc {secret}".encode()).digest(), salt="oidc")


def _client(visit: Visit, provider: Provider) -> OAuth2Session:
    return OAuth2Session(
        provider.settings.client_id,
        provider.settings.client_secret.get_secret_value(),
        scope="openid email profile",
        redirect_uri=f"{visit.portal.url}/sign-in/oidc/back",
        code_challenge_method="S256",
    )


@router.get("/sign-in/oidc")
def start(visit: Anyone, next: str = START) -> Response:
    provider = provider_of(visit)
    state, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(3))
    try:
        address, _ = _client(visit, provider).create_authorization_url(
            provider.document()["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
        )
    except SignInFailed as error:
        return _failed(visit, str(error))
    response = RedirectResponse(address, 303)
    kept = {"state": state, "nonce": nonce, "verifier": verifier, "next": safe_next(next)}
    response.set_cookie(
        COOKIE,
        str(_serializer(provider).dumps(kept)),
        max_age=LASTS,
        httponly=True,
        samesite="lax",  # the provider leads back by a link
        secure=visit.portal.is_secure,
    )
    return response


@router.get("/sign-in/oidc/back")
def back(visit: Anyone, code: str = "", state: str = "", error: str = "") -> Response:
    provider = provider_of(visit)
    try:
        kept = _serializer(provider).loads(visit.request.cookies.get(COOKIE, ""), max_age=LASTS)
        if not secrets.compare_digest(kept["state"].encode(), state.encode()):
            raise BadSignature("state")
    except BadSignature:
        return _failed(visit, "it was begun in another browser, or more than ten minutes ago")
    if error or not code:
        return _failed(visit, "the provider refused it")
    try:
        address = _address_of(visit, provider, code, kept)
    except SignInFailed as failure:
        return _failed(visit, str(failure))
    portal = visit.portal
    viewer = viewer_of(portal.company.access, portal.people, address, portal.today)
    if viewer is None:
        return _failed(visit, f"{address} may not use this portal; ask an administrator for a role")
    response = begin_session(visit, viewer, "oidc", kept["next"])
    response.delete_cookie(COOKIE)
    return response


def _address_of(visit: Visit, provider: Provider, code: str, kept: dict[str, str]) -> str:
    """Exchange the code for an ID token; return its verified address.

    Raises:
        SignInFailed: the provider refuses the code, or the token is not what was asked for.
    """
    document = provider.document()
    try:
        answer = _client(visit, provider).fetch_token(
            document["token_endpoint"], code=code, code_verifier=kept["verifier"], timeout=TIMEOUT
        )
        claims = jwt.decode(answer["id_token"], provider.keys(), algorithms=ALGORITHMS).claims
    except (OAuthError, requests.RequestException, JoseError, KeyError, TypeError, ValueError) as error:
        provider.forget()  # its keys may have changed
        raise SignInFailed(f"the provider did not confirm it ({type(error).__name__})") from None
    try:
        jwt.JWTClaimsRegistry(
            leeway=60,
            iss={"essential": True, "value": document["issuer"]},
            aud={"essential": True, "value": provider.settings.client_id},
            exp={"essential": True},
            nonce={"essential": True, "value": kept["nonce"]},
        ).validate(claims)
    except JoseError as error:
        raise SignInFailed(f"the provider's token is not for this sign-in ({error})") from None
    if claims.get("azp", provider.settings.client_id) != provider.settings.client_id:
        raise SignInFailed("the provider's token is for another program")
    # Microsoft Entra says so in a claim of its own
    if claims.get("email_verified") not in (True, "true") and claims.get("xms_edov") not in (
        True,
        "1",
        1,
        "true",
    ):
        raise SignInFailed("the provider does not say that the e-mail address is verified")
    return str(claims.get("email", ""))


def _failed(visit: Visit, why: str) -> HTMLResponse:
    response = visit.page(
        "sign_in.html", title="Sign in", status=403, error=f"You are not signed in: {why}.", then=START
    )
    response.delete_cookie(COOKIE)
    return response
