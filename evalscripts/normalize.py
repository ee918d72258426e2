"""What setup() returned → `Setup`; every tolerated spelling ends here.

Tolerated, because scripts in the wild are written so: one object where a list is meant, band
names straight in ``input``, any letter case of mosaicking, sample types and units, ``unit`` for
``units``, repeated bands, keys we do not know. Everything else is an error that says what was
found and what is allowed.
"""

import re
from collections.abc import Callable
from typing import Any

from evalscripts.setup import Mosaicking, SampleType, Setup, SetupInput, SetupOutput

MAX_BANDS = 1000
_BAND = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,63}")
_OUTPUT_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,63}")
_FORBIDDEN_NAME = "__proto__"
_NUMBERS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}

Refuse = Callable[[str], Exception]


def normalize_setup(found: Any, refuse: Refuse) -> Setup:
    """Return the setup of what setup() returned, as JSON values.

    ``refuse`` makes the error that is raised of a reason. A value that JSON cannot hold comes as
    ``{"$js": text}``.
    """
    if not isinstance(found, dict):
        raise refuse(f"setup() must return an object with input and output; found {_shown(found)}")
    for key in ("input", "output"):
        if found.get(key) is None:
            keys = ", ".join(found) or "no keys"
            raise refuse(
                "setup() must return an object with input and output; "
                f"{key} is missing, found {keys}"
            )
    default = _mosaicking(found.get("mosaicking"), "mosaicking", refuse)
    inputs = _inputs(found["input"], default, refuse)
    outputs = _outputs(found["output"], refuse)
    return Setup(inputs=inputs, outputs=outputs)


def normalize_band_counts(
    found: Any, outputs: tuple[SetupOutput, ...], refuse: Refuse
) -> tuple[SetupOutput, ...]:
    """Return the outputs with the band counts that updateOutput() left, id → count."""
    changed = []
    for output in outputs:
        value = found.get(output.id) if isinstance(found, dict) else None
        bands = _band_count(value, f"outputs.{output.id}.bands after updateOutput()", refuse)
        changed.append(
            output
            if bands == output.bands
            else SetupOutput(
                id=output.id, bands=bands, sample_type=output.sample_type, nodata=output.nodata
            )
        )
    _check_total(changed, refuse)
    return tuple(changed)


# ---- input -----------------------------------------------------------------------------------


def _inputs(found: Any, default: Mosaicking, refuse: Refuse) -> tuple[SetupInput, ...]:
    if isinstance(found, dict | str):
        found = [found]
    if not isinstance(found, list) or not found:
        raise refuse(
            f"input must be a list of band names or of objects with bands; found {_shown(found)}"
        )
    if all(isinstance(entry, str) for entry in found):
        found = [{"bands": found}]
    inputs = tuple(_input(entry, f"input[{i}]", default, refuse) for i, entry in enumerate(found))
    for i, one in enumerate(inputs):
        if any(one.datasource == other.datasource is not None for other in inputs[:i]):
            raise refuse(f'input[{i}].datasource must be unique; "{one.datasource}" is there twice')
    return inputs


def _input(found: Any, where: str, default: Mosaicking, refuse: Refuse) -> SetupInput:
    if not isinstance(found, dict) or "bands" not in found:
        raise refuse(f"{where} must be an object with bands; found {_shown(found)}")
    names = found["bands"]
    if isinstance(names, str):
        names = [names]
    if not isinstance(names, list) or not names:
        raise refuse(f"{where}.bands must be a list of band names; found {_shown(names)}")
    for i, name in enumerate(names):
        if not isinstance(name, str) or not _BAND.fullmatch(name) or name == _FORBIDDEN_NAME:
            raise refuse(f"{where}.bands[{i}] must be a band's name; found {_shown(name)}")
    units = _units(found.get("units", found.get("unit")), names, where, refuse)
    firsts = {name: i for i, name in reversed(list(enumerate(names)))}
    kept = sorted(firsts.values())
    datasource = found.get("datasource")
    if datasource is not None and not isinstance(datasource, str):
        raise refuse(
            f"{where}.datasource must be the id of one of the request's inputs; "
            f"found {_shown(datasource)}"
        )
    metadata = found.get("metadata") or []
    if isinstance(metadata, str):
        metadata = [metadata]
    if not isinstance(metadata, list):
        raise refuse(
            f'{where}.metadata must be a list such as ["bounds"]; found {_shown(metadata)}'
        )
    mosaicking = (
        default
        if found.get("mosaicking") is None
        else _mosaicking(found["mosaicking"], f"{where}.mosaicking", refuse)
    )
    return SetupInput(
        bands=tuple(names[i] for i in kept),
        units=tuple(units[i] for i in kept),
        datasource=datasource,
        mosaicking=mosaicking,
        metadata=tuple(entry.lower() for entry in metadata if isinstance(entry, str)),
    )


def _units(found: Any, names: list[str], where: str, refuse: Refuse) -> list[str | None]:
    if found is None:
        return [None] * len(names)
    if isinstance(found, str):
        # dataMask has no unit; a unit for all bands does not mean it.
        return [None if name == "dataMask" else found for name in names]
    if not isinstance(found, list) or not all(isinstance(u, str | None) for u in found):
        raise refuse(
            f"{where}.units must be a unit or a list with one per band; found {_shown(found)}"
        )
    if len(found) == 1:
        return _units(found[0], names, where, refuse)
    if len(found) != len(names):
        raise refuse(
            f"{where}.units must have one unit per band ({len(names)}); found {len(found)}"
        )
    return list(found)


def _mosaicking(found: Any, where: str, refuse: Refuse) -> Mosaicking:
    if found is None:
        return Mosaicking.SIMPLE
    if isinstance(found, str) and found.upper() in Mosaicking.__members__:
        return Mosaicking[found.upper()]
    raise refuse(f"{where} must be SIMPLE, ORBIT or TILE; found {_shown(found)}")


# ---- output ----------------------------------------------------------------------------------


def _outputs(found: Any, refuse: Refuse) -> tuple[SetupOutput, ...]:
    if isinstance(found, dict) and "$js" not in found:
        found = [found]
    if not isinstance(found, list) or not found:
        raise refuse(
            f"output must be an object with bands, or a list of them; found {_shown(found)}"
        )
    outputs: list[SetupOutput] = []
    for i, entry in enumerate(found):
        where = f"output[{i}]" if len(found) > 1 else "output"
        output = _output(entry, where, refuse)
        if any(output.id == other.id for other in outputs):
            raise refuse(f'{where}.id must be unique; "{output.id}" is there twice')
        outputs.append(output)
    _check_total(outputs, refuse)
    return tuple(outputs)


def _output(found: Any, where: str, refuse: Refuse) -> SetupOutput:
    if not isinstance(found, dict) or "bands" not in found:
        raise refuse(f"{where} must be an object with bands; found {_shown(found)}")
    name = found.get("id")
    name = "default" if name is None else name
    if not isinstance(name, str) or not _OUTPUT_ID.fullmatch(name) or name == _FORBIDDEN_NAME:
        raise refuse(
            f"{where}.id must be made of letters, digits, _, - and .; found {_shown(name)}"
        )
    bands: Any = found["bands"]
    band_names: tuple[str, ...] | None = None
    if isinstance(bands, list):
        if not bands or not all(isinstance(b, str) for b in bands) or len(set(bands)) < len(bands):
            raise refuse(
                f"{where}.bands must be a number or a list of different names; "
                f"found {_shown(bands)}"
            )
        band_names = tuple(bands)
        bands = len(band_names)
    return SetupOutput(
        id=name,
        bands=_band_count(bands, f"{where}.bands", refuse),
        sample_type=_sample_type(found.get("sampleType"), f"{where}.sampleType", refuse),
        nodata=_nodata(found.get("nodataValue"), f"{where}.nodataValue", refuse),
        band_names=band_names,
    )


def _band_count(found: Any, where: str, refuse: Refuse) -> int:
    whole = isinstance(found, int | float) and not isinstance(found, bool) and found == int(found)
    if not whole or not 1 <= found <= MAX_BANDS:
        raise refuse(f"{where} must be a whole number from 1 to {MAX_BANDS}; found {_shown(found)}")
    return int(found)


def _check_total(outputs: list[SetupOutput], refuse: Refuse) -> None:
    total = sum(output.bands for output in outputs)
    if total > MAX_BANDS:
        raise refuse(f"all outputs together may have {MAX_BANDS} bands; found {total}")


def _sample_type(found: Any, where: str, refuse: Refuse) -> SampleType:
    if found is None:
        return SampleType.AUTO
    if isinstance(found, str) and found.upper() in SampleType.__members__:
        return SampleType[found.upper()]
    raise refuse(f"{where} must be {', '.join(SampleType.__members__)}; found {_shown(found)}")


def _nodata(found: Any, where: str, refuse: Refuse) -> float | None:
    if found is None:
        return None
    if isinstance(found, dict) and found.get("$js") in _NUMBERS:
        return _NUMBERS[found["$js"]]
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise refuse(f"{where} must be a number; found {_shown(found)}")
    return float(found)


def _shown(found: Any) -> str:
    """Return the value as a reader of JavaScript would write it, cut to be readable."""
    if isinstance(found, dict):
        if "$js" in found:
            return str(found["$js"])[:80]
        return "an object with " + ", ".join(found)[:80] if found else "an empty object"
    if isinstance(found, list):
        return f"a list of {len(found)}" if found else "an empty list"
    if isinstance(found, bool):
        return "true" if found else "false"
    if found is None:
        return "null or nothing"
    return f'"{found[:80]}"' if isinstance(found, str) else str(found)
