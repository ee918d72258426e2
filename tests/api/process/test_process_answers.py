"""What the Process API answers, over a real socket."""

import io
import json
import tarfile
from typing import Any

import httpx
import numpy as np
import pytest
import rasterio
import shapely
import shapely.geometry
import tifffile
from numpy.typing import NDArray
from PIL import Image

from tests.builders.apis import (
    BBOX,
    COLLECTION,
    LEFT,
    SIZE,
    STEP,
    TOP,
    UTM_URI,
    Served,
    numbers,
    script,
)
from tests.builders.apis import body as make_body

RGB = np.stack([numbers("B04"), numbers("B03"), numbers("B02")], axis=-1)
BYTES = script("[s.B04 / 10000, s.B03 / 10000, s.B02 / 10000]", '{ id: "default", bands: 3 }')
STRETCHED = np.floor(RGB / 10000 * 255 + 0.5).astype(np.uint8)


def ask(served: Served, body: dict[str, Any], **headers: str) -> httpx.Response:
    response = served.client.post("/api/v1/process", json=body, headers=headers)
    assert response.status_code == 200, response.text
    return response


def tiff(data: bytes) -> NDArray[Any]:
    found: NDArray[Any] = tifffile.imread(io.BytesIO(data))
    return found


def wanted(*responses: tuple[str, str]) -> dict[str, Any]:
    return {
        "width": SIZE,
        "height": SIZE,
        "responses": [
            {"identifier": identifier, "format": {"type": kind}} for identifier, kind in responses
        ],
    }


def test_a_tiff_of_the_scenes_own_grid_is_the_scene(served: Served) -> None:
    response = ask(served, make_body())

    np.testing.assert_array_equal(tiff(response.content), RGB)
    with rasterio.MemoryFile(response.content) as memory, memory.open() as dataset:
        assert (dataset.crs.to_epsg(), list(dataset.bounds)) == (32633, BBOX)


@pytest.mark.parametrize("path", ["/api/v1/process/", "/process/v1", "/process/v1/"])
def test_every_path_of_the_api_answers_without_a_redirect(served: Served, path: str) -> None:
    response = served.client.post(path, json=make_body(), follow_redirects=False)

    assert response.status_code == 200


def test_a_png_is_the_default(served: Served) -> None:
    body = make_body(evalscript=BYTES)
    body["output"] = {"width": SIZE, "height": SIZE}

    response = ask(served, body)

    assert response.headers["content-type"] == "image/png"
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(response.content))), STRETCHED)


@pytest.mark.parametrize(
    ("media_type", "kind"), [("image/jpeg", "JPEG"), ("image/webp", "WEBP"), ("image/png", "PNG")]
)
def test_accept_chooses_the_format(served: Served, media_type: str, kind: str) -> None:
    response = ask(served, make_body(evalscript=BYTES), accept=media_type)

    image = Image.open(io.BytesIO(response.content))
    assert (response.headers["content-type"], image.format) == (media_type, kind)
    assert image.size == (SIZE, SIZE)


def test_a_worse_jpeg_is_smaller(served: Served) -> None:
    def size(quality: int) -> int:
        body = make_body(evalscript=BYTES)
        body["output"]["responses"] = [{"format": {"type": "image/jpeg", "quality": quality}}]
        return len(ask(served, body).content)

    assert size(10) < size(90) / 3


def test_npy_is_the_array(served: Served) -> None:
    response = ask(served, make_body(), accept="application/x-npy")

    np.testing.assert_array_equal(np.load(io.BytesIO(response.content)), np.moveaxis(RGB, -1, 0))


def test_an_octet_stream_is_the_samples_and_says_their_shape(served: Served) -> None:
    response = ask(served, make_body(), accept="application/octet-stream")

    shape = [int(response.headers[f"SH-{name}"]) for name in ("Height", "Width", "Components")]
    values = np.frombuffer(response.content, dtype="<u2").reshape(shape)
    np.testing.assert_array_equal(values, RGB)
    assert response.headers["SH-SampleType"] == "UINT16"


SEVERAL = script(
    "({ rgb: [s.B04, s.B03, s.B02], ndvi: [(s.B08 - s.B04) / (s.B08 + s.B04)] })",
    '{ id: "rgb", bands: 3, sampleType: "UINT16" }',
    '{ id: "ndvi", bands: 1, sampleType: "FLOAT32", nodataValue: -9 }',
    more="""function updateOutputMetadata(scenes, inputMetadata, outputMetadata) {
      outputMetadata.userData = { norm_factor: inputMetadata.normalizationFactor };
    }""",
)


def test_several_responses_are_a_tar_with_user_data(served: Served) -> None:
    body = make_body(
        evalscript=SEVERAL,
        output=wanted(
            ("rgb", "image/tiff"), ("ndvi", "image/tiff"), ("userdata", "application/json")
        ),
    )

    response = ask(served, body, accept="application/x-tar")

    with tarfile.open(fileobj=io.BytesIO(response.content)) as archive:
        files = {
            member.name: archive.extractfile(member).read()  # type: ignore[union-attr]  # files
            for member in archive
        }
    assert list(files) == ["rgb.tif", "ndvi.tif", "userdata.json"]
    # Sentinel Hub's own test asks with units DN and expects 1.
    assert json.loads(files["userdata.json"]) == {"norm_factor": 1}
    red, infrared = RGB[..., 0].astype(float), numbers("B08").astype(float)
    ndvi = ((infrared - red) / (infrared + red)).astype(np.float32)
    np.testing.assert_array_equal(tiff(files["ndvi.tif"]), ndvi)
    np.testing.assert_array_equal(tiff(files["rgb.tif"]), RGB)


def test_a_long_name_and_odd_user_data_arrive(served: Served) -> None:
    name = "a.b-c_" * 10
    text = script(
        f"({{ '{name}': [s.B04] }})",
        f"{{ id: '{name}', bands: 1, sampleType: 'UINT16' }}",
        more="""function updateOutputMetadata(scenes, inputMetadata, outputMetadata) {
          outputMetadata.userData = { half: "\\ud800", none: NaN };
        }""",
    )
    output = wanted((name, "image/tiff"), ("userdata", "application/json"))

    response = ask(served, make_body(evalscript=text, output=output))

    with tarfile.open(fileobj=io.BytesIO(response.content)) as archive:
        data = archive.extractfile("userdata.json")
        assert archive.getnames() == [f"{name}.tif", "userdata.json"]
        assert data is not None
        assert json.load(data) == {"half": "\ufffd", "none": None}


def test_user_data_alone_is_json(served: Served) -> None:
    body = make_body(evalscript=SEVERAL, output=wanted(("userdata", "application/json")))

    response = ask(served, body, accept="application/json")

    assert (response.headers["content-type"], response.json()) == (
        "application/json",
        {"norm_factor": 1},
    )


def test_a_tar_of_one_is_had_by_accept(served: Served) -> None:
    response = ask(served, make_body(), accept="application/tar")

    with tarfile.open(fileobj=io.BytesIO(response.content)) as archive:
        assert archive.getnames() == ["default.tif"]


def test_a_script_may_come_as_a_part_of_its_own(served: Served) -> None:
    request = make_body()
    text = request.pop("evalscript")

    response = served.client.post(
        "/api/v1/process",
        files={"request": (None, json.dumps(request)), "evalscript": (None, text)},
    )

    np.testing.assert_array_equal(tiff(response.content), RGB)


def test_outside_of_a_geometry_with_a_hole_everything_is_zero(served: Served) -> None:
    right, bottom = LEFT + SIZE * STEP, TOP - SIZE * STEP
    outer = [[LEFT, TOP], [right, TOP], [LEFT, bottom], [LEFT, TOP]]
    hole = [[LEFT + 203, TOP - 203], [LEFT + 603, TOP - 203], [LEFT + 203, TOP - 603]]
    geometry = {"type": "Polygon", "coordinates": [outer, [*hole, hole[0]]]}
    body = make_body()
    body["input"]["bounds"]["geometry"] = geometry

    values = tiff(ask(served, body).content)

    offsets = (np.arange(SIZE) + 0.5) * STEP
    x, y = np.meshgrid(LEFT + offsets, TOP - offsets)
    inside = shapely.contains_xy(shapely.geometry.shape(geometry), x, y)
    # The diagonal runs through the corners of pixels, never through a center.
    np.testing.assert_array_equal(values, np.where(inside[..., np.newaxis], RGB, 0))


def test_a_geometry_alone_spans_the_picture(served: Served) -> None:
    body = make_body()
    box = [LEFT, TOP - 100 * STEP, LEFT + 50 * STEP, TOP]
    ring = [[box[0], box[1]], [box[2], box[1]], [box[2], box[3]], [box[0], box[3]]]
    body["input"]["bounds"] = {
        "geometry": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
        "properties": {"crs": UTM_URI},
    }
    body["output"] |= {"resx": STEP, "resy": STEP}
    del body["output"]["width"], body["output"]["height"]

    np.testing.assert_array_equal(tiff(ask(served, body).content), RGB[:100, :50])


@pytest.mark.parametrize(
    "span",
    [
        {"from": "2024-06-01T10:00:00Z", "to": "2024-06-01T10:00:00Z"},
        {"from": "2024-06-01T12:00:00+02:00"},
        {"to": "2024-06-01T10:00:00.000Z"},
    ],
)
def test_both_ends_of_the_time_range_are_inside(served: Served, span: dict[str, str]) -> None:
    body = make_body()
    body["input"]["data"] = [{"type": COLLECTION, "dataFilter": {"timeRange": span}}]

    assert tiff(ask(served, body).content).any()


@pytest.mark.parametrize(
    "data_filter",
    [
        {"timeRange": {"from": "2024-06-01T10:00:01Z"}},
        {"maxCloudCoverage": 9},
    ],
)
def test_no_scene_is_a_picture_of_zeros(served: Served, data_filter: dict[str, Any]) -> None:
    body = make_body()
    body["input"]["data"] = [{"type": COLLECTION, "dataFilter": data_filter}]

    assert not tiff(ask(served, body).content).any()


def test_what_a_script_prints_comes_back_in_a_header(served: Served) -> None:
    text = (
        script(
            "[s.B04, s.B03, s.B02]", '{ id: "default", bands: 3, sampleType: "UINT16" }'
        ).replace("function evaluatePixel(s) {", "function evaluatePixel(s) { log(s);")
        + """
    let printed = 0;
    function log(s) { if (printed++ < 2) console.log("é", s.B04); }
    """
    )

    response = ask(served, make_body(evalscript=text))

    lines = json.loads(response.headers["X-Cogmill-Debug"])
    assert lines == {"console": [f"é {n}" for n in RGB[0, :2, 0]], "cut": False}


def test_a_response_says_what_it_cost_and_where_its_time_went(served: Served) -> None:
    response = ask(served, make_body())

    stages = {part.split(";")[0] for part in response.headers["server-timing"].split(", ")}
    # 256² pixels are a quarter of a unit; four bands four thirds.
    assert response.headers["x-processingunits-spent"] == "0.3333"
    assert {"compile", "plan", "script", "encode", "total"} <= stages
    assert len(response.headers["x-request-id"]) == 16


def test_a_clients_own_request_id_is_kept(served: Served) -> None:
    response = ask(served, make_body(), **{"x-request-id": "job-17.a"})

    assert response.headers["x-request-id"] == "job-17.a"
