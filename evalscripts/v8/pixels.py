"""The pixel loop: JavaScript written for one script's setup and one kind of data.

Fresh sample objects for each pixel, so that a script may keep or change them, of one shape per
input, so that V8 reads them fast; their values made in double from the stored ones; and what
comes back rounded and clamped to the output's type, in row-major order.

    SIMPLE         samples = {B04: …, dataMask: …}
    ORBIT, TILE    samples = [{…}, …], one per scene
    several        samples = {S2: [{…}], S1: [{…}, …]}, by input, always lists

A scale of 1 and an offset of 0 are left out of the arithmetic. Rounding is to the nearest, halves
up; NaN becomes 0 in integer types (section 3.5 of the reference leaves both open).
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalscripts.program import BandData, InputData
from evalscripts.setup import SampleType, SetupOutput

_ARRAYS = {
    "uint8": "Uint8Array",
    "int8": "Int8Array",
    "uint16": "Uint16Array",
    "int16": "Int16Array",
    "uint32": "Uint32Array",
    "int32": "Int32Array",
    "float32": "Float32Array",
    "float64": "Float64Array",
}
_RANGES = {
    SampleType.AUTO: (0, 255),
    SampleType.UINT8: (0, 255),
    SampleType.INT8: (-128, 127),
    SampleType.UINT16: (0, 65535),
    SampleType.INT16: (-32768, 32767),
}
_MAX_UNROLLED_BANDS = 16
_ALIGNMENT = 8
MASK = "dataMask"


@dataclass(frozen=True, slots=True, kw_only=True)
class BandKind:
    """What the loop must know of a band to read it."""

    name: str
    dtype: str
    scale: float
    offset: float
    missing: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PartKind:
    """What the loop must know of one input."""

    id: str
    """Its name where there are several inputs."""
    scenes: int
    """How many samples there are at a pixel."""
    names: tuple[str, ...]
    """The sample's bands in the script's order; may hold ``dataMask``."""
    bands: tuple[BandKind, ...]
    """One per name that is not ``dataMask``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplesKind:
    """The first argument of ``evaluatePixel``."""

    parts: tuple[PartKind, ...]
    by_id: bool
    """Whether it is an object of lists by input."""
    listed: bool
    """Whether it is a list; else one sample. Without meaning where ``by_id``."""


def part_kind(name: str, bands: tuple[str, ...], data: InputData) -> PartKind:
    """Return what the loop must know of an input with this data."""
    kinds = tuple(_kind(band, data.bands[band]) for band in bands if band != MASK)
    return PartKind(id=name, scenes=data.valid.shape[0], names=bands, bands=kinds)


def _kind(name: str, band: BandData) -> BandKind:
    return BandKind(
        name=name,
        dtype=str(band.values.dtype),
        scale=float(band.scale),
        offset=float(band.offset),
        missing=float(band.missing),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One array's place in the arena."""

    dtype: str
    offset: int
    length: int

    def as_view(self) -> dict[str, Any]:
        """Return it as the runner reads it."""
        return {"type": _ARRAYS[self.dtype], "offset": self.offset, "length": self.length}


@dataclass(frozen=True, slots=True, kw_only=True)
class PartPlaces:
    """Where one input's arrays lie, each (scene, pixel)."""

    bands: tuple[Stretch, ...]
    mask: Stretch


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the arrays of one run lie: each input's bands and mask, then the outputs, planar."""

    parts: tuple[PartPlaces, ...]
    outputs: tuple[Stretch, ...]
    pixels: int
    input_bytes: int
    """Everything before the first output."""
    size: int

    def as_views(self) -> list[dict[str, Any]]:
        """Return the arrays in the order in which the loop takes them."""
        stretches = [place for part in self.parts for place in (*part.bands, part.mask)]
        return [place.as_view() for place in (*stretches, *self.outputs)]


def lay_out(kind: SamplesKind, outputs: tuple[SetupOutput, ...], *, pixels: int) -> Layout:
    """Return the places of all arrays for a run over this many pixels."""
    end = 0

    def place(dtype: str, length: int) -> Stretch:
        nonlocal end
        start = -(-end // _ALIGNMENT) * _ALIGNMENT
        end = start + np.dtype(dtype).itemsize * length
        return Stretch(dtype=dtype, offset=start, length=length)

    parts = tuple(
        PartPlaces(
            bands=tuple(place(band.dtype, part.scenes * pixels) for band in part.bands),
            mask=place("uint8", part.scenes * pixels),
        )
        for part in kind.parts
    )
    input_bytes = -(-end // _ALIGNMENT) * _ALIGNMENT
    end = input_bytes
    stretches = tuple(place(o.sample_type.dtype, pixels * o.bands) for o in outputs)
    return Layout(parts=parts, outputs=stretches, pixels=pixels, input_bytes=input_bytes, size=end)


def bytes_per_pixel(kind: SamplesKind, outputs: tuple[SetupOutput, ...]) -> int:
    """Return how much of the arena one pixel takes."""
    read = sum(
        part.scenes * (1 + sum(np.dtype(band.dtype).itemsize for band in part.bands))
        for part in kind.parts
    )
    return read + sum(np.dtype(o.sample_type.dtype).itemsize * o.bands for o in outputs)


def check_stripe(bands: tuple[str, ...], data: InputData, *, scenes: int | None) -> None:
    """Raise ValueError where the data is not what the script can be given.

    ``scenes``: how many there must be; None for one or none.
    """
    shape = data.valid.shape
    if len(shape) != 3 or (shape[0] != scenes if scenes is not None else shape[0] > 1):
        expected = "0 or 1" if scenes is None else scenes
        raise ValueError(f"the input must have shape ({expected}, row, col); found {shape}")
    for name in bands:
        if name == MASK:
            continue
        values: NDArray[Any] = data.bands[name].values
        if values.shape != shape:
            raise ValueError(f"band {name} has shape {values.shape}; its mask has {shape}")
        if str(values.dtype) not in _ARRAYS:
            raise ValueError(f"band {name} is {values.dtype}; allowed are {', '.join(_ARRAYS)}")


def write_loop(kind: SamplesKind, outputs: tuple[SetupOutput, ...]) -> str:
    """Return the body of the function that makes the loop; see ``run`` in stages.js."""
    names: list[str] = []
    for k, part in enumerate(kind.parts):
        names += [f"B{k}_{i}" for i in range(len(part.bands))]
        names.append(f"M{k}")
    names += [f"O{i}" for i in range(len(outputs))]
    views = ", ".join(f"{name} = views[{i}]" for i, name in enumerate(names))
    return "\n".join(
        (
            '"use strict";',
            "const { isArray, round, loose, settleOnly, settleAll, settleOne, box } = tools;",
            "const { scenes, inputMetadata, customData, outputMetadata } = context;",
            "return (views, count) => {",
            f"const {views};",
            "let p = 0, ended = false;",
            "try {",
            "for (; p < count; p++) {",
            *_samples(kind),
            "let r = evaluatePixel(s, scenes, inputMetadata, customData, outputMetadata);",
            *(_single(outputs[0]) if len(outputs) == 1 else _several(outputs)),
            "}",
            "ended = true;",
            "} finally {",
            "if (!ended) box.pixel = p;",
            "}",
            "};",
        )
    )


def _samples(kind: SamplesKind) -> list[str]:
    """Return the statements that make ``s`` at pixel ``p``."""
    if not kind.by_id and not kind.listed:
        return ["const m = M0[p];", "const q = p;", f"const s = {_sample(kind.parts[0], 0)};"]
    if not kind.by_id:
        return _list(kind.parts[0], 0, "s")
    lines = []
    for k, part in enumerate(kind.parts):
        lines += _list(part, k, f"s{k}")
    entries = ", ".join(f"{_key(part.id)}: s{k}" for k, part in enumerate(kind.parts))
    return [*lines, f"const s = {{ {entries} }};"]


def _list(part: PartKind, k: int, name: str) -> list[str]:
    """Return the statements that make a list of an input's samples."""
    if part.scenes == 0:
        return [f"const {name} = [];"]
    # The literal has its full length at once: growing an array by writing to a new index is
    # slow, and would call a setter that a script put on Array.prototype.
    empty = ", ".join(["null"] * part.scenes)
    return [
        f"const {name} = [{empty}];",
        f"for (let i = 0, q = p; i < {part.scenes}; i++, q += count) {{",
        f"const m = M{k}[q];",
        f"{name}[i] = {_sample(part, k)};",
        "}",
    ]


def _sample(part: PartKind, k: int) -> str:
    kinds = {band.name: (i, band) for i, band in enumerate(part.bands)}
    values = ", ".join(f"{json.dumps(name)}: {_value(name, kinds, k)}" for name in part.names)
    return f"{{ {values} }}"


def _key(name: str) -> str:
    # Written plainly, this one would be the object's prototype.
    return '["__proto__"]' if name == "__proto__" else json.dumps(name)


def _value(name: str, kinds: Mapping[str, tuple[int, BandKind]], k: int) -> str:
    if name == MASK:
        return "m"
    i, kind = kinds[name]
    value = f"B{k}_{i}[q]"
    if kind.scale != 1:
        value = f"{value} * {_literal(kind.scale)}"
    if kind.offset != 0:
        value = f"{value} + {_literal(kind.offset)}"
    return f"m ? {value} : {_literal(kind.missing)}"


def _literal(value: float) -> str:
    """Return JavaScript for exactly this double."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return f"({value!r})" if value < 0 else repr(value)


def _single(output: SetupOutput) -> list[str]:
    fits = f"isArray(r) && r.length >= {output.bands}"
    keyed = (
        f'if (typeof r === "object" && r !== null && !isArray(r) && isArray(r[{_id(output)}]) && '
        f"r[{_id(output)}].length >= {output.bands}) r = r[{_id(output)}]; "
    )
    unpack = f"if (!({fits})) {{ {keyed}else r = settleOnly(r); }}"
    if output.bands > 1:
        return [unpack, *_stores(output, "r", 0)]
    return [
        'if (typeof r !== "number") {',
        f'if (typeof r === "boolean") r = r ? 1 : 0; else {{ {unpack} r = r[0]; }}',
        "}",
        _store(output, "r", "O0[p]", 0),
    ]


def _id(output: SetupOutput) -> str:
    return json.dumps(output.id)


def _several(outputs: tuple[SetupOutput, ...]) -> list[str]:
    lines = ['if (typeof r !== "object" || r === null || isArray(r)) r = settleAll(r);', "let a;"]
    for i, output in enumerate(outputs):
        lines.append(f"a = r[{_id(output)}];")
        lines.append(f"if (!isArray(a) || !(a.length >= {output.bands})) a = settleOne(r, {i});")
        lines += _stores(output, "a", i)
    return lines


def _stores(output: SetupOutput, source: str, i: int) -> list[str]:
    if output.bands > _MAX_UNROLLED_BANDS:
        store = _store(output, f"{source}[b]", f"O{i}[q]", i)
        return [f"for (let b = 0, q = p; b < {output.bands}; b++, q += count) {store}"]
    return [
        _store(output, f"{source}[{b}]", f"O{i}[p + {b} * count]" if b else f"O{i}[p]", i)
        for b in range(output.bands)
    ]


def _store(output: SetupOutput, value: str, target: str, i: int) -> str:
    fetch = f'let v = {value}; if (typeof v !== "number") v = loose(v, {i});'
    if output.sample_type is SampleType.FLOAT32:
        return f"{{ {fetch} {target} = v; }}"
    low, high = _RANGES[output.sample_type]
    if output.sample_type is SampleType.AUTO:
        fetch += " v *= 255;"
    if low == 0:
        # V8's Math.round costs 10 ns. Adding a half and cutting is exact from 0.5 up, and
        # below, where 0.49999999999999994 + 0.5 is 1, the answer is 0; NaN goes there too.
        rounded = f"v >= 0.5 ? (v < {high} ? (v + 0.5) | 0 : {high}) : 0"
    else:
        rounded = f"v > {low} ? (v < {high} ? round(v) : {high}) : (v <= {low} ? {low} : 0)"
    return f"{{ {fetch} {target} = {rounded}; }}"
