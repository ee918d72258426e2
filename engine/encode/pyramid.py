"""Half the resolution: kernels for overviews."""

from typing import Any

from numpy.typing import NDArray

from engine.jit import kernel


@kernel
def halve_numbers(rows: NDArray[Any], nodata: float, out: NDArray[Any]) -> None:
    """Write to ``out`` the mean of each two by two pixels that are not ``nodata``.

    Both (row, col), integers; halves round up; at odd edges of fewer pixels. All no-data stays so.
    """
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            total = 0
            count = 0
            for a in range(2 * i, min(2 * i + 2, rows.shape[0])):
                for b in range(2 * j, min(2 * j + 2, rows.shape[1])):
                    value = rows[a, b]
                    if value != nodata:
                        total += value
                        count += 1
            out[i, j] = (2 * total + count) // (2 * count) if count else nodata


@kernel
def halve_floats(rows: NDArray[Any], nodata: float, out: NDArray[Any]) -> None:
    """Write to ``out`` the mean, in double, of each two by two pixels that are not ``nodata``.

    Both (row, col), floats. All no-data stays so.
    """
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            total = 0.0
            count = 0
            for a in range(2 * i, min(2 * i + 2, rows.shape[0])):
                for b in range(2 * j, min(2 * j + 2, rows.shape[1])):
                    value = rows[a, b]
                    if value != nodata:
                        total += value
                        count += 1
            out[i, j] = total / count if count else nodata


@kernel
def halve_classes(rows: NDArray[Any], nodata: float, out: NDArray[Any]) -> None:
    """Write to ``out`` the most frequent class of each two by two pixels; the first of equals.

    ``nodata`` wins only where nothing else is there.
    """
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            best = rows[2 * i, 2 * j]
            most = 0
            for a in range(2 * i, min(2 * i + 2, rows.shape[0])):
                for b in range(2 * j, min(2 * j + 2, rows.shape[1])):
                    value = rows[a, b]
                    votes = 0
                    for c in range(2 * i, min(2 * i + 2, rows.shape[0])):
                        for d in range(2 * j, min(2 * j + 2, rows.shape[1])):
                            votes += rows[c, d] == value
                    if value != nodata and votes > most:
                        best = value
                        most = votes
            out[i, j] = best
