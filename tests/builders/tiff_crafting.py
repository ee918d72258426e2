"""TIFFs put together tag by tag, for what no library writes: lies, old forms, rare tags."""

import struct
from collections.abc import Mapping, Sequence

Numbers = Sequence[int] | Sequence[float] | bytes
_KINDS = {"B": 1, "s": 2, "H": 3, "I": 4, "b": 6, "h": 8, "i": 9, "f": 11, "d": 12, "Q": 16}

GRAY: Mapping[int, tuple[str, Numbers]] = {
    256: ("I", [64]),
    257: ("I", [64]),
    258: ("H", [8]),
    259: ("H", [1]),
    262: ("H", [1]),
    277: ("H", [1]),
    322: ("I", [64]),
    323: ("I", [64]),
    33550: ("d", [10.0, 10.0, 0.0]),
    33922: ("d", [0.0, 0.0, 0.0, 600_000.0, 5_200_000.0, 0.0]),
    34735: ("H", [1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 32632]),
}
"""64 × 64 pixels of one byte in one block, in EPSG:32632."""


def craft(
    fields: Mapping[int, tuple[str, Numbers]],
    *,
    blocks: Sequence[bytes] = (b"\x07" * 4096,),
    order: str = "<",
    big: bool = False,
    claims: Mapping[int, int] | None = None,
    loop: bool = False,
) -> bytes:
    """Return a TIFF of one directory: ``fields`` (tag → struct code and values) and ``blocks``.

    ``claims`` replaces the count of values that a tag states; ``loop`` lets the directory name
    itself as the next one.
    """
    head = 16 if big else 8
    body = bytearray()
    places = []
    for block in blocks:
        places.append(head + len(body))
        body += block + b"\0" * (len(block) % 2)
    kind = "Q" if big else "I"
    tags = {324: (kind, places), 325: (kind, [len(block) for block in blocks]), **fields}
    at = head + len(body)
    inline, width = (8, 20) if big else (4, 12)
    behind = at + (8 if big else 2) + width * len(tags) + inline
    entries, values = bytearray(), bytearray()
    for tag in sorted(tags):
        code, numbers = tags[tag]
        packed = (
            numbers
            if isinstance(numbers, bytes)
            else struct.pack(f"{order}{len(numbers)}{code}", *numbers)
        )
        count = (claims or {}).get(tag, len(numbers))
        entries += struct.pack(f"{order}HH{kind}", tag, _KINDS[code], count)
        if len(packed) > inline:
            entries += struct.pack(order + kind, behind + len(values))
            values += packed
        else:
            entries += packed.ljust(inline, b"\0")
    magic = b"II" if order == "<" else b"MM"
    start = struct.pack(f"{order}HHHQ", 43, 8, 0, at) if big else struct.pack(f"{order}HI", 42, at)
    count = struct.pack(order + ("Q" if big else "H"), len(tags))
    link = struct.pack(order + kind, at if loop else 0)
    return magic + start + bytes(body) + count + bytes(entries) + link + bytes(values)
