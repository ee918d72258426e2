"""Tokens over a real socket, as OAuth libraries and sentinelhub-py ask for them."""

import base64
import json
import time

import httpx
import pytest

from api.tokens import issue_token
from tests.builders.apis import Served
from tests.builders.apis import body as make_body

REALM = "/auth/realms/main/protocol/openid-connect/token"
TOKEN_PATHS = ["/oauth/token", "/oauth/token/", REALM, REALM.replace("main", "CDSE")]


def ask_token(served: Served, path: str = "/oauth/token", **fields: str) -> httpx.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": served.member.client.id,
        "client_secret": served.member.secret,
        **fields,
    }
    return served.client.post(path, data=form)


def bearer(served: Served) -> dict[str, str]:
    return {"authorization": f"Bearer {ask_token(served).json()['access_token']}"}


@pytest.mark.parametrize("path", TOKEN_PATHS)
def test_both_token_paths_give_a_token_for_credentials_in_the_body(
    closed: Served, path: str
) -> None:
    response = ask_token(closed, path)

    answer = response.json()
    assert (response.status_code, answer["token_type"], answer["expires_in"]) == (
        200,
        "Bearer",
        3600,
    )
    assert response.headers["cache-control"] == "no-store"


def test_a_token_decodes_as_sentinelhub_py_decodes_it(closed: Served) -> None:
    payload = ask_token(closed).json()["access_token"].split(".")[1]

    claims = json.loads(base64.b64decode(payload + "=" * (-len(payload) % 4)))

    assert claims["azp"] == closed.member.client.id
    assert claims["exp"] - time.time() == pytest.approx(3600, abs=30)


def test_credentials_may_come_as_basic_authentication(closed: Served) -> None:
    response = closed.client.post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(closed.member.client.id, closed.member.secret),
    )

    assert response.status_code == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"client_secret": "wrong"},
        {"client_id": "nobody"},
        {"client_id": "", "client_secret": ""},
        {"client_secret": "x" * 10_000},
        {"client_id": "\x00"},
    ],
)
def test_wrong_credentials_are_an_invalid_client(closed: Served, fields: dict[str, str]) -> None:
    response = ask_token(closed, **fields)

    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    "header", [b"Basic !!!", b"Basic /w==", b"Basic QQ==", b"Basic", b"Basic \xe9\xe9"]
)
def test_a_broken_basic_header_is_an_invalid_client(closed: Served, header: bytes) -> None:
    response = closed.client.post(
        "/oauth/token",
        data={"grant_type": "client_credentials"},
        headers={"authorization": header},
    )

    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("grant", "error"), [("password", "unsupported_grant_type"), ("", "invalid_request")]
)
def test_another_grant_is_not_supported(closed: Served, grant: str, error: str) -> None:
    response = ask_token(closed, grant_type=grant)

    assert (response.status_code, response.json()["error"]) == (400, error)


def test_a_token_opens_the_api(closed: Served) -> None:
    response = closed.client.post("/api/v1/process", json=make_body(), headers=bearer(closed))

    assert response.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer abc"},
        {"authorization": "Bearer a.b.c"},
        {"authorization": "Basic QQ=="},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/process"),
        ("GET", "/tiles/sentinel-2-l2a/8/138/91.png?script=ndvi"),
        ("GET", "/tiles/sentinel-2-l2a/tilejson.json"),
        ("GET", "/oauth/tokeninfo"),
        ("GET", "/api/v1/page"),
    ],
)
def test_without_a_valid_token_nothing_opens(
    closed: Served, method: str, path: str, headers: dict[str, str]
) -> None:
    # The body is broken on purpose: whoever may not ask is not read.
    response = closed.client.request(method, path, content=b"{", headers=headers)

    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (401, "COMMON_UNAUTHORIZED")
    assert response.headers["www-authenticate"] == "Bearer"


def test_an_expired_token_opens_nothing(closed: Served) -> None:
    token = issue_token(
        closed.app.state.token_key,
        client_id=closed.member.client.id,
        scope="read",
        seconds=3600,
        now=int(time.time()) - 3601,
    )

    response = closed.client.get("/oauth/tokeninfo", headers={"authorization": f"Bearer {token}"})

    assert (response.status_code, "expired" in response.text) == (401, True)


def test_a_wrong_token_is_refused_even_where_none_is_needed(served: Served) -> None:
    response = served.client.post(
        "/api/v1/process", json=make_body(), headers={"authorization": "Bearer abc"}
    )

    assert response.status_code == 401


def test_token_info_gives_the_claims(closed: Served) -> None:
    answer = closed.client.get("/oauth/tokeninfo", headers=bearer(closed)).json()

    assert (answer["active"], answer["client_id"]) == (True, closed.member.client.id)


def test_a_token_of_a_deleted_client_says_nothing_of_itself(closed: Served) -> None:
    token = issue_token(
        closed.app.state.token_key, client_id="gone", scope="", seconds=600, now=int(time.time())
    )

    response = closed.client.get("/oauth/tokeninfo", headers={"authorization": f"Bearer {token}"})

    assert (response.status_code, "no longer registered" in response.text) == (401, True)


def test_discovery_leads_to_the_keys_and_the_token(closed: Served) -> None:
    found = closed.client.get("/auth/realms/main/.well-known/openid-configuration").json()

    keys = closed.client.get(found["jwks_uri"]).json()["keys"]
    assert found["token_endpoint"] == f"{closed.url}{REALM}"
    assert [key["alg"] for key in keys] == ["RS256"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": "OWN"}, 200),
        ({"origin": "https://evil.example"}, 401),
        ({"origin": "null"}, 401),
        ({"host": "evil.example"}, 403),
    ],
)
def test_anyone_may_read_only_from_pages_and_under_names_of_our_own(
    served: Served, headers: dict[str, str], status: int
) -> None:
    sent = {name: value.replace("OWN", served.url) for name, value in headers.items()}

    response = served.client.post("/api/v1/process", json=make_body(), headers=sent)

    assert response.status_code == status


@pytest.mark.parametrize(
    ("origin", "allowed"), [("https://maps.example", True), ("https://evil.example", False)]
)
@pytest.mark.parametrize("path", ["/api/v1/process", "/oauth/token", "/tiles/x/1/0/0.png"])
def test_browsers_may_ask_from_the_origins_that_are_listed(
    closed: Served, path: str, origin: str, *, allowed: bool
) -> None:
    headers = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,accept-crs,cache-control",
    }

    response = closed.client.options(path, headers=headers)

    expected = origin if allowed else None
    assert response.headers.get("access-control-allow-origin") == expected
    assert response.is_success == allowed


@pytest.mark.parametrize("path", ["/api/v1/process", "/nowhere"])
def test_errors_can_be_read_by_a_listed_page(closed: Served, path: str) -> None:
    response = closed.client.post(path, headers={"origin": "https://maps.example"})

    exposed = response.headers["access-control-expose-headers"].lower()
    assert response.headers["access-control-allow-origin"] == "https://maps.example"
    assert {"x-processingunits-spent", "retry-after"} <= set(exposed.split(", "))
