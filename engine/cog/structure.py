"""Directories → `CogImage`: which is the image, which its overviews and masks.

Pure arithmetic on values; everything that contradicts itself is `SourceCorrupt`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.cog import tags
from engine.cog.geokeys import read_placement
from engine.cog.ifd import Form, Ifd, Known, integer, text
from engine.cog.image import CogImage, Level
from engine.cog.layout import Layout, read_layout
from engine.cog.metadata import parse_nodata, read_band_metadata
from engine.errors import SourceCorrupt
from engine.store.protocol import ObjectInfo

SMALL = 512
"""Pixels a side up to which an image needs no overviews to be quick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    ifd: Ifd
    kind: int
    """NewSubfileType."""
    width: int
    height: int


def make_image(info: ObjectInfo, form: Form, known: Known, ifds: Sequence[Ifd]) -> CogImage:
    """Return the image of a TIFF whose directories are ``ifds``, all their values known.

    The first directory that is neither overview nor mask is the image; overviews may stand in
    any order, before it as well; masks belong to the level of their own size.
    """
    pages = [_page(form, known, ifd) for ifd in ifds]
    special = tags.REDUCED | tags.MASK
    full = next((page for page in pages if not page.kind & special), pages[0])
    if full.kind & tags.MASK:
        raise SourceCorrupt("TIFF holds a mask but no image")
    layout = read_layout(form, known, full.ifd)
    warnings: list[str] = []
    overviews = _overviews(form, known, pages, full=full, layout=layout, warnings=warnings)
    masks = _masks(form, known, pages)
    found = [layout, *overviews]
    levels = tuple(_level(one, masks, first=layout) for one in found)
    if masks:
        warnings += [
            f"has a mask, but none for its overview of {level.width} × {level.height}"
            for level in levels
            if level.mask is None
        ]
    used = [*found, *(masks[size] for one in found if (size := (one.width, one.height)) in masks)]
    reasons = [one.gdal_reason for one in used if one.gdal_reason is not None]
    is_cog = all(level.is_tiled for level in levels)
    if not is_cog:
        warnings.append("is stored in strips, not in square blocks: reads cost more")
    if max(full.width, full.height) > SMALL and len(levels) == 1:
        is_cog = False
        warnings.append("has no overviews: a view from afar reads every pixel")
    pages_left = sum(1 for page in pages if not page.kind & special) - 1
    if pages_left > 0:
        warnings.append(f"holds {pages_left} more images; only the first is read")
    placement = read_placement(form, known, full.ifd)
    bands = read_band_metadata(text(known, full.ifd, tags.GDAL_METADATA), bands=layout.bands)
    encoding = layout.encoding
    return CogImage(
        identity=info.identity,
        size=info.size,
        width=full.width,
        height=full.height,
        bands=layout.bands,
        dtype=layout.dtype,
        affine=placement.affine,
        crs=placement.crs,
        nodata=parse_nodata(text(known, full.ifd, tags.GDAL_NODATA), dtype=layout.dtype),
        scale=bands.scale,
        offset=bands.offset,
        levels=levels,
        compression=encoding.compression,
        compression_tag=encoding.compression_tag,
        predictor=encoding.predictor,
        is_planar=layout.is_planar,
        is_little_endian=form.order == "<",
        bits=encoding.bits,
        photometric=encoding.photometric,
        subsampling=encoding.subsampling,
        jpeg_tables=encoding.jpeg_tables,
        lerc_parameters=encoding.lerc_parameters,
        codec_tags=encoding.codec_tags,
        has_alpha=layout.has_alpha,
        band_names=bands.names,
        gdal_reason=reasons[0] if reasons else None,
        is_cog=is_cog,
        warnings=(*placement.warnings, *bands.warnings, *warnings),
    )


def _page(form: Form, known: Known, ifd: Ifd) -> _Page:
    return _Page(
        ifd=ifd,
        kind=integer(form, known, ifd, tags.SUBFILE_TYPE, default=0),
        width=integer(form, known, ifd, tags.WIDTH),
        height=integer(form, known, ifd, tags.HEIGHT),
    )


def _overviews(
    form: Form,
    known: Known,
    pages: Sequence[_Page],
    *,
    full: _Page,
    layout: Layout,
    warnings: list[str],
) -> list[Layout]:
    """Return the overviews, finest first; those that do not fit the image are left out."""
    found: dict[tuple[int, int], Layout] = {}
    for page in pages:
        if page is full or not page.kind & tags.REDUCED or page.kind & tags.MASK:
            continue
        one = read_layout(form, known, page.ifd)
        is_smaller = page.width <= full.width and page.height <= full.height
        is_alike = (one.bands, one.dtype, one.is_planar) == (
            layout.bands,
            layout.dtype,
            layout.is_planar,
        )
        size = (page.width, page.height)
        if not is_smaller or not is_alike or size == (full.width, full.height):
            warnings.append(f"has an overview of {size[0]} × {size[1]} unlike the image; not used")
        else:
            found.setdefault(size, one)
    return sorted(found.values(), key=lambda one: one.width * one.height, reverse=True)


def _masks(form: Form, known: Known, pages: Sequence[_Page]) -> dict[tuple[int, int], Layout]:
    masks: dict[tuple[int, int], Layout] = {}
    for page in pages:
        if page.kind & tags.MASK:
            size = (page.width, page.height)
            masks.setdefault(size, read_layout(form, known, page.ifd, is_mask=True))
    return masks


def _level(layout: Layout, masks: dict[tuple[int, int], Layout], *, first: Layout) -> Level:
    mask = masks.get((layout.width, layout.height))
    return Level(
        width=layout.width,
        height=layout.height,
        block_width=layout.block_width,
        block_height=layout.block_height,
        offsets=layout.offsets,
        byte_counts=layout.byte_counts,
        is_tiled=layout.is_tiled,
        encoding=None if layout.encoding == first.encoding else layout.encoding,
        mask=None if mask is None else _mask(mask),
    )


def _mask(layout: Layout) -> Level:
    return Level(
        width=layout.width,
        height=layout.height,
        block_width=layout.block_width,
        block_height=layout.block_height,
        offsets=layout.offsets,
        byte_counts=layout.byte_counts,
        is_tiled=layout.is_tiled,
        encoding=layout.encoding,
    )
