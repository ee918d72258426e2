"""Finished files → one HTTP response, and the headers that go with it."""

import json
from collections.abc import Mapping, Sequence

from starlette.responses import Response

from engine.encode.encoded import Encoded
from engine.samples import Pixels

DEBUG_BYTES = 4096
"""Longest header of ours; servers and proxies refuse much longer ones."""

NO_SNIFFING = {"X-Content-Type-Options": "nosniff"}
"""Keeps browsers from reading a file as another type than it says."""


def respond(file: Encoded, *, headers: Mapping[str, str]) -> Response:
    """Return the response that carries ``file``."""
    return Response(file.body, media_type=file.media_type, headers={**NO_SNIFFING, **headers})


def units_header(units: float) -> dict[str, str]:
    """Return the header with processing units, 4 decimals at most."""
    return {"x-processingunits-spent": f"{units:.4f}".rstrip("0").rstrip(".")}


def facts_header(pixels: Pixels) -> dict[str, str]:
    """Return ``X-Cogmill-Facts``, ASCII JSON of at most `DEBUG_BYTES`: what was drawn from what.

    ``{"tier": "v8", "inputs": {"0": {"samples": 12, "scenes": 14}}}``: the tier that the script
    ran in, and of each input how many samples a pixel had and how many scenes filled pixels.
    Inputs beyond what fits are left out.
    """
    layers, scenes = pixels.facts.get("layers", {}), pixels.facts.get("scenes", {})
    inputs: dict[str, dict[str, int]] = {}
    facts = {"tier": pixels.facts.get("tier"), "inputs": inputs}
    for name, count in layers.items():
        inputs[name] = {"samples": count, "scenes": len(scenes.get(name, ()))}
        if len(json.dumps(facts)) > DEBUG_BYTES:
            del inputs[name]
            break
    return {"X-Cogmill-Facts": json.dumps(facts)}


def debug_header(console: Sequence[str], *, is_cut: bool) -> dict[str, str]:
    """Return ``X-Cogmill-Debug``: what the script printed, as ASCII JSON; {} where it did not.

    ``{"console": ["…"], "cut": false}`` of at most `DEBUG_BYTES`: the first lines that fit, or the
    start of the first line; ``cut`` is true where anything is missing.
    """
    if not console and not is_cut:
        return {}
    kept: list[str] = []
    size = len(_debug_json(kept, is_cut=False))
    for line in console:
        size += len(json.dumps(line)) + 2
        if size > DEBUG_BYTES:
            is_cut = True
            break
        kept.append(line)
    if console and not kept:
        # A character takes 12 bytes at most: two escapes.
        kept.append(console[0][: (DEBUG_BYTES - 64) // 12])
    return {"X-Cogmill-Debug": _debug_json(kept, is_cut=is_cut)}


def _debug_json(lines: Sequence[str], *, is_cut: bool) -> str:
    return json.dumps({"console": list(lines), "cut": is_cut})
