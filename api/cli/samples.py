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
from engine.sample import SampleSpec, write_samples
from engine.store.route import open_store

COLLECTION = "sentinel-2-l2a"
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
        data_roots=(folder / "scenes",),
        anonymous_read=True,
        host="127.0.0.1",
        # People look at the page; a line for each map tile would hide what matters.
        log_level="warning",
    )
    spec = _spec(pixels)
    scenes = folder / "scenes"
    is_complete = _is_complete(scenes, spec)
    if not is_complete:
        _write(scenes, spec)
    run(_register(settings, scenes, spec, is_new=not is_complete))
    if not is_complete:
        (scenes / STAMP).write_text(json.dumps(_stamp(scenes, spec)), encoding="utf-8")
    _write_settings(folder)
    return settings


def _spec(pixels: int | None) -> SampleSpec:
    try:
        return SampleSpec() if pixels is None else SampleSpec(pixels=pixels)
    except ValueError as error:
        raise RequestError(str(error), where="--pixels") from error


def _write(scenes: Path, spec: SampleSpec) -> None:
    scenes.mkdir(parents=True, exist_ok=True)
    (scenes / STAMP).unlink(missing_ok=True)
    ERR.print(f"The first start makes sample scenes in {scenes}.", style="dim", markup=False)
    with progress("making sample scenes") as step:
        write_samples(scenes, spec, on_progress=lambda part: step(round(100 * part), 100, "%"))


async def _register(settings: Settings, scenes: Path, spec: SampleSpec, *, is_new: bool) -> None:
    async with open_catalog(settings) as catalog:
        known = await catalog.count(SceneQuery(collection=COLLECTION))
        if not is_new and known >= len(spec.overpasses) * len(spec.zones):
            return
        store = open_store(store_options(settings))
        try:
            with progress("registering scenes") as step:
                report = await ingest(catalog, store, COLLECTION, [str(scenes)], on_progress=step)
        finally:
            await store.close()
    for name, reason in report.refused:
        warn(f"refused {name}: {reason}")


def _stamp(scenes: Path, spec: SampleSpec) -> Mapping[str, Any]:
    files = sorted(path for path in scenes.glob("*/*") if path.is_file())
    return {
        "made": _made(spec),
        "bytes": {path.relative_to(scenes).as_posix(): path.stat().st_size for path in files},
    }


def _made(spec: SampleSpec) -> str:
    return f"cogmill {version('cogmill')}: {spec!r}"


def _is_complete(scenes: Path, spec: SampleSpec) -> bool:
    """Return True where every file that the stamp names is there in full."""
    try:
        stamp = json.loads((scenes / STAMP).read_text(encoding="utf-8"))
        return bool(stamp["made"] == _made(spec)) and all(
            (scenes / name).stat().st_size == size for name, size in stamp["bytes"].items()
        )
    except (OSError, ValueError, TypeError, KeyError):
        return False


def _write_settings(folder: Path) -> None:
    # JSON's strings and lists are TOML's too.
    lines = (
        f"home = {json.dumps(str(folder))}",
        f"data_roots = {json.dumps([str(folder / 'scenes')])}",
        "anonymous_read = true",
    )
    (folder / SETTINGS).write_text("\n".join(lines) + "\n", encoding="utf-8")
