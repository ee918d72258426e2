"""Ready scripts: one file each, and `scripts.toml` with what there is to say of them."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendEntry:
    """What one color of a script means."""

    color: str
    """``#rrggbb``."""
    label: str
    value: float | None = None
    """The value that gets exactly this color, where the script colors a value."""


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
    legend: tuple[LegendEntry, ...] | None
    """None where the colors are the picture itself."""
    text: str
    """The evalscript: one output of red, green, blue and alpha."""


@cache
def list_scripts() -> tuple[LibraryScript, ...]:
    """Return all scripts, the most used first."""
    described = tomllib.loads((_HERE / "scripts.toml").read_text(encoding="utf-8"))
    return tuple(
        LibraryScript(
            id=name,
            title=about["title"],
            description=about["description"],
            collection=about["collection"],
            bands=tuple(about["bands"]),
            legend=tuple(LegendEntry(**entry) for entry in about["legend"])
            if "legend" in about
            else None,
            text=(_HERE / f"{name}.js").read_text(encoding="utf-8"),
        )
        for name, about in described.items()
    )


def get_script(script_id: str) -> LibraryScript | None:
    """Return the script of this id, or None."""
    return next((script for script in list_scripts() if script.id == script_id), None)
