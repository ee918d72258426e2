"""`cogmill info`: versions, settings in effect, what is ready."""

import platform
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from api.cli.output import OUT, AsJson, print_facts, print_json
from api.settings import describe, load_settings
from evalscripts.library import list_scripts

LIBRARIES = ("numpy", "numba", "rasterio", "pyproj", "mini-racer", "fastapi", "imagecodecs")


def info(
    *,
    settings: Annotated[
        bool, typer.Option("--settings", help="Print the page of all settings instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say which versions run, where the catalog is and which scripts are ready."""
    if settings:
        OUT.print(describe(), markup=False)
        return
    chosen = load_settings()
    facts = {
        "cogmill": version("cogmill"),
        "python": f"{sys.version.split()[0]} on {platform.machine()}",
        **{name: version(name) for name in LIBRARIES},
        "home": str(chosen.home.absolute()),
        "scripts": ", ".join(script.id for script in list_scripts()),
    }
    if as_json:
        print_json(facts)
    else:
        print_facts(facts)
