"""The API's own description (OpenAPI): what FastAPI reads from the routes, made true."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.process.document import MODELS

ERROR = {
    "description": "What was wrong, where, what was found and what is allowed.",
    "content": {
        "application/json": {
            "example": {
                "error": {
                    "status": 400,
                    "reason": "Bad Request",
                    "message": "width = 2600 is larger than the allowed 2500 pixels",
                    "code": "COMMON_BAD_PAYLOAD",
                    "errors": [{"parameter": "output->width", "violation": "width = 2600 is …"}],
                }
            }
        }
    },
}
TOKEN = {
    "type": "oauth2",
    "description": "Clients are made by `cogmill client create`.",
    "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": {}}},
}
OPEN = ("/oauth/token", "/auth/", "/health", "/ready", "/metrics")
"""Paths that ask for no token."""


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of ``app``.

    Added to what FastAPI finds: the models below the Process request, which it never parses, how
    tokens are had, and errors as they are (400, where FastAPI expects 422).
    """
    page = get_openapi(
        title=app.title,
        version=app.version,
        summary="Pixels on the fly from one's own images, by Sentinel Hub's API.",
        routes=app.routes,
    )
    parts = page.setdefault("components", {})
    parts["schemas"] = dict(MODELS)
    parts["securitySchemes"] = {"token": TOKEN}
    for path, methods in page["paths"].items():
        for operation in methods.values():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = ERROR
            if not path.startswith(OPEN):
                operation["security"] = [{"token": []}]
    return page
