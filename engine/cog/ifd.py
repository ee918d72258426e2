"""Directories of a TIFF: bytes known so far → fields → values.

Nothing here asks for bytes: `engine.cog.header` does. Every number of the file is an opponent's:
it is compared with the object's own size before anything is allocated for it.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.cog import tags
from engine.errors import SourceCorrupt

MAX_ENTRIES = 4096
"""Fields of one directory; real ones have 15 to 30."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How the numbers of a TIFF's directories are written."""

    is_big: bool
    """BigTIFF: counts and offsets of 64 bits."""
    order: str
    """``<`` little-endian or ``>`` big-endian, as struct and numpy write it."""
    first: int
    """Where the first directory starts."""

    @property
    def endianness(self) -> Literal["little", "big"]:
        """`order` in int.from_bytes' words."""
        return "little" if self.order == "<" else "big"

    @property
    def head(self) -> int:
        """Bytes of a directory's field count."""
        return 8 if self.is_big else 2

    @property
    def entry(self) -> int:
        """Bytes of one field."""
        return 20 if self.is_big else 12

    @property
    def link(self) -> int:
        """Bytes of the offset to the next directory."""
        return 8 if self.is_big else 4


class Field(NamedTuple):
    """One entry of a directory; its values lie at ``[start, stop)`` of the object.

    A tuple, because a header makes a hundred of them and a frozen dataclass takes four times as
    long to make.
    """

    type: int
    values: int
    """Values that are read; see `tags.MOST_VALUES`."""
    start: int
    stop: int
    is_outside: bool
    """True: the values do not lie in the directory itself."""
    number: int | None
    """The value, where there is one of an unsigned type that fits into the directory."""


Ifd = Mapping[int, Field]
"""Tag → field, of the tags that are wanted."""


class Known:
    """The parts of an object that have been read, kept as disjoint runs of bytes."""

    __slots__ = ("_runs", "size")

    def __init__(self, *, size: int, start: bytes) -> None:
        """Begin with the object's first bytes; ``size`` is its whole length."""
        self.size = size
        self._runs: list[tuple[int, bytes]] = [(0, bytes(start[:size]))]

    def add(self, start: int, data: bytes) -> None:
        """Remember ``data`` at ``start``; it goes on from a run that ends there."""
        for index, (at, run) in enumerate(self._runs):
            if at + len(run) == start:
                self._runs[index] = (at, run + bytes(data))
                return
        self._runs.append((start, bytes(data)))

    def find(self, start: int, stop: int) -> memoryview | None:
        """Return the bytes of ``[start, stop)``, or None where not all are known."""
        for at, run in self._runs:
            if at <= start and stop <= at + len(run):
                return memoryview(run)[start - at : stop - at]
        return None

    def first_unknown(self, start: int, stop: int) -> int:
        """Return the first position of ``[start, stop)`` that is not known; ``stop`` if none."""
        for at, run in self._runs:
            if at <= start < at + len(run):
                return min(stop, at + len(run))
        return start

    def get(self, start: int, stop: int) -> memoryview:
        """Return bytes that were asked for before."""
        found = self.find(start, stop)
        if found is None:
            message = f"TIFF header ends early: bytes {start} to {stop} of {self.size} are missing"
            raise SourceCorrupt(message)
        return found


def parse_ifd(form: Form, data: memoryview, *, at: int, size: int) -> Ifd:
    """Return the wanted fields of a directory whose entries are ``data``, read at ``at``.

    Raises `SourceCorrupt` for a wanted field of unknown type or with values outside the object.
    """
    pattern = f"{form.order}HHQQ" if form.is_big else f"{form.order}HHII"
    inline, width = (8, 20) if form.is_big else (4, 12)
    sizes = tags.BIG_SIZES if form.is_big else tags.SIZES
    fields: dict[int, Field] = {}
    position = at + width - inline
    for tag, kind, count, raw in struct.iter_unpack(pattern, data):
        if tag in tags.WANTED and tag not in fields:
            value_size = sizes.get(kind)
            if value_size is None:
                raise SourceCorrupt(f"TIFF field {tag} has the unknown type {kind}")
            total = count * value_size
            if total > inline and raw + total > size:
                message = (
                    f"TIFF field {tag} claims {total} bytes at {raw}, but the object has {size}"
                )
                raise SourceCorrupt(message)
            start = raw if total > inline else position
            read = count if tag in tags.BLOCK_ARRAYS else min(count, tags.MOST_VALUES[tag])
            number = None
            if count == 1 and kind in tags.UNSIGNED:
                unused = 8 * (inline - value_size)
                number = raw >> unused if form.order == ">" else raw & ((1 << 8 * value_size) - 1)
            fields[tag] = Field(
                kind, read, start, start + read * value_size, total > inline, number
            )
        position += width
    return fields


def integers(form: Form, known: Known, ifd: Ifd, tag: int) -> NDArray[np.uint64]:
    """Return a field of whole numbers as uint64, empty where absent; a negative is refused."""
    field = ifd.get(tag)
    if field is None:
        return np.empty(0, dtype=np.uint64)
    code = tags.INTEGERS.get(field.type)
    if code is None:
        raise SourceCorrupt(f"TIFF field {tag} has type {field.type}, not whole numbers")
    values = np.frombuffer(known.get(field.start, field.stop), dtype=form.order + code)
    if code[0] == "i" and (values < 0).any():
        raise SourceCorrupt(f"TIFF field {tag} holds the negative number {values.min()}")
    return values.astype(np.uint64)


def integer(form: Form, known: Known, ifd: Ifd, tag: int, *, default: int | None = None) -> int:
    """Return the first value of a field of whole numbers, or ``default`` where it is absent."""
    field = ifd.get(tag)
    if field is None or field.values == 0:
        if default is None:
            raise SourceCorrupt(f"TIFF field {tag} is missing")
        return default
    return int(integers(form, known, ifd, tag)[0]) if field.number is None else field.number


def reals(form: Form, known: Known, ifd: Ifd, tag: int) -> tuple[float, ...]:
    """Return a field of real numbers; empty where it is absent or of another type."""
    field = ifd.get(tag)
    if field is None or field.type not in tags.REALS:
        return ()
    dtype = form.order + tags.REALS[field.type]
    values = np.frombuffer(known.get(field.start, field.stop), dtype=dtype)
    return tuple(float(value) for value in values)


def text(known: Known, ifd: Ifd, tag: int) -> bytes:
    """Return a field of characters or raw bytes; empty where absent or of another type."""
    field = ifd.get(tag)
    if field is None or field.type not in tags.TEXTS:
        return b""
    return bytes(known.get(field.start, field.stop))
