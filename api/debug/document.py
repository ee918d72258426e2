"""How the API's description shows a request to see a pixel, and its answer."""

from typing import Any

from api.body import JSON
from api.debug.schema import DebugBody
from api.process.document import EXAMPLE, REFERENCE

_SCHEMA = DebugBody.model_json_schema(ref_template=REFERENCE)
MODELS: dict[str, Any] = _SCHEMA.pop("$defs")
"""The models below the request's, by name."""

REPORT: dict[str, Any] = {
    "pixel": {
        "col": 256,
        "row": 256,
        "x": 12.025048828125,
        "y": 44.324951171875,
        "crs": "EPSG:4326",
        "lon": 12.025048828,
        "lat": 44.324951172,
        "inside": True,
    },
    "inputs": [
        {
            "id": "0",
            "collection": "sentinel-2-l2a",
            "title": "Sentinel-2 L2A",
            "mosaicking": "SIMPLE",
            "bands": ["B02", "B03", "B04"],
            "units": ["REFLECTANCE", "REFLECTANCE", "REFLECTANCE"],
            "origins": [
                {
                    "day": None,
                    "candidates": 9,
                    "scenes": [
                        {
                            "name": "S2A_T33TTK_20220623T100859_SAMPLE",
                            "date": "2022-06-23T10:08:59Z",
                            "cloudCover": 1.2,
                        }
                    ],
                }
            ],
        }
    ],
    "samples": {"B02": 0.0312, "B03": 0.0578, "B04": 0.0344},
    "scenes": {},
    "console": ["what this pixel printed"],
    "consoleAround": ["what setup() and the hooks printed"],
    "returned": [0.086, 0.1445, 0.078],
    "outputs": [{"id": "default", "sampleType": "AUTO", "values": [22, 37, 20]}],
    "userData": None,
    "error": None,
}
"""One pixel of the sample scenes. ``origins`` follow the order of the samples: one under SIMPLE
mosaicking, a day each under ORBIT, a scene each under TILE. Numbers that JSON has not are texts:
``NaN``, ``Infinity``, ``-Infinity``, ``-0``, ``undefined``."""

DOCUMENTED = {
    "requestBody": {
        "required": True,
        "content": {JSON: {"schema": _SCHEMA, "example": {**EXAMPLE, "point": [12.025, 44.325]}}},
    },
    "responses": {
        "200": {
            "description": (
                "The pixel. `error`, where the script is wrong, has `kind`, `message`, `line`, "
                "`column`, `excerpt` with a caret, and `stack`; what the script did not get to is "
                "null."
            ),
            "content": {JSON: {"example": REPORT}},
        }
    },
}
"""The body for the API's page, as that of `api.process.document`."""
