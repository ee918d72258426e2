"""`prepare_demo`: sample scenes on disk and in a catalog of their own."""

import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from api.cli.listing import open_catalog
from api.cli.output import ERR, progress, run, warn
from api.settings import Settings, load_settings
from api.wiring import store_options
from engine.catalog.search import SceneQuery
from engine.errors import RequestError
from engine.ingest import ingest
from engine.sample import COMPANIONS, SampleSpec, write_companions, write_samples
from engine.store.route import open_store

COLLECTION = "sentinel-2-l2a"
SCENES = "scenes"
OTHERS = "others"
"""Folders of Sentinel-2's scenes, and of other satellites' over the same ground."""
STAMP = ".complete"
"""Says what was made, file by file; written last."""
SETTINGS = "settings.toml"
"""With it other commands see the demo's data: ``--settings cogmill-demo/settings.toml``."""


def prepare_demo(folder: Path, *, pixels: int | None = None) -> Settings:
    """Return the settings to serve the sample scenes below ``folder`` with.

    What is there already stays; what is missing, half written or of another make is made anew.
    """
    settings = load_settings(
        home=folder,
        data_roots=(folder / SCENES, folder / OTHERS),
        anonymous_read=True,
        host="127.0.0.1",
        # People look at the page; a line for each map tile would hide what matters.
        log_level="warning",
    )
    spec = _spec(pixels)
    is_complete = _is_complete(folder, spec)
    if not is_complete:
        _write(folder, spec)
    run(_register(settings, folder, spec, is_new=not is_complete))
    if not is_complete:
        stamp = json.dumps(_stamp(folder, spec))
        (folder / SCENES / STAMP).write_text(stamp, encoding="utf-8")
    _write_settings(folder)
    return settings


def _spec(pixels: int | None) -> SampleSpec:
    try:
        return SampleSpec() if pixels is None else SampleSpec(pixels=pixels)
    except ValueError as error:
        raise RequestError(str(error), where="--pixels") from error


def _write(folder: Path, spec: SampleSpec) -> None:
    scenes = folder / SCENES
    scenes.mkdir(parents=True, exist_ok=True)
    (scenes / STAMP).unlink(missing_ok=True)
    ERR.print(f"The first start makes sample scenes in {folder}.", style="dim", markup=False)
    with progress("making sample scenes") as step:
        write_samples(scenes, spec, on_progress=lambda part: step(round(90 * part), 100, "%"))
        write_companions(folder / OTHERS, spec)
        step(100, 100, "%")


async def _register(settings: Settings, folder: Path, spec: SampleSpec, *, is_new: bool) -> None:
    places = {COLLECTION: folder / SCENES} | {name: folder / OTHERS / name for name in COMPANIONS}
    async with open_catalog(settings) as catalog:
        known = await catalog.count(SceneQuery(collection=COLLECTION))
        if not is_new and known >= len(spec.overpasses) * len(spec.zones):
            return
        store = open_store(store_options(settings))
        refused: list[tuple[str, str]] = []
        try:
            with progress("registering scenes") as step:
                for collection, place in places.items():
                    report = await ingest(
                        catalog, store, collection, [str(place)], on_progress=step
                    )
                    refused += report.refused
        finally:
            await store.close()
    for name, reason in refused:
        warn(f"refused {name}: {reason}")


def _stamp(folder: Path, spec: SampleSpec) -> Mapping[str, Any]:
    found = [*folder.glob(f"{SCENES}/*/*"), *folder.glob(f"{OTHERS}/*/*/*")]
    files = sorted(path for path in found if path.is_file())
    return {
        "made": _made(spec),
        "bytes": {path.relative_to(folder).as_posix(): path.stat().st_size for path in files},
    }


def _made(spec: SampleSpec) -> str:
    return f"cogmill {version('cogmill')}: {spec!r}"


def _is_complete(folder: Path, spec: SampleSpec) -> bool:
    """Return True where every file that the stamp names is there in full."""
    try:
        stamp = json.loads((folder / SCENES / STAMP).read_text(encoding="utf-8"))
        return bool(stamp["made"] == _made(spec)) and all(
            (folder / name).stat().st_size == size for name, size in stamp["bytes"].items()
        )
    except (OSError, ValueError, TypeError, KeyError):
        return False


def _write_settings(folder: Path) -> None:
    # JSON's strings and lists are TOML's too.
    lines = (
        f"home = {json.dumps(str(folder))}",
        f"data_roots = {json.dumps([str(folder / name) for name in (SCENES, OTHERS)])}",
        "anonymous_read = true",
    )
    (folder / SETTINGS).write_text("\n".join(lines) + "\n", encoding="utf-8")
