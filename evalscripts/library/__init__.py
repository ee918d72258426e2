"""Ready scripts: one file each, and `scripts.toml` with what there is to say of them."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


class LegendKind(Enum):
    """How a legend is to be drawn."""

    RAMP = "ramp"
    """Colors run from entry to entry; each has a value."""
    CLASSES = "classes"
    """Each entry is a color of its own; one with a value begins there."""
    CHANNELS = "channels"
    """What red, green and blue of the picture show."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendEntry:
    """What one color of a script means."""

    color: str
    """``#rrggbb``."""
    label: str
    value: float | None = None
    """The value that gets exactly this color, where the script colors a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueRange:
    """The number that a script colors."""

    name: str
    """With its unit, where it has one."""
    low: float
    """Where the colors begin; values below look the same."""
    high: float
    """Where they end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherSource:
    """A second source of a fusion."""

    id: str
    """The ``datasource`` that the script names; the first source is the other one."""
    collection: str
    bands: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryScript:
    """A script that comes with Cogmill."""

    id: str
    """Its name in URLs and on the command line."""
    title: str
    description: str
    """One or two sentences for people."""
    collection: str
    """The kind of collection it reads, such as ``sentinel-2-l2a``."""
    bands: tuple[str, ...]
    """What it reads of it, without ``dataMask``."""
    source: str | None
    """The ``datasource`` that the script calls it by; None where there is only one."""
    also: OtherSource | None
    """The other collection that a fusion reads."""
    mosaicking: str
    """``SIMPLE``; ``ORBIT`` where it looks at all dates of a request."""
    kind: LegendKind
    legend: tuple[LegendEntry, ...]
    value: ValueRange | None
    """None where the colors are the picture itself."""
    text: str
    """The evalscript: one output of red, green, blue and alpha."""


@cache
def list_scripts() -> tuple[LibraryScript, ...]:
    """Return all scripts, the most used first."""
    described = tomllib.loads((_HERE / "scripts.toml").read_text(encoding="utf-8"))
    return tuple(_script(name, about) for name, about in described.items())


def get_script(script_id: str) -> LibraryScript | None:
    """Return the script of this id, or None."""
    return next((script for script in list_scripts() if script.id == script_id), None)


def script_text(text: str) -> str:
    """Return the text of the ready script whose id ``text`` is; any other text is a script's own.

    No script is lost by this: an id alone returns nothing.
    """
    ready = get_script(text.strip())
    return text if ready is None else ready.text


def _script(name: str, about: Mapping[str, Any]) -> LibraryScript:
    also = about.get("also")
    value = about.get("value")
    return LibraryScript(
        id=name,
        title=about["title"],
        description=about["description"],
        collection=about["collection"],
        bands=tuple(about["bands"]),
        source=about.get("source"),
        also=also and OtherSource(**{**also, "bands": tuple(also["bands"])}),
        mosaicking=about.get("mosaicking", "SIMPLE"),
        kind=LegendKind(about["kind"]),
        legend=tuple(LegendEntry(**entry) for entry in about["legend"]),
        value=value and ValueRange(**value),
        text=(_HERE / f"{name}.js").read_text(encoding="utf-8"),
    )
