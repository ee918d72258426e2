"""Which format holds which pixels, and the one door to all encoders."""

from dataclasses import dataclass

from engine.encode.arrays import encode_npy, encode_raw
from engine.encode.encoded import Encoded
from engine.encode.photo import encode_jpeg, encode_webp
from engine.encode.png import encode_png
from engine.encode.tiff import Spread, encode_tiff, in_turn
from engine.errors import RequestError, UnsupportedFormat
from engine.samples import Pixels

NUMBERS = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A file format, and what it can hold."""

    media_type: str
    extension: str
    dtypes: tuple[str, ...]
    bands: tuple[int, ...] | None
    """Allowed numbers of bands; None: any."""
    has_quality: bool = False
    max_side: int | None = None
    """Most rows or columns; None: more than anybody asks for."""


FORMATS = {
    form.media_type: form
    for form in (
        Format(
            media_type="image/png", extension="png", dtypes=("uint8", "uint16"), bands=(1, 2, 3, 4)
        ),
        Format(
            media_type="image/jpeg",
            extension="jpg",
            dtypes=("uint8",),
            bands=(1, 3),
            has_quality=True,
            max_side=65_535,
        ),
        Format(
            media_type="image/webp",
            extension="webp",
            dtypes=("uint8",),
            bands=(1, 2, 3, 4),
            has_quality=True,
            max_side=16_382,
        ),
        Format(media_type="image/tiff", extension="tif", dtypes=NUMBERS, bands=None),
        Format(media_type="application/x-npy", extension="npy", dtypes=NUMBERS, bands=None),
        Format(media_type="application/octet-stream", extension="bin", dtypes=NUMBERS, bands=None),
    )
}
"""By media type."""


def check_format(media_type: str, *, bands: int, dtype: str) -> Format:
    """Return the format; raises `UnsupportedFormat`, saying what was found and what is allowed."""
    form = FORMATS.get(media_type)
    if form is None:
        message = f"format {media_type[:60]!r} is not known; allowed: {', '.join(FORMATS)}"
        raise UnsupportedFormat(message)
    if dtype not in form.dtypes:
        message = (
            f"{media_type} cannot hold samples of {dtype}; it holds {' or '.join(form.dtypes)}: "
            "change the output's sampleType or the format (image/tiff holds all of them)"
        )
        raise UnsupportedFormat(message)
    if form.bands is not None and bands not in form.bands:
        message = (
            f"{media_type} cannot hold {bands} bands; it holds "
            f"{' or '.join(str(count) for count in form.bands)}: leave bands out of the output, "
            "or choose image/png for one with alpha, image/tiff for any number"
        )
        raise UnsupportedFormat(message)
    return form


def encode_output(
    pixels: Pixels,
    output: str,
    media_type: str,
    *,
    quality: int | None = None,
    palette: bool = False,
    spread: Spread = in_turn,
) -> Encoded:
    """Return one output of ``pixels`` as a file named after it; raises `UnsupportedFormat`.

    ``quality`` is for JPEG and WebP, ``palette`` for PNG (see `encode_png`), ``spread`` for the
    blocks of a GeoTIFF (see `Spread`).
    """
    values = pixels.outputs[output]
    form = check_format(media_type, bands=values.shape[0], dtype=values.dtype.name)
    _check_size(form, values.shape[1:])
    if quality is not None and not 0 <= quality <= 100:
        message = f"quality is {quality}; allowed: 0 to 100"
        raise RequestError(message)
    match form.extension:
        case "png":
            body = encode_png(values, palette=palette)
        case "jpg":
            body = encode_jpeg(values, quality=quality)
        case "webp":
            body = encode_webp(values, quality=quality)
        case "tif":
            body = encode_tiff(
                values, pixels.geobox, nodata=pixels.nodata.get(output), spread=spread
            )
        case "npy":
            body = encode_npy(values)
        case _:
            body = encode_raw(values)
    return Encoded(media_type=media_type, body=body, name=f"{output}.{form.extension}")


def _check_size(form: Format, shape: tuple[int, ...]) -> None:
    if form.max_side is not None and max(shape) > form.max_side:
        message = (
            f"{form.media_type} cannot hold {shape[1]} x {shape[0]} pixels; its longest side is "
            f"{form.max_side} (image/png and image/tiff hold more)"
        )
        raise UnsupportedFormat(message)
