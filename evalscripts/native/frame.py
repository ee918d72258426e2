"""`FrameLayout`: where a kernel finds its pointers and counts; the contract of emit and run.

A frame is an array of 64-bit words, one for each thread that runs a kernel:

    0 abort        address of the int32 that ends the run when it is not 0
    1 fuel         how many turns the loops without a bound may still take in this block
    2 plane        bytes from one scene's plane of doubles to the next, in the thread's scratch
    3 sorting      address of the rows that sorting needs, three times the largest buffer
    then           a count of samples for each input
                   the address of the planes of each slot: a plane per sample, then one of zeros
                   of each buffer the address and the capacity; rows of 8 doubles, a row per
                   element, then a row of zeros that is read, and one that is written, when an
                   index is out of range
                   of each fact the address and the length; a 0 stands behind the last
                   the address of the next pixel of each band of each output
"""

from dataclasses import dataclass

ABORT, FUEL, PLANE, SORTING = range(4)
_FIXED = 4
LANES = 8
"""Pixels that a kernel computes side by side."""
SPARE_ROWS = 2
"""Rows of a buffer behind its capacity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameLayout:
    """Positions in a frame, in words."""

    inputs: int
    slots: int
    buffers: int
    facts: int
    bands: int
    """Of all outputs together."""

    def scenes(self, index: int) -> int:
        """Return where the count of an input's samples stands."""
        return _FIXED + index

    def slot(self, index: int) -> int:
        """Return where the address of a slot's planes stands."""
        return _FIXED + self.inputs + index

    def buffer(self, index: int) -> int:
        """Return where the address of a buffer stands, followed by its capacity."""
        return self.slot(self.slots) + 2 * index

    def fact(self, index: int) -> int:
        """Return where the address of a fact stands, followed by its length."""
        return self.buffer(self.buffers) + 2 * index

    def band(self, index: int) -> int:
        """Return where the address of an output's band stands."""
        return self.fact(self.facts) + index

    @property
    def words(self) -> int:
        """The length of the frame."""
        return self.band(0) + self.bands


OK, OUT_OF_FUEL, ABORTED, TRAPPED = range(4)
"""What a kernel returns; `TRAPPED` and above: trapped, for reason ``status - TRAPPED``."""
