"""Which blocks of a level a window needs, and where their bytes lie."""

from dataclasses import dataclass

from affine import Affine

from engine.cog.image import CogImage, Level
from engine.geo.window import Window
from engine.store.protocol import ByteRange


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskRead:
    """One block of a level's mask (or of its alpha plane) that a block needs."""

    row: int
    col: int
    """Block row and column in the mask's own blocks."""
    data: ByteRange | None
    """None where the mask's block is sparse: nothing is valid there."""
    window: Window
    """The mask block's pixels within the level, clipped to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRead:
    """One block of one level, with the bytes that it takes to decode it."""

    level: int
    """Index into `CogImage.levels`."""
    plane: int
    """The band where bands are planar, else 0."""
    row: int
    col: int
    """Block row and column."""
    data: ByteRange | None
    """None for a sparse block: all no-data, or zeros where the image has no no-data number."""
    window: Window
    """The block's pixels within the level, clipped to it."""
    masks: tuple[MaskRead, ...] = ()
    """What says which of the pixels are valid; usually none, or one block of the same place."""

    @property
    def ranges(self) -> tuple[ByteRange, ...]:
        """All that must be read: data first, then masks, sparse ones left out."""
        wanted = (self.data, *(mask.data for mask in self.masks))
        return tuple(one for one in wanted if one is not None)


def blocks_of(image: CogImage, *, level: int, window: Window, band: int) -> tuple[BlockRead, ...]:
    """Return the blocks of a level that hold ``window``'s pixels of ``band``, row by row.

    ``window`` is in the level's own pixels and is clipped to it; ``band`` counts from 0. Of a
    chunky image the blocks are the same for every band.
    """
    found = image.levels[level]
    plane = band if image.is_planar else 0
    rows, cols = _reach(found, window)
    offsets, counts = found.offsets[plane], found.byte_counts[plane]
    return tuple(
        BlockRead(
            level=level,
            plane=plane,
            row=row,
            col=col,
            data=_range(int(offsets[row, col]), int(counts[row, col])),
            window=(area := _area(found, row, col)),
            masks=_masks(image, found, area, plane=plane, row=row, col=col),
        )
        for row in rows
        for col in cols
    )


def level_affine(image: CogImage, level: int) -> Affine:
    """Return (col, row) of a level → (x, y): the image's extent divided by the level's size."""
    found = image.levels[level]
    scale = Affine.scale(image.width / found.width, image.height / found.height)
    return image.affine * scale


def _masks(
    image: CogImage, level: Level, area: Window, *, plane: int, row: int, col: int
) -> tuple[MaskRead, ...]:
    if level.mask is not None:
        mask = level.mask
        rows, cols = _reach(mask, area)
        return tuple(_mask_read(mask, 0, one, other) for one in rows for other in cols)
    alpha = image.bands - 1
    if image.has_alpha and image.is_planar and plane != alpha:
        return (_mask_read(level, alpha, row, col),)
    return ()


def _mask_read(mask: Level, plane: int, row: int, col: int) -> MaskRead:
    data = _range(int(mask.offsets[plane, row, col]), int(mask.byte_counts[plane, row, col]))
    return MaskRead(row=row, col=col, data=data, window=_area(mask, row, col))


def _range(offset: int, count: int) -> ByteRange | None:
    return ByteRange(offset, offset + count) if count else None


def _area(level: Level, row: int, col: int) -> Window:
    top, left = row * level.block_height, col * level.block_width
    return Window(
        row_start=top,
        row_stop=min(top + level.block_height, level.height),
        col_start=left,
        col_stop=min(left + level.block_width, level.width),
    )


def _reach(level: Level, window: Window) -> tuple[range, range]:
    """Return the block rows and block columns that ``window`` meets."""
    inside = window.intersect(
        Window(row_start=0, row_stop=level.height, col_start=0, col_stop=level.width)
    )
    if inside.is_empty:
        return range(0), range(0)
    return (
        range(inside.row_start // level.block_height, -(-inside.row_stop // level.block_height)),
        range(inside.col_start // level.block_width, -(-inside.col_stop // level.block_width)),
    )
