"""A ready script's legend as a drawing: a ramp with its ticks, or a list of swatches."""

from collections.abc import Iterator, Sequence
from html import escape

from evalscripts.library import LegendEntry, LegendKind, LibraryScript

WIDTH = 220
ROW = 18
"""Pixels from line to line."""
MARGIN = 10
BAR = 16
"""Width of a ramp; swatches are as wide."""
RAMP_ROW = 24
"""Pixels from tick to tick, at least on average."""


def draw_legend(script: LibraryScript) -> str:
    """Return an SVG: the title, and below it what the colors mean.

    A ramp runs from its lowest value at the bottom to its highest at the top, true to scale.
    """
    top = MARGIN + ROW + 6
    if script.kind is LegendKind.RAMP:
        height = RAMP_ROW * (len(script.legend) - 1)
        parts = _ramp(script.legend, top=top, height=height)
    else:
        height = ROW * len(script.legend)
        parts = _swatches(script.legend, top=top)
    title = script.title
    if script.value is not None and script.value.name not in title:
        title += f": {script.value.name}"
    whole = top + height + MARGIN + ROW // 2
    size = f'width="{WIDTH}" height="{whole}"'
    font = ' font-family="sans-serif" font-size="12"'
    return "".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {WIDTH} {whole}"{font}>',
            f'<rect {size} fill="#fff"/>',
            f'<text x="{MARGIN}" y="{MARGIN + 11}" font-weight="bold">{escape(title)}</text>',
            *parts,
            "</svg>",
        )
    )


def _ramp(entries: Sequence[LegendEntry], *, top: int, height: int) -> Iterator[str]:
    shares = ramp_shares(entries)
    yield '<defs><linearGradient id="ramp" x1="0" y1="1" x2="0" y2="0">'
    for entry, share in zip(entries, shares, strict=True):
        yield f'<stop offset="{share:.4f}" stop-color="{entry.color}"/>'
    yield "</linearGradient></defs>"
    yield (
        f'<rect x="{MARGIN}" y="{top}" width="{BAR}" height="{height}" '
        'fill="url(#ramp)" stroke="#0003"/>'
    )
    lines = _apart([top + height * (1 - share) for share in shares], ROW - 4)
    for entry, share, line in zip(entries, shares, lines, strict=True):
        y = top + height * (1 - share)
        path = f"M{MARGIN + BAR} {y:.1f}h4L{MARGIN + BAR + 8} {line:.1f}"
        yield f'<path d="{path}" stroke="#888" fill="none"/>'
        yield f'<text x="{MARGIN + BAR + 12}" y="{line + 4:.1f}">{escape(_tick(entry))}</text>'


def _tick(entry: LegendEntry) -> str:
    """Return value and label; the label alone where it says the value itself."""
    value = "" if entry.value is None else f"{entry.value:g}"
    return entry.label if entry.label.startswith(value) else f"{value}  {entry.label}"


def _swatches(entries: Sequence[LegendEntry], *, top: int) -> Iterator[str]:
    for index, entry in enumerate(entries):
        y = top + ROW * index
        yield (
            f'<rect x="{MARGIN}" y="{y}" width="{BAR}" height="{ROW - 5}" '
            f'fill="{entry.color}" stroke="#0003"/>'
        )
        yield f'<text x="{MARGIN + BAR + 8}" y="{y + 11}">{escape(entry.label)}</text>'


def ramp_shares(entries: Sequence[LegendEntry]) -> list[float]:
    """Return where each color of a ramp lies, from 0 at the lowest value to 1 at the highest."""
    values = [entry.value or 0.0 for entry in entries]
    low, high = values[0], values[-1]
    return [(value - low) / (high - low) for value in values]


def _apart(places: Sequence[float], gap: float) -> list[float]:
    """Return places from the lowest up, which is the largest first, moved up to be legible."""
    moved: list[float] = []
    for place in places:
        moved.append(min(place, moved[-1] - gap) if moved else place)
    return moved
