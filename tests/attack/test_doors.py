"""Doors that strangers try: tokens, names, origins, paths."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from api.tokens import issue_token
from tests.attack.asking import assert_clean, exchange, make_body, post
from tests.builders.apis import Served

TILE = "/tiles/sentinel-2-l2a/13/4437/2942.png?script=true-color"


def claims(served: Served, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    own = {"iss": "cogmill", "azp": served.member.client.id, "sub": served.member.client.id}
    return {**own, "scope": "read", "iat": now, "exp": now + 3600, **changes}


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def sealed(text: str, secret: bytes) -> str:
    """Return a token signed with a shared secret, by hand: libraries refuse to misuse keys."""
    seal = hmac.digest(secret, text.encode(), hashlib.sha256)
    return f"{text}.{base64.urlsafe_b64encode(seal).decode().rstrip('=')}"


def forged(served: Served) -> dict[str, str]:
    """Return tokens that are not ours, by what is wrong with them."""
    own: RSAKey = served.app.state.token_key
    other = RSAKey.generate_key(2048)
    body = encoded(claims(served))
    public = own.as_pem(private=False)
    mine = issue_token(
        own, client_id=served.member.client.id, scope="read", seconds=60, now=int(time.time())
    )
    head, middle, signature = mine.split(".")
    stolen = {"alg": "RS256", "jwk": other.as_dict(private=False), "kid": own.kid}
    return {
        "no algorithm": f"{encoded({'alg': 'none'})}.{body}.",
        "no algorithm, signed": f"{encoded({'alg': 'none'})}.{middle}.{signature}",
        "another key": jwt.encode({"alg": "RS256", "kid": own.kid}, claims(served), other),
        "its own key inside": jwt.encode(stolen, claims(served), other),
        "the public key as a secret": sealed(f"{encoded({'alg': 'HS256'})}.{body}", public),
        "another algorithm": jwt.encode(
            {"alg": "RS512"}, claims(served), own, algorithms=["RS512"]
        ),
        "another issuer": jwt.encode({"alg": "RS256"}, claims(served, iss="evil"), own),
        "expired": jwt.encode({"alg": "RS256"}, claims(served, exp=1), own),
        "claims exchanged": f"{head}.{encoded(claims(served, scope='write'))}.{signature}",
        "cut": mine[:-10],
        "empty": "..",
    }


FORGERIES = (
    "no algorithm",
    "no algorithm, signed",
    "another key",
    "its own key inside",
    "the public key as a secret",
    "another algorithm",
    "another issuer",
    "expired",
    "claims exchanged",
    "cut",
    "empty",
)


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_token_opens_nothing(closed: Served, name: str) -> None:
    headers = {"authorization": f"Bearer {forged(closed)[name]}"}
    answers = [
        post(closed, make_body(), **headers),
        closed.client.get(TILE, headers=headers),
        closed.client.get("/oauth/tokeninfo", headers=headers),
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401]
    for answer in answers:
        assert_clean(answer)


def test_a_wrong_token_does_not_make_its_bearer_a_guest(served: Served) -> None:
    response = served.client.get(TILE, headers={"authorization": "Bearer a.b.c"})

    assert response.status_code == 401


def test_a_client_that_is_not_and_one_with_a_wrong_secret_look_alike(closed: Served) -> None:
    known = closed.member.client.id
    form = {"grant_type": "client_credentials", "client_secret": "wrong"}
    answers = [
        closed.client.post("/oauth/token", data={**form, "client_id": name})
        for name in (known, "nobody", "' OR 1=1 --", "\x00", "x" * 100_000)
    ]

    assert {(answer.status_code, answer.text) for answer in answers} == {
        (401, answers[0].text),
    }


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "10.0.0.1", ""]
)
@pytest.mark.parametrize("path", [TILE, "/", "/api/v1/page", "/docs", "/openapi.json", "/metrics"])
def test_an_open_server_has_no_other_name(served: Served, host: str, path: str) -> None:
    head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"

    assert exchange(served, head.encode())[:12] == b"HTTP/1.1 403"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_the_page_of_a_stranger_may_not_read_an_open_server(served: Served, origin: str) -> None:
    response = served.client.get(TILE, headers={"origin": origin})

    assert response.status_code == 401
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    ("origin", "status", "allowed"),
    [
        ("https://maps.example", 200, "https://maps.example"),
        ("https://evil.example", 400, None),
        ("https://maps.example.evil.example", 400, None),
        ("null", 400, None),
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/process", "/oauth/token", "/nothing"])
def test_a_preflight_is_answered_for_the_origins_of_the_settings(
    served: Served, path: str, origin: str, status: int, allowed: str | None
) -> None:
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type",
    }
    response = served.client.options(path, headers=headers)

    assert response.status_code == status
    assert response.headers.get("access-control-allow-origin") == allowed


@pytest.mark.parametrize(
    "path",
    [
        "/static/../settings.py",
        "/static/..%2fsettings.py",
        "/static/%2e%2e/%2e%2e/settings.py",
        "/static/..%5csettings.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/app.js%00.html",
        "/static/" + "../" * 30 + "etc/passwd",
        "/static/" + "a" * 5000,
        "//etc/passwd",
        "/docs/../settings.py",
        "/tiles/..%2f..%2fetc/1/0/0.png",
        "/tiles/%2e%2e/%2e%2e/1/0/0.png",
        "/tiles/sentinel-2-l2a/1/0/0.%2e%2e%2fpng",
        "/tiles/sentinel-2-l2a/1/0/..%2f..%2f0.png",
        "/tiles/%00/1/0/0.png?script=ndvi",
        "/tiles/a%0d%0aSet-Cookie:%20a=b/1/0/0.png?script=ndvi",
        "/tiles/sentinel-2-l2a/1/0/0.png?script=..%2f..%2fetc%2fpasswd",
        "/tiles/sentinel-2-l2a/" + "9" * 5000 + "/0/0.png?script=ndvi",
        "/auth/realms/..%2f..%2fx/nothing",
    ],
)
def test_no_path_leads_out_of_its_room(served: Served, path: str) -> None:
    head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = exchange(served, head.encode())

    assert answer[:12] in {b"HTTP/1.1 400", b"HTTP/1.1 404"}
    assert b"root:" not in answer
    assert b"BaseSettings" not in answer
    assert b"\r\nSet-Cookie" not in answer


@pytest.mark.parametrize("name", ["a\r\nX-Evil: 1", "<script>", "é", "x" * 200, "../x", ""])
def test_a_request_id_is_ours_unless_it_is_plain(served: Served, name: str) -> None:
    value = name.encode("latin-1").replace(b"\r\n", b" ")
    response = served.client.get("/health", headers={"x-request-id": value})

    assert len(response.headers["x-request-id"]) == 16
