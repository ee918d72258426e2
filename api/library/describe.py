"""A ready script → JSON, for the API, the command and the page."""

from typing import Any

from engine.errors import NotFound
from evalscripts.library import LibraryScript, get_script, list_scripts

Json = dict[str, Any]


def find_script(script_id: str) -> LibraryScript:
    """Return the ready script of this id; raises `NotFound`."""
    script = get_script(script_id)
    if script is None:
        known = ", ".join(ready.id for ready in list_scripts())
        message = f"there is no ready script {script_id[:60]!r}; there are: {known}"
        raise NotFound(message)
    return script


def describe_script(script: LibraryScript) -> Json:
    """Return what there is to know of a ready script, but for its text."""
    also = script.also
    return {
        "id": script.id,
        "title": script.title,
        "description": script.description,
        "collection": script.collection,
        "source": script.source,
        "bands": list(script.bands),
        "also": also and {"id": also.id, "collection": also.collection, "bands": list(also.bands)},
        "mosaicking": script.mosaicking,
        **describe_legend(script),
    }


def describe_legend(script: LibraryScript) -> Json:
    """Return what its colors mean: ``kind`` (ramp, classes or channels), ``legend``, ``value``."""
    value = script.value
    return {
        "kind": script.kind.value,
        "legend": [
            {"color": entry.color, "label": entry.label, "value": entry.value}
            for entry in script.legend
        ],
        "value": value and {"name": value.name, "low": value.low, "high": value.high},
    }
