"""A few pixels of a program's first native answer, to be made again by V8 and compared.

Chosen are the corners, places spread over all rows, and for each band where it is least and
greatest: that is where thresholds are crossed and where a wrong compile shows first.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalscripts.program import BandData, InputData

_SPREAD = 40
_MAX_PIXELS = 64


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picked:
    """Pixels of a stripe."""

    rows: NDArray[np.intp]
    """(pixel,), counted from the stripe's first row."""
    columns: NDArray[np.intp]
    """(pixel,)"""


def pick(inputs: Mapping[str, InputData], *, without: Sequence[slice] = ()) -> Picked:
    """Return at most 64 different pixels of a stripe, none of some rows; may be none at all."""
    rows, columns = next(iter(inputs.values())).valid.shape[1:]
    count = rows * columns
    corners = (0, columns - 1, count - columns, count - 1)
    spread = np.linspace(0, count - 1, _SPREAD).astype(np.intp)
    chosen = dict.fromkeys((*corners, *spread.tolist()))
    for place in _extremes(inputs):
        if len(chosen) >= _MAX_PIXELS:
            break
        chosen[place] = None
    flat = np.array(sorted(chosen), dtype=np.intp)
    kept = np.ones(len(flat), dtype=np.bool_)
    for part in without:
        kept &= (flat // columns < part.start) | (flat // columns >= part.stop)
    return Picked(rows=(flat // columns)[kept], columns=(flat % columns)[kept])


def _extremes(inputs: Mapping[str, InputData]) -> Iterator[int]:
    """Yield flat places, of the first sample of each input: masks first, then bands."""
    for data in inputs.values():
        if len(data.valid):
            yield int(data.valid[0].argmin())
            yield int(data.valid[0].argmax())
    for data in inputs.values():
        for band in data.bands.values():
            if len(band.values):
                yield int(band.values[0].argmin())
                yield int(band.values[0].argmax())


def gather(inputs: Mapping[str, InputData], picked: Picked) -> dict[str, InputData]:
    """Return the picked pixels as a stripe of one row."""
    return {
        name: InputData(
            bands={
                band: BandData(
                    values=_row(data.values, picked),
                    scale=data.scale,
                    offset=data.offset,
                    missing=data.missing,
                )
                for band, data in held.bands.items()
            },
            valid=_row(held.valid, picked),
        )
        for name, held in inputs.items()
    }


def _row(values: NDArray[Any], picked: Picked) -> NDArray[Any]:
    return values[:, picked.rows, picked.columns][:, np.newaxis]


def difference(
    answer: Mapping[str, NDArray[Any]], checked: Mapping[str, NDArray[Any]], picked: Picked
) -> str | None:
    """Return where the answer (band, row, col) is not what V8 made of the picked pixels.

    Equal means the same bits, but any NaN equals any other.
    """
    for name, values in checked.items():
        expected = values[:, 0]
        found = answer[name][:, picked.rows, picked.columns]
        wrong = _unequal(found, expected)
        if wrong.any():
            band, pixel = (int(at[0]) for at in np.nonzero(wrong))
            return (
                f'output "{name}", band {band}, row {picked.rows[pixel]}, '
                f"column {picked.columns[pixel]}: native {found[band, pixel]!r}, "
                f"V8 {expected[band, pixel]!r}; {int(wrong.sum())} of {wrong.size} values differ"
            )
    return None


def _unequal(found: NDArray[Any], expected: NDArray[Any]) -> NDArray[np.bool_]:
    wrong: NDArray[np.bool_] = found != expected
    if found.dtype.kind == "f":
        both_nan = np.isnan(found) & np.isnan(expected)
        wrong = (wrong | (np.signbit(found) != np.signbit(expected))) & ~both_nan
    return wrong
