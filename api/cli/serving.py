"""`cogmill serve` and `cogmill demo`."""

import socket
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn

from api.cli.output import ERR, OUT, progress, run
from api.settings import Settings, load_settings, publish
from api.wiring import engine_options
from engine.catalog.definitions import ensure_builtin
from engine.catalog.search import SceneQuery
from engine.catalog.sqlite import SqliteCatalog
from engine.database.connection import open_database
from engine.ingest import ingest
from engine.run.warm import warm_kernels
from engine.sample import SampleSpec, write_samples
from engine.store.route import open_store

DEMO_COLLECTION = "sentinel-2-l2a"

Host = Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")]
Port = Annotated[int | None, typer.Option(help="Port to listen on; 0: a free one.")]


def serve(
    *,
    host: Host = None,
    port: Port = None,
    workers: Annotated[int | None, typer.Option(help="Server processes.")] = None,
    settings: Annotated[Path | None, typer.Option(help="TOML file of settings.")] = None,
) -> None:
    """Serve the APIs and the page. Settings: cogmill info --settings.

    [bold]Example[/]  COGMILL_DATA_ROOTS=/data cogmill serve --port 8000 --workers 2
    """
    chosen: dict[str, Any] = {"host": host, "port": port, "workers": workers}
    given = {name: value for name, value in chosen.items() if value is not None}
    _serve(load_settings(settings, **given))


def demo(
    *,
    folder: Annotated[Path, typer.Option(help="Where scenes and catalog are kept.")] = Path(
        "cogmill-demo"
    ),
    port: Port = None,
    pixels: Annotated[
        int | None, typer.Option(help="Columns and rows of a scene at 10 m; smaller is quicker.")
    ] = None,
) -> None:
    """Make sample scenes, register them and serve them on 127.0.0.1.

    A second start finds everything made. Ctrl-C ends it.

    [bold]Example[/]  cogmill demo --port 8000
    """
    folder = folder.absolute()
    settings = load_settings(
        home=folder,
        data_roots=(folder / "scenes",),
        anonymous_read=True,
        host="127.0.0.1",
        port=_free_port(8000) if port is None else port,
    )
    prepare_demo(settings, folder / "scenes", pixels=pixels)
    _serve(settings)


def prepare_demo(settings: Settings, scenes: Path, *, pixels: int | None = None) -> None:
    """Write and register the sample scenes under ``scenes``, where that is not done yet."""
    spec = SampleSpec() if pixels is None else SampleSpec(pixels=pixels)
    stamp = scenes / ".complete"
    if not stamp.exists() or stamp.read_text() != repr(spec):
        with progress("making sample scenes") as step:
            write_samples(
                scenes, spec, on_progress=lambda part: step(round(100 * part), 100, "percent")
            )
        stamp.write_text(repr(spec))
    folders = sum(1 for entry in scenes.iterdir() if entry.is_dir())
    run(_register(settings, scenes, folders=folders))


async def _register(settings: Settings, scenes: Path, *, folders: int) -> None:
    options = engine_options(settings)
    database = await open_database(options.database_url)
    store = open_store(options.store)
    try:
        catalog = SqliteCatalog(database)
        await ensure_builtin(catalog)
        if await catalog.count(SceneQuery(collection=DEMO_COLLECTION)) >= folders:
            return
        with progress("registering scenes") as step:
            report = await ingest(catalog, store, DEMO_COLLECTION, [str(scenes)], on_progress=step)
        for name, reason in report.refused:
            ERR.print(f"refused {name}: {reason}", markup=False)
    finally:
        await store.close()
        await database.close()


def _serve(settings: Settings) -> None:
    """Run uvicorn until it is told to stop."""
    started = datetime.now(UTC)
    publish(settings)
    with ERR.status("compiling kernels (the first start takes longer)…"):
        warm_kernels()
    seconds = (datetime.now(UTC) - started).total_seconds()
    address = f"http://{settings.host}:{settings.port}/"
    OUT.print(f"Cogmill is at [bold link={address}]{address}[/]  (ready in {seconds:.1f} s)")
    OUT.print("Ctrl-C ends it.", style="dim")
    sys.stdout.flush()
    uvicorn.run(
        "api.app:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        server_header=False,
    )


def _free_port(wanted: int) -> int:
    """Return ``wanted`` where nobody listens there, else a free port."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    return 0
