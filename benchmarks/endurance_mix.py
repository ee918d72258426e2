"""What the endurance run asks: every kind of request there is, drawn at random."""

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from benchmarks.asking import get, post
from benchmarks.soak_scripts import GOOD
from benchmarks.spots import cell_at
from evalscripts.library import get_script

FORMATS = ("png", "jpg", "webp", "npy")
TYPES = ("image/png", "image/jpeg", "image/tiff")
CRS = "http://www.opengis.net/def/crs/"
NEW_TEXT = 0.05
"""Share of scripts that were never seen before; a compiled one is kept."""
NDVI, TRUE_COLOR = get_script("ndvi").text, get_script("true-color").text
RGB = """//VERSION=3
function setup() { return {input: ["B02", "B03", "B04"], output: {bands: 3}}; }
function evaluatePixel(s) { return [2.5 * s.B04, 2.5 * s.B03, 2.5 * s.B02]; }
"""
SEVERAL = """//VERSION=3
function setup() {
  return {
    input: ["B04", "B08", "dataMask"],
    output: [
      {id: "default", bands: 1, sampleType: "FLOAT32"},
      {id: "mask", bands: 1, sampleType: "UINT8"}
    ]
  };
}
function evaluatePixel(s) { return {default: [s.B08 / s.B04], mask: [s.dataMask]}; }
"""
THROWING = 'function evaluatePixel(s) { throw new Error("no"); }'
_SETUP = '//VERSION=3\nfunction setup() { return {input: ["B04"], output: {bands: 1}}; }\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request, and what its answer should be."""

    kind: str
    request: bytes
    status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """Draws requests about collections within bounds."""

    collections: Sequence[str]
    bounds: tuple[float, float, float, float]
    """West, south, east, north of all scenes."""
    days: Sequence[str]
    token: str

    def with_token(self, token: str) -> Self:
        """Return the same, asked by whom a token names."""
        return replace(self, token=token)

    def draw(self, dice: random.Random) -> Asked:
        """Return the next request."""
        (kind,) = dice.choices(list(SHARES), weights=list(SHARES.values()))
        return KINDS[kind](self, dice)

    def place(self, dice: random.Random) -> tuple[float, float]:
        """Return longitude and latitude of a place within the bounds."""
        west, south, east, north = self.bounds
        return dice.uniform(west, east), dice.uniform(south, north)

    def time(self, dice: random.Random) -> tuple[str, str]:
        """Return the first and the last of some days."""
        first, last = sorted(dice.choices(self.days, k=2))
        return f"{first}T00:00:00Z", f"{last}T23:59:59Z"


def _tile(mix: Mix, dice: random.Random) -> Asked:
    z = dice.randint(9, 17)
    x, y = cell_at(*mix.place(dice), z)
    query = {
        "evalscript": _aged(dice.choice((RGB, RGB, TRUE_COLOR, NDVI)), dice),
        "time": "/".join(mix.time(dice)),
        "upsampling": dice.choice(("nearest", "bilinear", "cubic")),
        "order": dice.choice(("mostRecent", "leastRecent", "leastCC")),
        "size": dice.choice((256, 256, 512)),
    }
    if dice.random() < 0.2:
        query["maxcc"] = dice.randint(20, 100)
    is_opaque = 'input: ["B02", "B03", "B04"]' in query["evalscript"]
    extension = dice.choice(FORMATS) if is_opaque else "png"
    path = f"/tiles/{dice.choice(mix.collections)}/{z}/{x}/{y}.{extension}"
    return Asked(kind=f"tile {extension}", request=get(path, query, token=mix.token))


def _process(mix: Mix, dice: random.Random) -> Asked:
    name = dice.choice(sorted(GOOD))
    body = _body(mix, dice, _aged(GOOD[name], dice))
    return Asked(kind=f"process, {name}", request=post(PROCESS, body, token=mix.token))


def _picture(mix: Mix, dice: random.Random) -> Asked:
    body = _body(mix, dice, _aged(RGB, dice))
    body["output"]["responses"] = [{"format": {"type": dice.choice(TYPES)}}]
    return Asked(kind="process, picture", request=post(PROCESS, body, token=mix.token))


def _archive(mix: Mix, dice: random.Random) -> Asked:
    body = _body(mix, dice, SEVERAL)
    body["output"]["responses"] = [
        {"identifier": name, "format": {"type": "image/tiff"}} for name in ("default", "mask")
    ]
    return Asked(kind="process, archive", request=post(PROCESS, body, token=mix.token))


def _clipped(mix: Mix, dice: random.Random) -> Asked:
    body = _body(mix, dice, RGB)
    west, south, east, north = body["input"]["bounds"].pop("bbox")
    ring = [
        [
            (west + east) / 2 + (east - west) / 2 * math.cos(angle / 20 * math.tau),
            (south + north) / 2 + (north - south) / 2 * math.sin(angle / 20 * math.tau),
        ]
        for angle in (*range(20), 0)
    ]
    body["input"]["bounds"]["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    return Asked(kind="process, polygon", request=post(PROCESS, body, token=mix.token))


def _debug(mix: Mix, dice: random.Random) -> Asked:
    body = {**_body(mix, dice, RGB), "pixel": {"col": 3, "row": 5}}
    return Asked(kind="debug", request=post(f"{PROCESS}/debug", body, token=mix.token))


def _check(mix: Mix, dice: random.Random) -> Asked:
    body = {"evalscript": _aged(TRUE_COLOR, dice), "collections": [dice.choice(mix.collections)]}
    return Asked(kind="check", request=post("/api/v1/scripts/check", body, token=mix.token))


def _page(mix: Mix, dice: random.Random) -> Asked:
    paths = ("/api/v1/scripts", "/metrics", "/health", "/ready", "/openapi.json")
    tile_json = f"/tiles/{dice.choice(mix.collections)}/tilejson.json"
    path = dice.choice((*paths, tile_json))
    return Asked(kind="page", request=get(path, token=mix.token))


def _error(mix: Mix, dice: random.Random) -> Asked:
    body = _body(mix, dice, RGB)
    kind = dice.choice(sorted(ERRORS))
    status, change = ERRORS[kind]
    token = "" if kind == "no token" else mix.token
    change(body)
    return Asked(kind=f"error, {kind}", request=post(PROCESS, body, token=token), status=status)


def _set_script(text: str) -> Callable[[dict[str, Any]], None]:
    return lambda body: body.update(evalscript=text)


ERRORS: Mapping[str, tuple[int, Callable[[dict[str, Any]], None]]] = {
    "no token": (401, lambda _: None),
    "collection": (400, lambda body: body["input"]["data"][0].update(type="nowhere")),
    "too large": (400, lambda body: body["output"].update(width=9000)),
    "no bounds": (400, lambda body: body["input"].pop("bounds")),
    "syntax": (400, _set_script(f"{_SETUP}function evaluatePixel(s) {{ return [s.B04;")),
    "throwing": (400, _set_script(_SETUP + THROWING)),
    "band": (400, _set_script(RGB.replace("B02", "B99"))),
}
"""What is wrong → the status of the answer, and what makes a good request so."""
PROCESS = "/api/v1/process"
KINDS: Mapping[str, Callable[[Mix, random.Random], Asked]] = {
    "tile": _tile,
    "process": _process,
    "picture": _picture,
    "archive": _archive,
    "polygon": _clipped,
    "debug": _debug,
    "check": _check,
    "page": _page,
    "error": _error,
}
SHARES = {
    "tile": 50,
    "process": 12,
    "picture": 10,
    "archive": 5,
    "polygon": 5,
    "debug": 2,
    "check": 2,
    "page": 4,
    "error": 10,
}
"""In percent."""


def _body(mix: Mix, dice: random.Random, script: str) -> dict[str, Any]:
    x, y = mix.place(dice)
    reach = dice.uniform(0.001, 0.01)
    first, last = mix.time(dice)
    return {
        "input": {
            "bounds": {
                "bbox": [x - reach, y - reach, x + reach, y + reach],
                "properties": {"crs": f"{CRS}OGC/1.3/CRS84"},
            },
            "data": [
                {
                    "type": dice.choice(mix.collections),
                    "dataFilter": {"timeRange": {"from": first, "to": last}},
                    "processing": {"upsampling": dice.choice(("NEAREST", "BILINEAR", "BICUBIC"))},
                }
            ],
        },
        "output": {"width": dice.randint(8, 300), "height": dice.randint(8, 300)},
        "evalscript": script,
    }


def _aged(text: str, dice: random.Random) -> str:
    """Return the script, now and then as one that was never seen."""
    return f"{text}\n// {dice.random()}" if dice.random() < NEW_TEXT else text
