"""Server processes from outside: killed workers, two of them at once, the end of the server."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from affine import Affine

from tests.attack.asking import colors, draw, wait_until
from tests.builders.apis import COLLECTION, LEFT, STEP, TOP, UTM, numbers
from tests.builders.engines import write_cog
from tests.builders.running import Running, cogmill, running_server

AFFINE = Affine.translation(LEFT, TOP) * Affine.scale(STEP, -STEP)
QUICK = colors("[s.B04 / 10000, s.B03 / 10000, s.B02 / 10000]")
SLOW = colors(
    "(() => { let x = 0; for (let i = 0; i < 3e7; i++) x += i % 7; return [x, 0, eval(0)]; })()"
)
"""Only V8 knows `eval`: no machine code makes the pixels while its workers are killed."""


def write_scene(folder: Path, day: str) -> Path:
    """Write a scene in a folder that tells its date, each band in a file of its name."""
    for band in ("B02", "B03", "B04", "B08"):
        write_cog(folder / day / f"{band}.tif", numbers(band), crs=UTM, affine=AFFINE)
    return folder / day


def children(pid: int) -> list[int]:
    """Return the script workers below a server process: Linux tells in /proc."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            if b"evalscripts.v8.worker" in command:
                found.append(int(child))
            found += children(int(child))
    return found


def process(server: Running, text: str, **headers: str) -> httpx.Response:
    body = draw(text)
    return httpx.post(f"{server.url}/api/v1/process", json=body, headers=headers, timeout=60)


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("scenes")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, scenes: Path) -> Iterator[Running]:
    """Two server processes over one catalog, each with one script worker."""
    home = tmp_path_factory.mktemp("home")
    settings = {"workers": "2", "threads": "1", "script_workers": "1", "anonymous_read": "true"}
    with running_server(home, scenes, **settings) as server:
        yield server


def test_a_scene_that_is_ingested_appears_in_every_process_at_once(
    pair: Running, scenes: Path
) -> None:
    before = [process(pair, QUICK) for _ in range(12)]
    place = write_scene(scenes, "2024-06-01")
    told = cogmill("ingest", COLLECTION, str(place), "--json", environment=pair.environment)
    after = [process(pair, QUICK) for _ in range(12)]

    assert len(json.loads(told)["scenes"]) == 1
    assert len({answer.content for answer in before}) == 1
    assert len({answer.content for answer in after}) == 1
    assert before[0].content != after[0].content


def test_a_token_of_one_process_is_good_at_the_other(pair: Running) -> None:
    form = {"grant_type": "client_credentials", "client_id": pair.client_id}
    form["client_secret"] = pair.client_secret
    answers = [httpx.post(f"{pair.url}/oauth/token", data=form) for _ in range(6)]
    keys = {
        httpx.get(f"{pair.url}/auth/realms/main/protocol/openid-connect/certs").text
        for _ in range(12)
    }
    bearers = [f"Bearer {answer.json()['access_token']}" for answer in answers]
    codes = {process(pair, QUICK, authorization=one).status_code for one in bearers * 2}

    assert len(keys) == 1
    assert codes == {200}


def test_killed_script_workers_are_one_clear_error_and_are_replaced(pair: Running) -> None:
    with ThreadPoolExecutor(2) as pool:
        pending = [pool.submit(process, pair, SLOW) for _ in range(2)]
        pause = threading.Event()
        while not all(one.done() for one in pending):
            # Long enough for one that was killed to be replaced, so that nobody waits in vain.
            pause.wait(1.0)
            for worker in children(pair.process.pid):
                os.kill(worker, signal.SIGKILL)
    answers = [one.result() for one in pending]

    assert {answer.status_code for answer in answers} <= {400, 503}
    assert all("worker" in answer.json()["error"]["message"] for answer in answers)
    wait_until(lambda: process(pair, QUICK).status_code == 200)


def test_a_server_that_is_told_to_stop_answers_first_and_leaves_no_process(
    tmp_path: Path, scenes: Path
) -> None:
    write_scene(scenes, "2024-07-01")
    with running_server(tmp_path, scenes, anonymous_read="true", threads="1") as server:
        workers = children(server.process.pid)
        body = draw(
            colors(
                "(() => { let x = 0; for (let i = 0; i < 3e6; i++) x += i % 7;"
                " return [x, 0, 0]; })()"
            )
        )
        with ThreadPoolExecutor(1) as pool:
            ask = pool.submit(httpx.post, f"{server.url}/api/v1/process", json=body, timeout=60)
            metrics = f"{server.url}/metrics"
            wait_until(lambda: "cogmill_running 1.0" in httpx.get(metrics).text or ask.done())
            server.process.send_signal(signal.SIGTERM)
            answer = ask.result()
        code = server.process.wait(30)

    assert answer.status_code == 200
    assert code in {0, -signal.SIGTERM}
    assert workers
    wait_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))


def test_a_second_server_on_the_same_port_says_so_in_one_line(pair: Running) -> None:
    port = pair.url.rpartition(":")[2]
    done = subprocess.run(
        [sys.executable, "-m", "api.cli.main", "serve", "--port", port],
        env=pair.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode != 0
    assert f"cannot listen on 127.0.0.1, port {port}" in done.stderr.replace("\n", " ")
    assert "Traceback" not in done.stderr
