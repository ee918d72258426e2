"""Mountains cut by running water: branching valleys, as noise alone never makes them.

Uplift against the stream power law, ∂z/∂t = U − K √A S, solved from the outlets upstream as Braun
and Willett (2013) do, which is stable for any time step. Only + − × ÷ and square roots: the same
mountains on every machine.
"""

import heapq

import numpy as np
from numpy.typing import NDArray

from engine.jit import kernel
from engine.sample.noise import chance

ROUNDS = 22
"""Time steps; then the valleys have found their places."""
STRENGTH = 4.0
"""K times the time step."""
STEEPEST = 0.85
"""Rise over run that loose rock stands."""


@kernel
def erode(
    heights: NDArray[np.float64],
    uplift: NDArray[np.float64],
    cell: float,
    seed: int,
) -> None:
    """Raise and cut ``heights`` (row, col), meters, in place.

    ``uplift`` (same shape) is U ÷ K in meters; cells where it is not positive are outlets (plain,
    rivers, sea) and stay as they are. ``cell``: meters between two centers.
    """
    rows, cols = heights.shape
    count = rows * cols
    order = np.empty(count, np.int64)
    receiver = np.empty(count, np.int64)
    drained = np.empty(count, np.float64)
    for step in range(ROUNDS):
        found = _route(heights, uplift, cell, seed + step // 6, order, receiver)
        drained[:] = cell * cell
        for position in range(found - 1, -1, -1):
            place = order[position]
            if receiver[place] != place:
                drained[receiver[place]] += drained[place]
        for position in range(found):
            place = order[position]
            below = receiver[place]
            if below == place:
                continue
            row, col = place // cols, place % cols
            base = heights[below // cols, below % cols]
            straight = row == below // cols or col == below % cols
            run = cell if straight else cell * 1.4142135623730951
            pull = STRENGTH * drained[place] ** 0.5 / run
            risen = heights[row, col] + STRENGTH * uplift[row, col]
            cut = (risen + pull * base) / (1.0 + pull)
            heights[row, col] = min(cut, base + STEEPEST * run)


@kernel
def _route(  # noqa: PLR0917 - numba has no keyword-only arguments
    heights: NDArray[np.float64],
    uplift: NDArray[np.float64],
    cell: float,
    seed: int,
    order: NDArray[np.int64],
    receiver: NDArray[np.int64],
) -> int:
    """Find whither each cell drains, lowest first from the outlets (Barnes et al. 2014)."""
    rows, cols = heights.shape
    done = np.zeros(rows * cols, np.bool_)
    queue = [(0.0, np.int64(0))]
    queue.pop()
    for row in range(rows):
        for col in range(cols):
            if uplift[row, col] <= 0.0 or row in (0, rows - 1) or col in (0, cols - 1):
                place = np.int64(row * cols + col)
                receiver[place] = place
                done[place] = True
                heapq.heappush(queue, (heights[row, col], place))
    found = 0
    while len(queue) > 0:
        level, place = heapq.heappop(queue)
        order[found] = place
        found += 1
        row, col = place // cols, place % cols
        for i in range(max(row - 1, 0), min(row + 2, rows)):
            for j in range(max(col - 1, 0), min(col + 2, cols)):
                other = np.int64(i * cols + j)
                if done[other]:
                    continue
                done[other] = True
                receiver[other] = place
                # A little chance in the order keeps streams from following the raster's axes.
                rough = cell * (0.02 + 0.10 * chance(i, j, seed))
                if i != row and j != col:
                    rough *= 1.4142135623730951
                heapq.heappush(queue, (max(heights[i, j], level) + rough, other))
    return found
