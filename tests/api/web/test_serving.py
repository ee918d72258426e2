"""What a browser gets for the page's addresses, and how long it may keep it."""

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

LIBRARY = Path(__file__).parents[3] / "evalscripts" / "library"
POLICY = {
    "default-src": "'self'",
    "img-src": "'self' blob: data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
PAGES = pytest.mark.parametrize("path", ["/", "/docs"])


def addresses_in(page: str) -> list[str]:
    return sorted(set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page)))


@PAGES
def test_a_page_is_html_that_is_asked_for_again(client: TestClient, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


@PAGES
def test_a_page_may_load_from_its_own_origin_only(client: TestClient, path: str) -> None:
    policy = client.get(path).headers["content-security-policy"]

    assert dict(part.strip().split(" ", 1) for part in policy.split(";")) == POLICY


@PAGES
def test_everything_a_page_names_may_be_kept_for_ever(client: TestClient, path: str) -> None:
    answers = [client.get(address) for address in addresses_in(client.get(path).text)]

    assert len(answers) == 3
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["cache-control"] for answer in answers} == {
        "public, max-age=31536000, immutable"
    }
    assert {answer.headers["content-type"] for answer in answers} == {
        "text/javascript; charset=utf-8",
        "text/css; charset=utf-8",
        "image/svg+xml",
    }


@pytest.mark.parametrize(
    ("accepted", "given"), [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("identity", None)]
)
def test_a_file_comes_in_the_smallest_encoding_that_is_taken(
    client: TestClient, accepted: str, given: str | None
) -> None:
    [address] = [one for one in addresses_in(client.get("/").text) if one.endswith(".js")]
    answer = client.get(address, headers={"Accept-Encoding": accepted})

    assert answer.headers.get("content-encoding") == given
    assert answer.headers["vary"] == "Accept-Encoding"


def test_a_page_that_is_known_is_not_sent_again(client: TestClient) -> None:
    tag = client.get("/").headers["etag"]
    answer = client.get("/", headers={"If-None-Match": tag})

    assert answer.status_code == 304
    assert answer.content == b""


@pytest.mark.parametrize(
    "path", ["/static/nothing.js", "/static/%2e%2e/assets.py", "/static/assets/..%2f..%2froutes.py"]
)
def test_only_built_files_are_given(client: TestClient, path: str) -> None:
    answer = client.get(path)

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "COMMON_NOT_FOUND"


def test_the_mark_is_found_where_browsers_look_for_it(client: TestClient) -> None:
    assert client.get("/favicon.ico").headers["content-type"] == "image/svg+xml"
