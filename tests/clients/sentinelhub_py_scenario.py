"""Runs inside sentinelhub-py's own environment: asks our server, keeps what it got.

Unmodified sentinelhub-py; only its configuration and the collection's address name our server.
Started by ``test_sentinelhub_py.py`` with the path of a plan (JSON: url, client_id, client_secret,
box, epsg, degrees, days) and a folder. Arrays go there as ``<name>.npy``, all else as JSON to the
standard output.
"""

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import requests
from sentinelhub import (
    CRS,
    BBox,
    DataCollection,
    Geometry,
    MimeType,
    MosaickingOrder,
    SentinelHubDownloadClient,
    SentinelHubRequest,
    SentinelHubSession,
    SHConfig,
)
from sentinelhub.evalscript import generate_evalscript

PLAN = json.loads(Path(sys.argv[1]).read_text())
FOLDER = Path(sys.argv[2])
URL: str = PLAN["url"]
DAYS: list[str] = PLAN["days"]
SIZE = (256, 200)

TRUE_COLOR = """//VERSION=3
function setup() {
  return {input: ["B02", "B03", "B04", "dataMask"], output: {bands: 4}};
}
function evaluatePixel(s) {
  return [2.5 * s.B04, 2.5 * s.B03, 2.5 * s.B02, s.dataMask];
}
"""
COLOR = TRUE_COLOR.replace("bands: 4", "bands: 3").replace(", s.dataMask]", "]")
FLOATS = """//VERSION=3
function setup() {
  return {
    input: [{bands: ["B04", "B08"], units: "DN"}],
    output: {bands: 2, sampleType: "FLOAT32"}
  };
}
function evaluatePixel(s) { return [s.B04, s.B08]; }
"""
INTEGERS = FLOATS.replace("FLOAT32", "UINT16")
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
DATES = """//VERSION=3
function setup() { return {input: ["B04"], output: {bands: 1}}; }
function evaluatePixel(s) { return [s.B04]; }
function updateOutputMetadata(scenes, inputMetadata, outputMetadata) {
  outputMetadata.userData = scenes.tiles.map(tile => tile.date);
}
"""


def make_config(secret: str = PLAN["client_secret"]) -> SHConfig:
    config = SHConfig(use_defaults=True)
    config.sh_client_id = PLAN["client_id"]
    config.sh_client_secret = secret
    config.sh_base_url = URL
    config.sh_token_url = f"{URL}/auth/realms/main/protocol/openid-connect/token"
    config.max_download_attempts = 1
    config.download_sleep_time = 0
    return config


CONFIG = make_config()
COLLECTION = DataCollection.SENTINEL2_L2A.define_from("COGMILL_S2L2A", service_url=URL)
UTM = CRS(str(PLAN["epsg"]))
BOX = BBox(PLAN["box"], UTM)
DEGREES = BBox(PLAN["degrees"], CRS.WGS84)
RINGS = Geometry({"type": "Polygon", "coordinates": PLAN["rings"]}, UTM)


def respond(identifier: str, mime: MimeType) -> Any:
    return SentinelHubRequest.output_response(identifier, mime)


PNG = respond("default", MimeType.PNG)
TIFF = respond("default", MimeType.TIFF)
USER_DATA = respond("userdata", MimeType.JSON)


def source(day: int | None = None, **options: Any) -> Any:
    if day is not None:
        options["time_interval"] = (DAYS[day], DAYS[day])
    return SentinelHubRequest.input_data(data_collection=COLLECTION, **options)


def make_request(
    script: str,
    *responses: Any,
    config: SHConfig = CONFIG,
    data: Any = None,
    **area: Any,
) -> SentinelHubRequest:
    area = {"bbox": BOX, **area}
    if "resolution" not in area:
        area.setdefault("size", SIZE)
    return SentinelHubRequest(
        evalscript=script,
        input_data=[data or source(1)],
        responses=list(responses),
        config=config,
        **area,
    )


def ask(script: str, *responses: Any, **options: Any) -> Any:
    return make_request(script, *responses, **options).get_data()[0]


def failure(act: Callable[[], Any]) -> str:
    try:
        act()
    except Exception as error:  # noqa: BLE001 - whatever class it is, is the finding
        return f"{type(error).__name__}: {error}"
    return "no error"


def keep(name: str, array: Any) -> None:
    np.save(FOLDER / f"{name}.npy", array)


def pictures() -> None:
    keep("png", ask(TRUE_COLOR, PNG))
    keep("png_with_edge", ask(TRUE_COLOR, PNG, data=source(2)))
    keep("clipped", ask(TRUE_COLOR, PNG, geometry=RINGS, bbox=None))
    keep("clipped_in_box", ask(TRUE_COLOR, PNG, geometry=RINGS))
    keep("degrees", ask(INTEGERS, TIFF, bbox=DEGREES))
    keep("jpeg", ask(COLOR, respond("default", MimeType.JPG)))
    keep("empty", ask(TRUE_COLOR, PNG, data=source(time_interval=("1999-01-01", "1999-12-31"))))


def numbers() -> Any:
    keep("floats", ask(FLOATS, TIFF))
    keep("integers", ask(INTEGERS, TIFF))
    raw = source(1, other_args={"processing": {"harmonizeValues": False}})
    keep("raw", ask(INTEGERS, TIFF, data=raw))
    keep("by_resolution", ask(INTEGERS, TIFF, resolution=(10, 10)))
    keep("latest", ask(INTEGERS, TIFF, data=source(mosaicking_order=MosaickingOrder.MOST_RECENT)))
    several = ask(SEVERAL, TIFF, respond("mask", MimeType.TIFF), USER_DATA, data=source(2))
    keep("ndvi", several["default.tif"])
    keep("mask", several["mask.tif"])
    generated = generate_evalscript(COLLECTION, ["B04", "B08"], merged_bands_output="bands")
    made = ask(generated, respond("bands", MimeType.TIFF), USER_DATA)
    keep("generated", made["bands.tif"])
    return {
        "names": sorted(several),
        "userdata": several["userdata.json"],
        "generated": made["userdata.json"],
        "has_imagecodecs": importlib.util.find_spec("imagecodecs") is not None,
    }


def choices() -> Any:
    def dates(**options: Any) -> Any:
        return ask(DATES, USER_DATA, data=source(**options))

    return {
        "most recent": dates(mosaicking_order=MosaickingOrder.MOST_RECENT),
        "least recent": dates(mosaicking_order=MosaickingOrder.LEAST_RECENT),
        "least clouds": dates(mosaicking_order=MosaickingOrder.LEAST_CC)[0],
        "at most 20 % clouds": dates(maxcc=0.2),
        "first day": dates(time_interval=(DAYS[0], DAYS[0])),
        "first two days": dates(time_interval=(DAYS[0], DAYS[1])),
        "one instant": dates(time_interval=(f"{DAYS[1]}T10:00:29", f"{DAYS[1]}T10:00:29")),
        "before the first": dates(time_interval=("2000-01-01", "2001-01-01")),
    }


def failures() -> Any:
    wrong = make_config("wrong")
    foreign = source(other_args={"type": "sentinel-9"})
    return {
        "wrong secret": failure(lambda: ask(TRUE_COLOR, PNG, config=wrong)),
        "bad script": failure(lambda: ask(TRUE_COLOR.replace("s.B04", "s.B04.x.y"), PNG)),
        "unknown band": failure(lambda: ask(TRUE_COLOR.replace("B02", "B99"), PNG)),
        "unknown collection": failure(lambda: ask(TRUE_COLOR, PNG, data=foreign)),
        "unknown output": failure(lambda: ask(TRUE_COLOR, respond("ndvi", MimeType.PNG))),
        "too large": failure(lambda: ask(TRUE_COLOR, PNG, size=(2600, 100))),
        "too fine": failure(lambda: ask(TRUE_COLOR, PNG, resolution=(0.5, 0.5))),
        "crossing": failure(lambda: ask(TRUE_COLOR, PNG, geometry=crossing(), bbox=None)),
    }


def crossing() -> Geometry:
    x, y = PLAN["box"][:2]
    ring = [(x, y), (x + 900, y + 900), (x + 900, y), (x, y + 900), (x, y)]
    return Geometry({"type": "Polygon", "coordinates": [ring]}, UTM)


def sessions() -> Any:
    """Tokens as the client reads them, and a session made of one."""
    token = SentinelHubSession(CONFIG).token
    session = SentinelHubSession.from_token(token)
    client = SentinelHubDownloadClient(session=session, config=CONFIG)
    keep("by_token", client.download(make_request(INTEGERS, TIFF).download_list[0]))
    return {"azp": session.info()["azp"], "expires_in": token["expires_in"]}


def together() -> None:
    """Thirty requests on ten threads; the order of the answers is that of the requests."""
    asked = [make_request(INTEGERS, TIFF, data=source(index % 3)) for index in range(30)]
    client = SentinelHubDownloadClient(config=CONFIG)
    keep("together", client.download([one.download_list[0] for one in asked], max_threads=10))


def plainly() -> Any:
    """The same by requests alone: multipart, and the headers that documents speak of."""
    token = SentinelHubSession(CONFIG).token["access_token"]
    payload = make_request(TRUE_COLOR, PNG).payload
    script = payload.pop("evalscript")
    answer = requests.post(
        f"{URL}/api/v1/process",
        files={"request": (None, json.dumps(payload)), "evalscript": (None, script)},
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    (FOLDER / "multipart.png").write_bytes(answer.content)
    return {
        "status": answer.status_code,
        "type": answer.headers["content-type"],
        "units": answer.headers["x-processingunits-spent"],
    }


def main() -> None:
    # First, since sessions are kept by the client's id, whatever its secret.
    failed = failures()
    pictures()
    together()
    facts = {
        "failures": failed,
        "numbers": numbers(),
        "choices": choices(),
        "session": sessions(),
        "plain": plainly(),
    }
    json.dump(facts, sys.stdout)


if __name__ == "__main__":
    main()
