"""Pixels to try scripts on: plausible for what their bands are called, or as nasty as floats get.

`adversarial_inputs` is deterministic in its arguments, and knows every mosaicking and fusions.
"""

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evalscripts.program import (
    BandData,
    InputData,
    OrbitFacts,
    RunContext,
    SceneFacts,
    Selection,
)
from evalscripts.setup import Mosaicking, Setup, SetupInput

MASK = "dataMask"
ROWS = 7
"""Rows of every stripe; few and odd, so that vectors of lanes never fit."""

_LATEST = datetime(2020, 9, 21, 10, 30, 31, tzinfo=UTC)
_ISO = "%Y-%m-%dT%H:%M:%SZ"
_NASTY = np.array(
    [
        np.nan,
        np.inf,
        -np.inf,
        -0.0,
        0.0,
        5e-324,
        -5e-324,
        2.2250738585072014e-308,
        1.7976931348623157e308,
        -1.7976931348623157e308,
        3.4028234663852886e38,
        1.0,
        -1.0,
        0.49999999999999994,
        0.5,
        -0.5,
        2.5,
        255.0,
        256.0,
        65535.5,
        2147483647.0,
        2147483648.0,
        4294967296.5,
        -2147483649.0,
        9007199254740993.0,
        1e-7,
        1e21,
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the values of a band are like where nothing is wrong."""

    dtype: str
    low: float
    high: float
    scale: float = 1.0
    whole: bool = False
    """Numbers of classes: integers, each as likely as the next."""


_REFLECTANCE = Look(dtype="uint16", low=0, high=7000, scale=0.0001)
_NUMBERS = Look(dtype="uint16", low=0, high=9000)
_POWER = Look(dtype="float32", low=0.0005, high=0.6)
_KELVIN = Look(dtype="float32", low=230, high=330)
_CLASSES = Look(dtype="uint8", low=0, high=12, whole=True)
_FLAG = Look(dtype="uint8", low=0, high=2, whole=True)
ANYTHING = Look(dtype="uint8", low=0, high=256, whole=True)
"""Of bands whose names say nothing."""
_PERCENT = Look(dtype="uint8", low=0, high=101, whole=True)
_BITS = Look(dtype="uint16", low=0, high=65536, whole=True)
_DEGREES = Look(dtype="float32", low=0, high=180)
_LOOKS: tuple[tuple[str, Look], ...] = (
    (r"SCL|LCCS?\w*|CLC|CLC_ACC|Map|map|lulc|product", _CLASSES),
    (r"CLM|\w*[mM]ask\w*|(?:UDM2|udm2|haze)_\w+|clear|cloud|snow|shadow|WB", _FLAG),
    (r"CLP|\w*_?classification\w*|transitions", Look(dtype="uint8", low=0, high=255, whole=True)),
    (r"CLD|SNW|PROB|TCD|\w*CoverFraction\w*|FSC\w*|GF|SWI?\d*|confidence", _PERCENT),
    (r"BQA|QA\w*|\w*_QA\w*|QC\w*|QUAL\w*|quality_flags", _BITS),
    (r"VV|VH|HH|HV", _POWER),
    (r"\w*Angles?|\w*Zenith\w*|\w*Azimuth\w*", _DEGREES),
    (r"DEM|slope|canopyHeight|\w*HEIGHT", Look(dtype="float32", low=-60, high=4000)),
    (r"NO2|SO2|CO|HCHO|O3", Look(dtype="float32", low=-1e-5, high=0.05)),
    (r"CH4", Look(dtype="float32", low=1600, high=2000)),
    (r"AER_AI\w+|CLOUD_FRACTION|anomaly", Look(dtype="float32", low=-1, high=2)),
    (r"\w*PRESSURE", Look(dtype="float32", low=20000, high=101300)),
    (r"S[789]|F[12]|B10|LST|sst|\w*[tT]emperature", _KELVIN),
    (r"NDVI|LAI|FAPAR|PPI", Look(dtype="int16", low=-2000, high=10000, scale=0.0001)),
    (r"B\d\d?A?|S[1-6]|(?i:red|green|blue|nir|swir|pan)\w*", _REFLECTANCE),
)
_UNITS = {
    "REFLECTANCE": _REFLECTANCE,
    "DN": _NUMBERS,
    "BRIGHTNESS_TEMPERATURE": _KELVIN,
    "LINEAR_POWER": _POWER,
}


def look_of(band: str, unit: str | None) -> Look:
    """Return what a band's values are like, by its unit or else its name."""
    if unit is not None and unit.upper() in _UNITS:
        return _UNITS[unit.upper()]
    for pattern, look in _LOOKS:
        if re.fullmatch(pattern, band):
            return look
    return ANYTHING


def adversarial_inputs(
    setup: Setup,
    *,
    pixels: int = 210,
    scenes: int = 1,
    seed: int = 0,
    nasty: bool = False,
    near: Sequence[str] = (),
    numbers: Sequence[float] = (),
    seconds: float = 30.0,
) -> tuple[dict[str, InputData], RunContext]:
    """Return a stripe of at least so many pixels for each input, and the context of its request.

    ``scenes`` is how many scenes each ORBIT or TILE input has; a SIMPLE one has one, or none in a
    fusion where it is 0. A tenth of the samples is not valid, some pixels are zero in all bands,
    in some the bands are equal. ``nasty``: bands are stored as float64 or float32, a third of the
    values are NaN, infinities, −0, denormals, huge numbers and edges of integers, some bands
    cancel out, and where there is no data it may read NaN. The script's own ``numbers`` and their
    neighbors are among the values then: that is where its branches part. Some scenes are of the
    dates ``near``, which are ISO 8601, and of days around them.
    """
    random = np.random.default_rng((seed, scenes, pixels, nasty))
    shape = (ROWS, -(-pixels // ROWS))
    ids = tuple(entry.datasource or str(i) for i, entry in enumerate(setup.inputs))
    inputs: dict[str, InputData] = {}
    facts: dict[str, tuple[SceneFacts, ...]] = {}
    orbits: dict[str, tuple[OrbitFacts, ...]] = {}
    for name, entry in zip(ids, setup.inputs, strict=True):
        days = _dates(scenes, near, random)
        if entry.mosaicking is Mosaicking.ORBIT:
            orbits[name] = tuple(_orbit(day, i, random) for i, day in enumerate(days))
            facts[name] = ()
        elif entry.mosaicking is Mosaicking.TILE:
            facts[name] = tuple(_scene(day, i, random) for i, day in enumerate(_doubled(days)))
        else:
            days = days[:1] or ([] if setup.is_fusion else [_LATEST])
            facts[name] = tuple(_scene(day, i, random) for i, day in enumerate(days))
        edges = _edges(numbers) if nasty else None
        inputs[name] = _input(entry, (len(days), *shape), random, edges=edges)
    context = RunContext(
        input_ids=ids,
        scenes=facts,
        orbits=orbits,
        time={name: _span(near) for name in ids},
        normalization_factor=0.0001,
        service_version="1.0.0",
        seconds=seconds,
    )
    return inputs, context


def kept_inputs(inputs: Mapping[str, InputData], selection: Selection) -> dict[str, InputData]:
    """Return the inputs with the samples that a script's hooks have kept, in their order."""
    taken = dict(inputs)
    for name, kept in selection.kept.items():
        rows = list(kept)
        data = inputs[name]
        bands = {
            band: BandData(
                values=values.values[rows],
                scale=values.scale,
                offset=values.offset,
                missing=values.missing,
            )
            for band, values in data.bands.items()
        }
        taken[name] = InputData(bands=bands, valid=data.valid[rows])
    return taken


def _edges(numbers: Sequence[float]) -> NDArray[np.float64]:
    """Return the nasty values: a third of them are, where there are some, of the script's own."""
    if not numbers:
        return _NASTY
    own = np.array(sorted(set(numbers)))
    near = np.concatenate((own, np.nextafter(own, np.inf), np.nextafter(own, -np.inf), -own))
    return np.concatenate((np.tile(_NASTY, -(-2 * len(near) // len(_NASTY))), near))


def _input(
    entry: SetupInput,
    shape: tuple[int, int, int],
    random: np.random.Generator,
    *,
    edges: NDArray[np.float64] | None,
) -> InputData:
    nasty = edges is not None
    missing = float("nan") if nasty and random.random() < 0.5 else 0.0
    bands: dict[str, BandData] = {}
    before: NDArray[Any] | None = None
    zero = random.random(shape) < 0.04
    for band, unit in zip(entry.bands, entry.units, strict=True):
        if band == MASK:
            continue
        look = look_of(band, unit)
        own = np.random.default_rng((int(random.integers(1 << 30)), zlib.crc32(band.encode())))
        values = _plausible(look, shape, own)
        if edges is not None:
            values = _nasty(values * look.scale, edges, own)
        values[zero] = 0
        if before is not None and before.dtype == values.dtype:
            equal, cancel = own.random(shape) < 0.04, own.random(shape) < 0.04
            values[equal] = before[equal]
            if nasty:
                values[cancel] = -before[cancel]
        before = values
        scale = look.scale if values.dtype.kind in "iu" else 1.0
        bands[band] = BandData(values=values, scale=scale, missing=missing)
    valid = random.random(shape) > 0.1
    if shape[0] > 1:
        valid[:, random.random(shape[1:]) < 0.05] = False
    return InputData(bands=bands, valid=valid)


def _plausible(
    look: Look, shape: tuple[int, int, int], random: np.random.Generator
) -> NDArray[Any]:
    if look.whole:
        return random.integers(int(look.low), int(look.high), shape).astype(look.dtype)
    # Most values lie at the dark end, as those of imagery do.
    share = random.random(shape) ** np.where(random.random(shape) < 0.5, 1.0, 3.0)
    values = (look.low + share * (look.high - look.low)).astype(look.dtype)
    if np.dtype(look.dtype).kind in "iu":
        values[random.random(shape) < 0.01] = np.iinfo(look.dtype).max
    return values


def _nasty(
    usual: NDArray[Any], edges: NDArray[np.float64], random: np.random.Generator
) -> NDArray[Any]:
    picked = edges[random.integers(len(edges), size=usual.shape)]
    values = np.where(random.random(usual.shape) < 0.33, picked, usual.astype(np.float64))
    if random.random() < 0.3:
        with np.errstate(over="ignore", under="ignore"):
            return values.astype(np.float32)
    return values


def _dates(count: int, near: Sequence[str], random: np.random.Generator) -> list[datetime]:
    """Return days, the latest first: those named, some around them, others eight days apart."""
    anchors = [day for text in near if (day := _day(text)) is not None]
    days = {anchors[i] for i in random.permutation(len(anchors))[: max(1, count - 3)]}
    while len(days) < count:
        if anchors and random.random() < 0.6:
            middle = anchors[int(random.integers(len(anchors)))]
            days.add(middle + timedelta(days=int(random.integers(-40, 41))))
        else:
            days.add(_LATEST - timedelta(days=int(random.integers(0, 8 * max(count, 46)))))
    return sorted(days, reverse=True)[:count]


def _doubled(days: Sequence[datetime]) -> list[datetime]:
    """Return the times of scenes: every third day has two of them."""
    return [
        days[i - 1] - timedelta(seconds=14) if i % 3 == 2 else day for i, day in enumerate(days)
    ]


def _day(text: str) -> datetime | None:
    try:
        day = datetime.fromisoformat(text[:10])
    except ValueError:
        return None
    return day.replace(hour=10, minute=30, second=31, tzinfo=UTC)


def _span(near: Sequence[str]) -> tuple[str, str]:
    days = sorted([day for text in near if (day := _day(text)) is not None] + [_LATEST])
    first = min(days[0], _LATEST - timedelta(days=365)) - timedelta(days=45)
    return f"{first:{_ISO}}", f"{days[-1] + timedelta(days=45):{_ISO}}"


def _scene(day: datetime, i: int, random: np.random.Generator) -> SceneFacts:
    cloud = None if random.random() < 0.05 else round(float(random.uniform(0, 100)), 2)
    path = f"s3://imagery/tiles/33/T/VM/{day:%Y/%m/%d}/{i}"
    if random.random() < 0.5:
        path = f"s3://imagery/mosaics/{day:%Y-%m-%d}T1330/{i}"
    return SceneFacts(date=f"{day:{_ISO}}", cloud_cover=cloud, data_path=path, id=str(1000 + i))


def _orbit(day: datetime, i: int, random: np.random.Generator) -> OrbitFacts:
    count = 1 + int(random.integers(3))
    times = [day - timedelta(seconds=14 * k) for k in range(count)]
    return OrbitFacts(
        date_from=f"{day:%Y-%m-%d}T00:00:00Z",
        date_to=f"{day:%Y-%m-%d}T23:59:59Z",
        tiles=tuple(_scene(time, 10 * i + k, random) for k, time in enumerate(times)),
    )
