"""The built-in collections as data: one TOML file each, beside this one.

A file holds the collection's own fields, ``aliases`` (legacy names that clients still send),
``kinds`` (what bands have in common) and ``bands``, each of a kind whose fields it may override.
"""

import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

from engine.catalog.collection import Collection
from engine.catalog.form import from_form, to_form
from engine.catalog.protocol import Catalog
from engine.errors import Conflict


def builtin_collections() -> Sequence[Collection]:
    """Return the built-in collections, sorted by id."""
    return [from_form(_form_of(text)) for _, text in sorted(_definitions().items())]


def resolve_collection_id(text: str) -> str:
    """Return the id of the collection that ``text`` names.

    Legacy names (``S2L2A``) and the ids of built-in collections are found in any case; anything
    else, such as a user's own collection, is returned as it is.
    """
    return _aliases().get(text.lower(), text)


def is_builtin(collection_id: str) -> bool:
    """Return True where the collection's bands are defined here, not by a user."""
    return collection_id in _definitions()


def other_band_names(collection_id: str) -> Mapping[str, str]:
    """Return other names of bands (STAC's common names, names in files) → the band."""
    names: Mapping[str, str] = _definitions().get(collection_id, {}).get("other_names", {})
    return names


async def ensure_builtin(catalog: Catalog) -> None:
    """Register the built-in collections, or write anew those whose definition has changed."""
    known = {collection.id: collection for collection in await catalog.collections()}
    for collection in builtin_collections():
        before = known.get(collection.id)
        if before is None:
            try:
                await catalog.add_collection(collection)
            except Conflict:
                # Another process that starts at the same time came first, with the same data.
                continue
        elif to_form(before) != to_form(collection):
            await catalog.replace_collection(collection)


@lru_cache(maxsize=1)
def _definitions() -> Mapping[str, Mapping[str, Any]]:
    folder = files(__name__)
    texts = [file.read_text("utf-8") for file in folder.iterdir() if file.name.endswith(".toml")]
    parsed = [tomllib.loads(text) for text in texts]
    return {definition["id"]: definition for definition in parsed}


@lru_cache(maxsize=1)
def _aliases() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, definition in _definitions().items():
        found[name.lower()] = name
        found.update({alias.lower(): name for alias in definition.get("aliases", ())})
    return found


def _form_of(definition: Mapping[str, Any]) -> dict[str, Any]:
    kinds = definition["kinds"]
    bands = []
    for name, own in definition["bands"].items():
        band = {**kinds[own["kind"]], **own, "name": name}
        band["units"] = [{"name": unit, **facts} for unit, facts in band["units"].items()]
        bands.append(band)
    return {**definition, "bands": bands}
