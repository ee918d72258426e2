"""Two clients: one holds what scripts it may, the other gets its pixels all the same."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.attack.asking import colors, draw, send, wait_until
from tests.builders.apis import Served, serving

GOOD = draw(colors("[s.B04 / 10000, 0, 0]"))
HOOKS = """//VERSION=3
function setup() {
  return { input: ["B04"], output: { bands: 1 }, mosaicking: "TILE" };
}
function %s { for (;;) {} }
function evaluatePixel(s) { return [1]; }
"""
ENDLESS = {
    "pixels": colors("(() => { for (;;) {} })()"),
    "top level": colors("[1, 1, 1]", more="for (;;) {}"),
    "hook": HOOKS % "preProcessScenes(c)",
    "band counts": HOOKS % "updateOutput(o)",
}


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with the usual settings: endless scripts are borne for 30 s."""
    with serving(tmp_path_factory.mktemp("patient"), anonymous_read=True) as one:
        yield one


@pytest.fixture(scope="module")
def token(patient: Served) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": patient.member.client.id,
        "client_secret": patient.member.secret,
    }
    return str(patient.client.post("/oauth/token", data=form).json()["access_token"])


def ask(served: Served, token: str, number: int) -> httpx.Response:
    """Ask as the other client for a picture by a text that was never seen."""
    body = {**GOOD, "evalscript": f"{GOOD['evalscript']}\n// {number}"}
    headers = {"authorization": f"Bearer {token}"}
    return served.client.post("/api/v1/process", json=body, headers=headers)


def request(body: bytes) -> bytes:
    head = "POST /api/v1/process HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize("name", ENDLESS)
def test_a_client_with_endless_scripts_leaves_a_worker_to_others(
    patient: Served, token: str, name: str
) -> None:
    pool = patient.app.state.engine.parts.pool
    workers = pool.options.workers
    wait_until(lambda: pool.idle() > 0)
    bodies = [
        httpx.Request("POST", "/", json=draw(f"{ENDLESS[name]}\n// {number}")).content
        for number in range(8)
    ]
    connections = [send(patient, request(body)) for body in bodies]
    wait_until(lambda: pool.idle() <= 1)
    answers = [ask(patient, token, number) for number in range(3)]
    # Those who leave keep what their scripts still hold, so that coming back gains nothing.
    for connection in connections:
        connection.close()
    again = [send(patient, request(body)) for body in bodies]
    answers += [ask(patient, token, number) for number in range(3, 6)]
    for connection in again:
        connection.close()

    assert workers > 1
    assert [answer.status_code for answer in answers] == [200] * 6
    assert max(answer.elapsed.total_seconds() for answer in answers) < 5


def test_one_worker_serves_everybody_in_turn(tmp_path: Path) -> None:
    with (
        serving(tmp_path, anonymous_read=True, script_workers=1) as one,
        ThreadPoolExecutor(4) as pool,
    ):
        url = f"{one.url}/api/v1/process"
        answers = list(pool.map(lambda _: httpx.post(url, json=GOOD, timeout=60), range(8)))

    assert {answer.status_code for answer in answers} == {200}
