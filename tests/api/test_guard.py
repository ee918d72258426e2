import asyncio
from collections.abc import Iterable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from api.dialects import answer_error
from api.errors import HttpError
from api.guard import Guard, host_name


async def echo(request: Request) -> Response:
    return JSONResponse({"path": request.url.path, "bytes": len(await request.body())})


async def fail(_: Request) -> Response:
    message = "/srv/secret/place"
    raise OSError(message)


def make_app(*, hosts: Iterable[str] = (), is_open: bool = False, limit: int = 1000) -> ASGIApp:
    async def answer(request: Request, error: Exception) -> Response:
        return answer_error(error, path=request.url.path)

    routes = [Route("/echo", echo, methods=["GET", "POST"]), Route("/fail", fail)]
    routes += [Route("/health", echo)]
    guard = Middleware(Guard, hosts=hosts, is_open=is_open, max_body_bytes=limit)
    app = Starlette(routes=routes, exception_handlers={HttpError: answer}, middleware=[guard])
    app.router.redirect_slashes = False
    return app


def ask(app: ASGIApp, method: str, url: str, **options: Any) -> httpx.Response:
    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, url, **options)

    return asyncio.run(call())


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost:8000", "localhost"),
        ("LOCALHOST", "localhost"),
        ("[::1]:8000", "::1"),
        ("[::1]", "::1"),
        ("127.0.0.1:1", "127.0.0.1"),
        ("", ""),
    ],
)
def test_a_host_header_is_read_to_its_name(header: str, name: str) -> None:
    assert host_name(header) == name


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("maps.example", 200),
        ("evil.example", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example:8000", 403),
        ("", 403),
    ],
)
def test_an_open_server_answers_only_under_its_own_names(host: str, status: int) -> None:
    app = make_app(hosts=["maps.example"], is_open=True)

    assert ask(app, "GET", "/echo", headers={"host": host}).status_code == status


def test_a_closed_server_without_names_answers_under_any() -> None:
    assert ask(make_app(), "GET", "/echo", headers={"host": "a.example"}).status_code == 200


def test_probes_are_answered_under_any_name() -> None:
    app = make_app(is_open=True)

    assert ask(app, "GET", "/health", headers={"host": "10.1.2.3:8000"}).status_code == 200


@pytest.mark.parametrize("path", ["/echo", "/echo/", "/echo//"])
def test_a_last_slash_makes_no_difference_and_no_redirect(path: str) -> None:
    response = ask(make_app(), "POST", path, content=b"abc")

    assert (response.status_code, response.json()) == (200, {"path": "/echo", "bytes": 3})


def test_a_body_that_says_it_is_too_large_is_not_read() -> None:
    read = 0

    async def body() -> Any:
        nonlocal read
        for _ in range(100):
            read += 1
            yield b"x" * 100

    response = ask(make_app(), "POST", "/echo", content=body(), headers={"content-length": "10000"})

    assert (response.status_code, read) == (413, 0)
    assert "1000 bytes" in response.json()["error"]["message"]


def test_a_body_that_does_not_say_is_read_no_further_than_the_limit() -> None:
    read = 0

    async def body() -> Any:
        nonlocal read
        for _ in range(100):
            read += 1
            yield b"x" * 100

    response = ask(make_app(), "POST", "/echo", content=body())

    assert (response.status_code, read) == (413, 11)


def test_a_body_of_just_the_limit_passes() -> None:
    response = ask(make_app(), "POST", "/echo", content=b"x" * 1000)

    assert response.json()["bytes"] == 1000


def test_an_unforeseen_error_is_answered_without_a_trace(caplog: pytest.LogCaptureFixture) -> None:
    response = ask(make_app(), "GET", "/fail")

    assert (response.status_code, "secret" in response.text) == (500, False)
    assert caplog.records[-1].exc_info is not None
