"""`read_header`: a TIFF's first bytes → `CogImage`, asking for more only where it must.

No I/O: the generator yields the `ByteRange` it needs and is sent its bytes. A COG asks for
nothing beyond its first `FIRST_READ` bytes, one with very many blocks for one range more; a
TIFF with directories behind its pixels for about one range per directory.
"""

from collections.abc import Generator, Sequence
from typing import NoReturn

from engine.cog.ifd import MAX_ENTRIES, Form, Ifd, Known, parse_ifd
from engine.cog.image import CogImage
from engine.cog.structure import make_image
from engine.errors import SourceCorrupt
from engine.store.protocol import ByteRange, ObjectInfo

FIRST_READ = 16_384
"""Bytes to read at the start of an object: the header of a 10980² COG has 2,700, and a range
request of 16 KiB costs what one of 4 KiB costs (performance.md B2)."""

MAX_HEADER = 64 << 20
"""Bytes of a header in all: the arrays of four million blocks with their overviews."""
MAX_READS = 64
"""Ranges beyond the first read."""
MAX_IFDS = 256
"""Directories of one file, pages and masks included."""

READ_AHEAD = 16_384
"""Bytes asked for with a directory that lies beyond what is known."""
MERGE_GAP = 65_536
"""Bytes read for nothing rather than asking once more."""

Asking = Generator[ByteRange, bytes, None]


def read_header(info: ObjectInfo, start: bytes) -> Generator[ByteRange, bytes, CogImage]:
    """Return the image of an object that begins with ``start``, by asking for further ranges.

    Each range yielded lies within ``info.size`` and beyond what was given so far; send exactly
    its bytes. Raises `SourceCorrupt`, and nothing else, where the object is not a TIFF that can
    be read: the message says what it looks like instead, or what in it contradicts what.
    """
    form = _parse_form(start, size=info.size)
    known = Known(size=info.size, start=start)
    reader = _Reader(known)
    ifds: list[Ifd] = []
    seen: set[int] = set()
    at = form.first
    while at:
        if at in seen:
            break  # libtiff stops at a loop as well; the directories so far are whole
        if len(seen) == MAX_IFDS:
            raise SourceCorrupt(f"TIFF has more than {MAX_IFDS} directories")
        seen.add(at)
        ifd, at = yield from _read_ifd(form, reader, ifds, at)
        ifds.append(ifd)
    yield from reader.need(_values(ifds))
    return make_image(info, form, known, ifds)


class _Reader:
    """Turns wishes for bytes into few ranges, within the budget of a header."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self._spent = 0
        self._reads = 0

    def need(self, wishes: Sequence[tuple[int, int]]) -> Asking:
        """Make every wish ``[start, stop)`` known; near ones are asked for together."""
        missing = []
        for start, stop in sorted(wishes):
            unknown = self.known.first_unknown(start, stop)
            if unknown < stop:
                missing.append((unknown, stop))
        merged: list[tuple[int, int]] = []
        for start, stop in missing:
            if merged and start - merged[-1][1] <= MERGE_GAP:
                merged[-1] = (merged[-1][0], max(merged[-1][1], stop))
            else:
                merged.append((start, stop))
        for start, stop in merged:
            yield from self._read(start, stop)

    def _read(self, start: int, stop: int) -> Asking:
        self._spent += stop - start
        self._reads += 1
        if self._spent > MAX_HEADER or self._reads > MAX_READS:
            message = (
                f"TIFF header is larger than {MAX_HEADER >> 20} MiB "
                f"or scattered over more than {MAX_READS} places"
            )
            raise SourceCorrupt(message)
        data = yield ByteRange(start, stop)
        if len(data) != stop - start:
            message = f"header range of {stop - start} bytes was answered with {len(data)}"
            raise SourceCorrupt(message)
        self.known.add(start, data)


def _read_ifd(
    form: Form, reader: _Reader, before: Sequence[Ifd], at: int
) -> Generator[ByteRange, bytes, tuple[Ifd, int]]:
    """Return the directory at ``at`` and where the next one starts (0: nowhere)."""
    known = reader.known
    if at + form.head > known.size:
        message = f"TIFF directory at byte {at} lies outside the object's {known.size} bytes"
        raise SourceCorrupt(message)
    head = known.find(at, at + form.head)
    if head is None:
        near = _near(_values(before), at)
        # The arrays of all overviews together are a third of the full image's, so half of what
        # precedes is enough to have them in the same read.
        ahead = READ_AHEAD + sum(stop - start for start, stop in near) // 2
        yield from reader.need([*near, (at, min(known.size, at + ahead))])
        head = known.get(at, at + form.head)
    count = int.from_bytes(head, form.endianness)
    if count == 0 or count > MAX_ENTRIES:
        message = f"TIFF directory at byte {at} claims {count} fields; allowed: 1 to {MAX_ENTRIES}"
        raise SourceCorrupt(message)
    first = at + form.head
    last = first + count * form.entry
    if last > known.size:
        message = f"TIFF directory at byte {at} ends at {last}, the object at {known.size}"
        raise SourceCorrupt(message)
    # Files cut right behind the last entry exist and lack only the link that says "no more".
    end = min(last + form.link, known.size)
    if known.find(first, end) is None:
        yield from reader.need([(first, min(known.size, max(end, first + READ_AHEAD)))])
    entries = known.get(first, last)
    link = bytes(known.get(last, end))
    following = int.from_bytes(link, form.endianness) if len(link) == form.link else 0
    return parse_ifd(form, entries, at=first, size=known.size), following


def _values(ifds: Sequence[Ifd]) -> list[tuple[int, int]]:
    """Return where values lie outside their directories; several may lie at the same place."""
    values = [
        (field.start, field.stop) for ifd in ifds for field in ifd.values() if field.is_outside
    ]
    total = sum(stop - start for start, stop in values)
    if total > MAX_HEADER:
        raise SourceCorrupt(f"TIFF header claims {total} bytes; allowed: {MAX_HEADER >> 20} MiB")
    return values


def _near(values: Sequence[tuple[int, int]], at: int) -> list[tuple[int, int]]:
    """Return those values that lie before a directory and close to it or to each other."""
    near: list[tuple[int, int]] = []
    edge = at
    for start, stop in sorted(values, reverse=True):
        if stop <= at and edge - stop <= MERGE_GAP:
            near.append((start, stop))
            edge = min(edge, start)
    return near


def _parse_form(start: bytes, *, size: int) -> Form:
    order = {b"II": "<", b"MM": ">"}.get(bytes(start[:2]))
    if order is None or size < 8 or len(start) < min(16, size):
        _refuse(start, size=size)
    little = order == "<"
    version = int.from_bytes(start[2:4], "little" if little else "big")
    if version == 42:
        first = int.from_bytes(start[4:8], "little" if little else "big")
        form = Form(is_big=False, order=order, first=first)
    elif version == 43 and size >= 16:
        if start[4:8] != (b"\x08\0\0\0" if little else b"\0\x08\0\0"):
            raise SourceCorrupt("BigTIFF with offsets of a size other than 8 bytes")
        first = int.from_bytes(start[8:16], "little" if little else "big")
        form = Form(is_big=True, order=order, first=first)
    else:
        _refuse(start, size=size)
    if form.first == 0:
        raise SourceCorrupt("TIFF without a directory: it holds no image")
    return form


_SIGNATURES = (
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 file"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 codestream"),
    (b"\xff\xd8\xff", "a JPEG file"),
    (b"\x89PNG", "a PNG file"),
    (b"\x89HDF", "an HDF5 or NetCDF-4 file"),
    (b"CDF", "a NetCDF file"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"GRIB", "a GRIB file"),
    (b"RIFF", "a RIFF (WebP, AVI) file"),
    (b"%PDF", "a PDF document"),
)
_TEXTS = (
    (b"<!doctype html", "an HTML page"),
    (b"<html", "an HTML page"),
    (b"<?xml", "an XML document"),
    (b"<", "an XML or HTML document"),
    (b"{", "a JSON document"),
    (b"[", "a JSON document"),
)


def _refuse(start: bytes, *, size: int) -> NoReturn:
    """Raise `SourceCorrupt` that says what the object looks like."""
    if size == 0:
        raise SourceCorrupt("not a TIFF: the object is empty")
    head = bytes(start[:64]).lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    kind = next((name for magic, name in _SIGNATURES if start.startswith(magic)), None)
    kind = kind or next((name for magic, name in _TEXTS if head.startswith(magic)), None)
    if kind is None:
        shown = bytes(start[:8]).hex(" ")
        raise SourceCorrupt(f"not a TIFF: the object of {size} bytes starts with {shown}")
    raise SourceCorrupt(f"not a TIFF: it looks like {kind}")
