"""`TileRoute`: a map tile's address and query read at once, where they are as they should be.

FastAPI solves five path and eight query parameters one by one, which takes longer than all else
around a map tile. It stays the one who describes them, and who says what is wrong with others.
"""

import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from fastapi.requests import Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import ValidationError

from api.auth import reader
from api.xyz.schema import TileQuery

_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


class TileRoute(APIRoute):
    """The route of an endpoint that takes request, who, collection, z, x, y, extension, query."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        in_full = super().get_route_handler()
        endpoint: Callable[..., Awaitable[Response]] = self.endpoint

        async def answer(request: Request) -> Response:
            found = read_parameters(request)
            if found is None:
                return await in_full(request)
            return await endpoint(request=request, who=await reader(request), **found)

        return answer


def read_parameters(request: Request) -> Mapping[str, Any] | None:
    """Return the endpoint's parameters, or None where FastAPI is to look at them."""
    path = request.path_params
    numbers = {name: path[name] for name in ("z", "x", "y")}
    if not all(_NUMBER.fullmatch(text) for text in numbers.values()):
        return None
    try:
        query = TileQuery.model_validate(dict(request.query_params))
    except ValidationError:
        return None
    return {
        "collection": path["collection"],
        "extension": path["extension"],
        "query": query,
        **{name: int(text) for name, text in numbers.items()},
    }
