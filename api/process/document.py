"""How the API's description shows a Process request: its body, read by us and not by FastAPI."""

from typing import Any

from api.body import JSON, MULTIPART
from api.process.schema import ProcessBody

REFERENCE = "#/components/schemas/{model}"
"""Where an OpenAPI document keeps its models."""

EXAMPLE: dict[str, Any] = {
    "input": {
        "bounds": {
            "bbox": [12.0, 44.3, 12.05, 44.35],
            "properties": {"crs": "http://www.opengis.net/def/crs/EPSG/0/4326"},
        },
        "data": [
            {
                "type": "sentinel-2-l2a",
                "dataFilter": {
                    "timeRange": {"from": "2022-04-01T00:00:00Z", "to": "2022-07-31T23:59:59Z"},
                    "maxCloudCoverage": 30,
                    "mosaickingOrder": "leastCC",
                },
            }
        ],
    },
    "output": {
        "width": 512,
        "height": 512,
        "responses": [{"identifier": "default", "format": {"type": "image/png"}}],
    },
    "evalscript": (
        "//VERSION=3\n"
        'function setup() { return { input: ["B02", "B03", "B04"], output: { bands: 3 } }; }\n'
        "function evaluatePixel(s) { return [2.5 * s.B04, 2.5 * s.B03, 2.5 * s.B02]; }\n"
    ),
}
"""True color of the sample scenes' coast."""

_SCHEMA = ProcessBody.model_json_schema(ref_template=REFERENCE)
MODELS: dict[str, Any] = _SCHEMA.pop("$defs")
"""The models below the request's, by name."""

DOCUMENTED = {
    "requestBody": {
        "required": True,
        "content": {
            JSON: {"schema": _SCHEMA, "example": EXAMPLE},
            MULTIPART: {
                "schema": {
                    "type": "object",
                    "required": ["request", "evalscript"],
                    "properties": {
                        "request": {"type": "string", "description": "The JSON, without a script."},
                        "evalscript": {"type": "string"},
                    },
                }
            },
        },
    },
    "responses": {
        "200": {
            "description": (
                "The only file asked for, or a TAR of all. `x-processingunits-spent` tells the "
                "cost, `X-Cogmill-Debug` what the script printed, `X-Cogmill-Facts` the tier "
                "that it ran in and how many samples and scenes each input had."
            ),
            "content": {
                media_type: {}
                for media_type in (
                    "image/png",
                    "image/jpeg",
                    "image/webp",
                    "image/tiff",
                    "application/x-npy",
                    "application/octet-stream",
                    "application/json",
                    "application/x-tar",
                )
            },
        }
    },
}
"""The body for the API's page; FastAPI would read it before it asks who sends it."""
