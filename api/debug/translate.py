"""A request to see a pixel → the engine's question; pure."""

from dataclasses import dataclass

from api.debug.schema import DebugBody
from api.process.translate import translate
from engine.core import one_pixel, pixel_at
from engine.errors import RequestError
from engine.geo.window import Window
from engine.plan.limits import Limits
from engine.request import PixelRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelQuestion:
    """Which pixel of which request."""

    request: PixelRequest
    window: Window
    """The pixel, of the request's grid."""


def translate_debug(
    body: DebugBody, *, limits: Limits, principal: str | None = None
) -> PixelQuestion:
    """Return what to ask the engine; raises `RequestError`s."""
    if body.point is not None and body.pixel is not None:
        message = "point and pixel name a pixel each; give only one of them"
        raise RequestError(message, where="pixel")
    request = translate(body, limits=limits, principal=principal)
    if body.point is not None:
        x, y = body.point
        col, row = _pixel_at(request, x=x, y=y)
    elif body.pixel is not None:
        col, row = body.pixel.col, body.pixel.row
    else:
        message = "point (x, y) or pixel (col, row) must be given"
        raise RequestError(message, where="point")
    return PixelQuestion(request=request, window=_window(request, col=col, row=row))


def _pixel_at(request: PixelRequest, *, x: float, y: float) -> tuple[int, int]:
    try:
        return pixel_at(request.geobox, x=x, y=y)
    except RequestError as error:
        error.where = "point"
        raise


def _window(request: PixelRequest, *, col: int, row: int) -> Window:
    try:
        return one_pixel(request.geobox, col=col, row=row)
    except RequestError as error:
        error.where = "pixel"
        raise
