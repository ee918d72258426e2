"""Runs inside sentinelhub-py's own environment: asks our server and prints what it got as JSON.

Unmodified sentinelhub-py; only its configuration names our server. Started by
``test_sentinelhub_py.py`` with the address, the credentials and the area as arguments.
"""

import json
import sys
from typing import Any

import numpy as np
from sentinelhub import (
    CRS,
    BBox,
    DataCollection,
    Geometry,
    MimeType,
    SentinelHubRequest,
    SHConfig,
)
from sentinelhub.exceptions import DownloadFailedException

URL, CLIENT_ID, CLIENT_SECRET, AREA = sys.argv[1:5]

TRUE_COLOR = """//VERSION=3
function setup() {
  return {input: ["B02", "B03", "B04", "dataMask"], output: {bands: 4}};
}
function evaluatePixel(s) {
  return [2.5 * s.B04, 2.5 * s.B03, 2.5 * s.B02, s.dataMask];
}
"""
FLOATS = """//VERSION=3
function setup() {
  return {
    input: [{bands: ["B04", "B08"], units: "DN"}],
    output: {bands: 2, sampleType: "FLOAT32"}
  };
}
function evaluatePixel(s) { return [s.B04, s.B08]; }
"""
SEVERAL = """//VERSION=3
var seen = 0;
function setup() {
  return {
    input: ["B04", "B08", "dataMask"],
    output: [
      {id: "default", bands: 1, sampleType: "FLOAT32"},
      {id: "mask", bands: 1, sampleType: "UINT8"}
    ]
  };
}
function evaluatePixel(s) {
  seen += 1;
  return {default: [index(s.B08, s.B04)], mask: [s.dataMask]};
}
function updateOutputMetadata(scenes, inputMetadata, outputMetadata) {
  outputMetadata.userData = {"norm_factor": inputMetadata.normalizationFactor, "seen": seen};
}
"""


def make_config(secret: str = CLIENT_SECRET) -> SHConfig:
    config = SHConfig(use_defaults=True)
    config.sh_client_id = CLIENT_ID
    config.sh_client_secret = secret
    config.sh_base_url = URL
    config.sh_token_url = f"{URL}/auth/realms/main/protocol/openid-connect/token"
    config.max_download_attempts = 1
    config.download_sleep_time = 0
    return config


CONFIG = make_config()
COLLECTION = DataCollection.SENTINEL2_L2A.define_from("COGMILL_S2L2A", service_url=URL)
BOX = BBox(tuple(json.loads(AREA)), CRS.WGS84)


def ask(
    script: str,
    responses: list[Any],
    *,
    config: SHConfig = CONFIG,
    size: tuple[int, int] = (256, 200),
    **area: Any,
) -> Any:
    request = SentinelHubRequest(
        evalscript=script,
        input_data=[SentinelHubRequest.input_data(data_collection=COLLECTION)],
        responses=responses,
        size=size,
        config=config,
        **(area or {"bbox": BOX}),
    )
    return request.get_data()[0]


def respond(identifier: str, mime: MimeType) -> Any:
    return SentinelHubRequest.output_response(identifier, mime)


def failure(script: str, **options: Any) -> str:
    try:
        ask(script, [respond("default", MimeType.PNG)], **options)
    except DownloadFailedException as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever class it is, is the finding
        return f"{type(error).__name__}: {error}"
    return "no error"


def main() -> None:
    picture = ask(TRUE_COLOR, [respond("default", MimeType.PNG)])
    floats = ask(FLOATS, [respond("default", MimeType.TIFF)])
    several = ask(
        SEVERAL,
        [
            respond("default", MimeType.TIFF),
            respond("mask", MimeType.TIFF),
            respond("userdata", MimeType.JSON),
        ],
    )
    west, south, east, north = BOX.lower_left + BOX.upper_right
    width, height = east - west, north - south
    outer = [
        (west, south),
        (east, south),
        (east, north),
        (west, north),
        (west, south),
    ]
    hole = [
        (west + width * x, south + height * y)
        for x, y in ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6), (0.4, 0.4))
    ]
    shape = Geometry({"type": "Polygon", "coordinates": [outer, hole]}, CRS.WGS84)
    clipped = ask(TRUE_COLOR, [respond("default", MimeType.PNG)], geometry=shape, bbox=None)
    json.dump(
        {
            "picture": {
                "shape": picture.shape,
                "dtype": str(picture.dtype),
                "means": [float(picture[..., band].mean()) for band in range(4)],
            },
            "floats": {
                "shape": floats.shape,
                "dtype": str(floats.dtype),
                "sum": float(floats.astype(np.float64).sum()),
            },
            "several": {
                "names": sorted(several),
                "ndvi": [
                    float(np.nanmin(several["default.tif"])),
                    float(np.nanmax(several["default.tif"])),
                ],
                "mask": sorted(int(value) for value in np.unique(several["mask.tif"])),
                "userdata": several["userdata.json"],
            },
            "clipped": {
                "center": [int(value) for value in clipped[100, 128]],
                "corner_alpha": int(clipped[10, 10, 3]),
            },
            "wrong_secret": failure(TRUE_COLOR, config=make_config("wrong")),
            "bad_script": failure(TRUE_COLOR.replace("s.B04", "s.B04.x.y")),
            "too_large": failure(TRUE_COLOR, size=(2600, 100)),
        },
        sys.stdout,
    )


if __name__ == "__main__":
    main()
