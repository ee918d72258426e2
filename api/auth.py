"""Who asks: principals, the token endpoints, and the checks that routes depend on.

``Reader`` lets a client without a token through where the settings allow reading to anyone;
``Member`` never does.
"""

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import unquote_plus, urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from api import tokens
from api.body import read_form
from api.errors import Unauthorized
from api.guard import LOOPBACK_NAMES, host_name

router = APIRouter(tags=["authentication"])

UNAUTHORIZED = "provide a valid access token in the header Authorization: Bearer <accessToken>"
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks."""

    id: str
    """The client's id; for a client without a token ``anonymous@`` and its address."""
    scopes: frozenset[str] = frozenset()
    """What the client may do, as it was registered."""
    is_anonymous: bool = False


def _bearer(request: Request) -> Mapping[str, Any]:
    """Return the claims of the request's token; raises `Unauthorized`."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Unauthorized(UNAUTHORIZED)
    return tokens.read_token(request.app.state.token_key, token.strip(), now=int(time.time()))


async def member(request: Request) -> Principal:
    """Return the client that the Bearer token names, if it is still registered.

    Readers are trusted until their token ends; whoever writes or asks about itself is looked up.
    """
    claims = _bearer(request)
    client = await request.app.state.clients.find(claims["azp"])
    if client is None:
        message = "the client of this access token is no longer registered"
        raise Unauthorized(message)
    return _known(request, Principal(id=client.id, scopes=frozenset(client.scopes)))


async def reader(request: Request) -> Principal:
    """Return who asks to read: a client, or anyone where that is allowed here and now."""
    if "authorization" in request.headers or not _is_open(request):
        claims = _bearer(request)
        client = Principal(id=claims["azp"], scopes=frozenset(claims["scope"].split()))
        return _known(request, client)
    return _known(request, Principal(id=f"anonymous@{peer(request)}", is_anonymous=True))


def _known(request: Request, who: Principal) -> Principal:
    """Leave a note for the log line of the request."""
    request.state.principal = who.id
    return who


Member = Annotated[Principal, Depends(member)]
Reader = Annotated[Principal, Depends(reader)]


def peer(request: Request) -> str:
    """Return the address on the other end of the connection."""
    return request.client.host if request.client else "unknown"


def _is_open(request: Request) -> bool:
    """Return True where no token is needed: not from the page of a stranger, by no odd name."""
    settings = request.app.state.settings
    host = request.headers.get("host", "")
    if not settings.anonymous_read or host_name(host) not in {*LOOPBACK_NAMES, *settings.hosts}:
        return False
    origin = request.headers.get("origin")
    allowed = settings.cors_origins
    return origin is None or urlsplit(origin).netloc == host or origin in allowed or "*" in allowed


@router.post("/oauth/token")
@router.post("/auth/realms/{realm}/protocol/openid-connect/token")
async def give_token(request: Request) -> Response:
    """Give a token for a client's id and secret (OAuth 2, grant ``client_credentials``)."""
    request.app.state.token_requests.take(peer(request), 1)
    form = await read_form(request)
    if (grant := form.get("grant_type")) != "client_credentials":
        error = "unsupported_grant_type" if grant else "invalid_request"
        return _refuse(400, error, "grant_type must be client_credentials")
    client_id, secret = _credentials(request, form)
    client = await request.app.state.clients.verify(client_id, secret)
    if client is None:
        return _refuse(401, "invalid_client", "Invalid client or invalid client credentials")
    seconds = request.app.state.settings.token_seconds
    scope = " ".join(client.scopes)
    token = tokens.issue_token(
        request.app.state.token_key,
        client_id=client.id,
        scope=scope,
        seconds=seconds,
        now=int(time.time()),
    )
    answer = {"access_token": token, "expires_in": seconds, "token_type": "Bearer", "scope": scope}
    return JSONResponse(answer, headers=NO_STORE)


def _credentials(request: Request, form: dict[str, str]) -> tuple[str, str]:
    """Return id and secret from the Basic header, else from the body; empty where missing."""
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, secret = base64.b64decode(encoded).decode("utf-8").partition(":")
    except ValueError:
        return "", ""
    return unquote_plus(client_id), unquote_plus(secret)


def _refuse(status: int, error: str, description: str) -> Response:
    headers = dict(NO_STORE)
    if status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="cogmill"'
    return JSONResponse({"error": error, "error_description": description}, status, headers=headers)


@router.get("/oauth/tokeninfo")
def token_info(request: Request, who: Member) -> Response:
    """Give the claims of the token that comes with the request."""
    return JSONResponse({**_bearer(request), "active": True, "client_id": who.id}, headers=NO_STORE)


@router.get("/auth/realms/{realm}/protocol/openid-connect/certs")
def keys(request: Request, realm: str) -> Response:  # noqa: ARG001 -- all realms are one
    """Give the public keys by which tokens can be verified (JWKS)."""
    return JSONResponse(tokens.public_keys(request.app.state.token_key))


@router.get("/auth/realms/{realm}/.well-known/openid-configuration")
def configuration(request: Request, realm: str) -> Response:
    """Tell where tokens and keys are had (OpenID Connect discovery)."""
    base = f"{request.app.state.settings.public_url or str(request.base_url).rstrip('/')}"
    connect = f"{base}/auth/realms/{realm}/protocol/openid-connect"
    return JSONResponse(
        {
            "issuer": tokens.ISSUER,
            "token_endpoint": f"{connect}/token",
            "jwks_uri": f"{connect}/certs",
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "id_token_signing_alg_values_supported": [tokens.ALGORITHM],
        }
    )
