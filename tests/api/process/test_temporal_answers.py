"""ORBIT, TILE and fusion through the Process API and as map tiles, over a real socket."""

import asyncio
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from api.wiring import engine_options
from engine.core import open_engine
from tests.builders.apis import COLLECTION, SIZE, Served, body, numbers, serving
from tests.builders.engines import SENSED, register

DAYS = 3
MANY = """function updateOutput(outputs, collections) {
  outputs.default.bands = collections.scenes.length;
}"""


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The sample scene on three days: B04 of each day is another band of its files."""
    home = tmp_path_factory.mktemp("days")
    with serving(home, anonymous_read=True) as served:
        asyncio.run(_more_days(served, home))
        yield served


async def _more_days(served: Served, home: Any) -> None:
    engine = await open_engine(engine_options(served.app.state.settings))
    try:
        collection = await engine.catalog.collection(COLLECTION)
        for day, band in enumerate(("B03", "B02"), start=1):
            files = {"B04": home / "scenes" / f"{band}.tif"}
            sensed = SENSED - timedelta(days=day)
            await register(
                engine, collection, f"day-{day}", files, sensed=sensed, cloud_cover=50.0 + day
            )
    finally:
        await engine.close()


def temporal(returned: str, mosaicking: str, *, bands: int = DAYS, more: str = "") -> str:
    return f"""//VERSION=3
function setup() {{
  return {{
    input: [{{ bands: ["B04"], units: "DN" }}],
    output: {{ bands: {bands}, sampleType: "UINT16" }},
    mosaicking: "{mosaicking}"
  }};
}}
function evaluatePixel(samples, scenes) {{ return {returned}; }}
{more}"""


ALL = "samples.map(s => s.B04)"


def ask(served: Served, **changes: Any) -> httpx.Response:
    return served.client.post("/api/v1/process", json=body(**changes))


def tiff(response: httpx.Response) -> NDArray[Any]:
    assert response.status_code == 200, response.text
    found: NDArray[Any] = tifffile.imread(io.BytesIO(response.content))
    return found


def with_data(*sources: dict[str, Any]) -> dict[str, Any]:
    whole: dict[str, Any] = body()["input"]
    return {**whole, "data": list(sources)}


@pytest.mark.parametrize("mosaicking", ["TILE", "ORBIT"])
@pytest.mark.parametrize(
    ("order", "bands"),
    [
        ("mostRecent", ["B04", "B03", "B02"]),
        ("leastRecent", ["B02", "B03", "B04"]),
        ("leastCC", ["B04", "B03", "B02"]),
    ],
)
def test_a_time_series_has_the_days_in_the_order_asked_for(
    days: Served, mosaicking: str, order: str, bands: list[str]
) -> None:
    source = {"type": COLLECTION, "dataFilter": {"mosaickingOrder": order}}

    response = ask(days, input=with_data(source), evalscript=temporal(ALL, mosaicking))

    np.testing.assert_array_equal(
        tiff(response), np.stack([numbers(band) for band in bands], axis=-1)
    )
    assert json.loads(response.headers["X-Cogmill-Facts"])["inputs"] == {
        "0": {"samples": 3, "scenes": 3}
    }
    # A quarter of 512 x 512 pixels, a band of three, three samples.
    assert response.headers["x-processingunits-spent"] == "0.25"


def test_hooks_choose_scenes_and_make_the_request_cheaper(days: Served) -> None:
    keep_one = """function preProcessScenes(collections) {
      collections.scenes.orbits = collections.scenes.orbits.slice(-1);
      return collections;
    }"""
    script = temporal(ALL, "ORBIT", bands=7, more=MANY + keep_one)

    response = ask(days, evalscript=script)

    np.testing.assert_array_equal(tiff(response), numbers("B02"))
    assert response.headers["x-processingunits-spent"] == "0.0833"


def test_formats_are_judged_by_the_bands_of_this_request(days: Served) -> None:
    output = {**body()["output"], "responses": [{"identifier": "default"}]}
    three = temporal(ALL, "TILE", bands=7, more=MANY)
    five = temporal("[1, 2, 3, 4, 5]", "TILE", bands=3, more=MANY.replace(".length", ".length + 2"))

    good = ask(days, output=output, evalscript=three)
    bad = ask(days, output=output, evalscript=five)

    assert (good.status_code, good.headers["content-type"]) == (200, "image/png")
    assert bad.status_code == 400
    assert bad.json()["error"]["errors"][0]["parameter"] == "output->responses[0]->format->type"


def test_a_fusion_reads_each_source_as_it_says(days: Served) -> None:
    script = """//VERSION=3
function setup() {
  return {
    input: [
      { datasource: "old", bands: ["B04"], units: "DN" },
      { datasource: "new", bands: ["B04", "B03"], units: "DN", mosaicking: "TILE" }
    ],
    output: { bands: 3, sampleType: "UINT16" }
  };
}
function evaluatePixel(samples) {
  return [samples.old[0].B04, samples.new[0].B04, samples.new.length];
}
"""
    old = {
        "type": COLLECTION,
        "id": "old",
        "dataFilter": {"mosaickingOrder": "leastRecent"},
    }
    new = {
        "type": COLLECTION,
        "id": "new",
        "dataFilter": {"timeRange": {"from": "2024-06-01T00:00:00Z", "to": "2024-06-02T00:00:00Z"}},
    }

    response = ask(days, input=with_data(new, old), evalscript=script)

    expected = [numbers("B02"), numbers("B04"), np.ones((SIZE, SIZE), np.uint16)]
    np.testing.assert_array_equal(tiff(response), np.stack(expected, axis=-1))
    assert json.loads(response.headers["X-Cogmill-Facts"])["inputs"] == {
        "new": {"samples": 1, "scenes": 1},
        "old": {"samples": 1, "scenes": 1},
    }


def test_sources_that_do_not_match_the_script_are_refused_in_their_place(days: Served) -> None:
    source = {"type": COLLECTION}

    response = ask(days, input=with_data(source, source), evalscript=temporal(ALL, "TILE"))

    error = response.json()["error"]
    assert (response.status_code, error["errors"][0]["parameter"]) == (400, "input->data")
    assert "2 data sources (0, 1)" in error["message"]


def test_a_map_tile_takes_a_time_series_too(days: Served) -> None:
    script = temporal("[samples.length / 10, 0, 0]", "ORBIT").replace("UINT16", "AUTO")

    # Its middle lies within the scene.
    response = days.client.get(
        f"/tiles/{COLLECTION}/13/4437/2942.npy", params={"evalscript": script}
    )

    assert response.status_code == 200, response.text
    counts = np.unique(np.load(io.BytesIO(response.content))[0])
    assert json.loads(response.headers["X-Cogmill-Facts"])["inputs"]["0"]["samples"] == 3
    assert counts.tolist() == [77]
