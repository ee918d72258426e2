"""Map tiles over a real socket."""

import base64
import io
import json
from typing import Any

import httpx
import numpy as np
import pytest
import rasterio
import rasterio.enums
from numpy.typing import NDArray
from rasterio.vrt import WarpedVRT

from api.xyz.translate import tile_box
from tests.builders.apis import STORED, Served, script

TILE = "/tiles/sentinel-2-l2a/13/4437/2942"
"""Inside the sample scene: 15.015° E, 45.14° N."""
FALSE_COLOR = script("[s.B08 / 10000, s.B04 / 10000, s.B03 / 10000]", "{ bands: 3 }")


def get(served: Served, url: str, **query: Any) -> httpx.Response:
    headers = query.pop("headers", {})
    return served.client.get(url, params=query, headers=headers)


def array(response: httpx.Response) -> NDArray[Any]:
    assert response.status_code == 200, response.text
    found: NDArray[Any] = np.load(io.BytesIO(response.content))
    return found


@pytest.mark.parametrize("size", [256, 512, 1024])
def test_a_map_tile_is_gdals_warp_of_the_file(served: Served, size: int) -> None:
    values = array(get(served, f"{TILE}.npy", evalscript=STORED, size=size))

    box = tile_box(13, 4437, 2942)
    step = box.width / size
    path = served.app.state.settings.data_roots[0] / "B04.tif"
    with (
        rasterio.open(path) as dataset,
        WarpedVRT(
            dataset,
            crs="EPSG:3857",
            transform=rasterio.Affine(step, 0, box.left, 0, -step, box.top),
            width=size,
            height=size,
            resampling=rasterio.enums.Resampling.nearest,
            tolerance=0.001,
        ) as warped,
    ):
        expected = warped.read(1)
    assert expected.any()
    assert np.mean(values[0] == expected) >= 0.999


@pytest.mark.parametrize(
    ("extension", "media_type"),
    [("png", "image/png"), ("jpg", "image/jpeg"), ("webp", "image/webp")],
)
def test_the_extension_chooses_the_format(served: Served, extension: str, media_type: str) -> None:
    response = get(served, f"{TILE}.{extension}", evalscript=FALSE_COLOR)

    assert (response.status_code, response.headers["content-type"]) == (200, media_type)


def test_a_script_may_come_as_base64url(served: Served) -> None:
    encoded = base64.urlsafe_b64encode(STORED.encode()).decode()

    values = array(get(served, f"{TILE}.npy", evalscript=encoded))

    np.testing.assert_array_equal(values, array(get(served, f"{TILE}.npy", evalscript=STORED)))


@pytest.mark.parametrize(
    ("query", "has_data"),
    [
        ({"time": "2024-06-01"}, True),
        ({"time": "2024-05-01/2024-06-01"}, True),
        ({"time": "2024-06-02/.."}, False),
        ({"maxcc": 10}, True),
        ({"maxcc": 9}, False),
        ({"order": "leastCC"}, True),
    ],
)
def test_time_and_clouds_choose_the_scenes(
    served: Served, query: dict[str, Any], *, has_data: bool
) -> None:
    values = array(get(served, f"{TILE}.npy", evalscript=STORED, **query))

    assert values.any() == has_data


def test_who_has_the_tile_already_is_told_so_without_a_pixel(served: Served) -> None:
    first = get(served, f"{TILE}.npy", evalscript=STORED)

    again = get(
        served, f"{TILE}.npy", evalscript=STORED, headers={"if-none-match": first.headers["etag"]}
    )

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert "script;" not in again.headers["server-timing"]


def test_another_question_has_another_tag(served: Served) -> None:
    tags = {
        get(served, f"{TILE}.npy", evalscript=STORED, **query).headers["etag"]
        for query in ({}, {"size": 512}, {"maxcc": 50}, {"time": "2024-06-01"})
    }

    assert len(tags) == 4


def test_anyones_tile_may_be_cached_by_anyone(served: Served) -> None:
    response = get(served, f"{TILE}.npy", evalscript=STORED)

    assert response.headers["cache-control"] == "public, max-age=60"


@pytest.mark.parametrize(
    ("url", "query", "status", "code", "text"),
    [
        ("/tiles/sentinel-2-l2a/25/0/0.png", {}, 404, "COMMON_NOT_FOUND", "between 0 and 24"),
        ("/tiles/sentinel-2-l2a/3/8/0.png", {}, 404, "COMMON_NOT_FOUND", "from 0 to 7"),
        ("/tiles/sentinel-2-l2a/3/-1/0.png", {}, 404, "COMMON_NOT_FOUND", "from 0 to 7"),
        ("/tiles/sentinel-2-l2a/3/x/0.png", {}, 400, "COMMON_BAD_PAYLOAD", "path->x"),
        ("/tiles/sentinel-2-l2a/3/1/1.gif", {}, 404, "COMMON_NOT_FOUND", "png, jpg, webp, npy"),
        ("/tiles/nothing/3/1/1.png", {}, 400, "RENDERER_EXCEPTION", "'nothing'"),
        (f"{TILE}.png", {"size": 300}, 400, "COMMON_BAD_PAYLOAD", "256, 512, 1024"),
        (f"{TILE}.png", {"time": "soon"}, 400, "COMMON_BAD_PAYLOAD", "soon"),
        (f"{TILE}.png", {"maxcc": "nan"}, 400, "COMMON_BAD_PAYLOAD", "finite"),
        (f"{TILE}.png", {"order": "x"}, 400, "COMMON_BAD_PAYLOAD", "mostRecent"),
        (f"{TILE}.png", {"evalscript": None}, 400, "COMMON_BAD_PAYLOAD", "script or evalscript"),
        (f"{TILE}.png", {"evalscript": "//VERSION=3\n%"}, 400, "RENDERER_EXCEPTION", ":2: Syntax"),
        (f"{TILE}.jpg", {"evalscript": STORED}, 400, "RENDERER_EXCEPTION", "jpeg"),
        ("/tiles/sentinel-2-l2a/2/2/1.png", {}, 400, "COMMON_EXCEPTION", "meters per pixel"),
    ],
)
def test_what_cannot_be_is_refused_clearly(
    served: Served, *, url: str, query: dict[str, Any], status: int, code: str, text: str
) -> None:
    asked = {"evalscript": FALSE_COLOR, **query}

    response = get(served, url, **{name: v for name, v in asked.items() if v is not None})

    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert text in error["message"]


def test_tilejson_leads_to_tiles_with_the_same_query(served: Served) -> None:
    asked = {"evalscript": STORED, "time": "2024-06-01"}

    answer = get(served, "/tiles/sentinel-2-l2a/tilejson.json", **asked).json()

    west, south, east, north = answer["bounds"]
    url = answer["tiles"][0].format(z=13, x=4437, y=2942).replace(".png", ".npy")
    assert (west, south) == pytest.approx((15.0, 45.13), abs=0.02)
    assert (east, north) == pytest.approx((15.03, 45.15), abs=0.02)
    np.testing.assert_array_equal(
        array(served.client.get(url)), array(get(served, f"{TILE}.npy", **asked))
    )
    assert json.dumps(answer["tilejson"]) == '"3.0.0"'
