"""`cogmill info`: versions, settings in effect, what is ready."""

import platform
import sys
from importlib.metadata import version
from typing import Annotated

import typer

from api.cli.output import AsJson, print_facts, print_json
from api.settings import describe, load_settings

LIBRARIES = ("numpy", "numba", "rasterio", "pyproj", "mini-racer", "fastapi", "imagecodecs")


def info(
    *,
    settings: Annotated[
        bool, typer.Option("--settings", help="Print the page of all settings instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say which versions run, where the data are and which scripts are ready.

    [bold]Examples[/]

    cogmill info --json

    cogmill info --settings > SETTINGS.md
    """
    from evalscripts.library import list_scripts

    if settings:
        sys.stdout.write(describe())
        return
    chosen = load_settings()
    facts = {
        "cogmill": version("cogmill"),
        "python": f"{sys.version.split()[0]} on {platform.machine()}",
        **{name: version(name) for name in LIBRARIES},
        "home": str(chosen.home.absolute()),
        "data roots": [str(root.absolute()) for root in chosen.data_roots],
        "data hosts": list(chosen.data_hosts),
        "scripts": [script.id for script in list_scripts()],
    }
    if as_json:
        print_json(facts)
    else:
        print_facts(
            {
                name: ", ".join(value) or "none" if isinstance(value, list) else value
                for name, value in facts.items()
            }
        )
