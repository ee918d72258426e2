"""`cogmill collections`, `ingest`, `scenes`: what the server knows."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import typer

from api.cli.output import OUT, AsJson, print_json, print_table, progress, run, warn
from api.settings import Settings, load_settings
from api.wiring import store_options
from engine.catalog.collection import Collection
from engine.catalog.definitions import ensure_builtin, resolve_collection_id
from engine.catalog.search import SceneQuery
from engine.catalog.sqlite import SqliteCatalog
from engine.catalog.user import make_user_collection
from engine.database.connection import open_database
from engine.errors import RequestError
from engine.ingest import IngestReport
from engine.ingest import ingest as register
from engine.store.route import open_store

collections = typer.Typer(
    no_args_is_help=True, help="Collections: what may be asked for, and what is registered."
)


@asynccontextmanager
async def _catalog(settings: Settings) -> AsyncIterator[SqliteCatalog]:
    database = await open_database(settings.database)
    try:
        catalog = SqliteCatalog(database)
        await ensure_builtin(catalog)
        yield catalog
    finally:
        await database.close()


def _facts(collection: Collection, scenes: int) -> dict[str, Any]:
    return {
        "id": collection.id,
        "title": collection.title,
        "scenes": scenes,
        "bands": list(collection.bands),
    }


@collections.command("list")
def list_collections(*, as_json: AsJson = False) -> None:
    """List the collections and how many scenes each holds."""

    async def read() -> list[dict[str, Any]]:
        async with _catalog(load_settings()) as catalog:
            return [
                _facts(one, await catalog.count(SceneQuery(collection=one.id)))
                for one in await catalog.collections()
            ]

    found = run(read())
    if as_json:
        print_json(found)
        return
    print_table(
        ["collection", "title", "scenes", "bands"],
        [
            [one["id"], one["title"], one["scenes"], " ".join(one["bands"])]
            for one in sorted(found, key=lambda one: (-one["scenes"], one["id"]))
        ],
    )


@collections.command("create")
def create(
    title: Annotated[str, typer.Argument(help="What people read.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Make an empty collection of your own; its bands come from the first files ingested.

    [bold]Example[/]  cogmill collections create "Drone flights 2026"
    """

    async def make() -> Collection:
        collection = make_user_collection(title)
        async with _catalog(load_settings()) as catalog:
            await catalog.add_collection(collection)
        return collection

    made = run(make())
    if as_json:
        print_json(_facts(made, 0))
    else:
        OUT.print(f"created [bold]{made.id}[/]; now: cogmill ingest {made.id} FILES…")


@collections.command("remove")
def remove(
    collection: Annotated[str, typer.Argument(help="The collection's id.")],
) -> None:
    """Forget a collection and its scenes; files are not touched."""

    async def drop() -> None:
        async with _catalog(load_settings()) as catalog:
            await catalog.remove_collection(collection)

    run(drop())
    OUT.print(f"removed {collection}")


def scenes(
    collection: Annotated[str, typer.Argument(help="The collection's id.")],
    *,
    limit: Annotated[int, typer.Option(help="At most so many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List a collection's scenes, newest first.

    [bold]Example[/]  cogmill scenes sentinel-2-l2a --limit 10
    """

    async def read() -> tuple[list[dict[str, Any]], int]:
        async with _catalog(load_settings()) as catalog:
            known = await catalog.collection(resolve_collection_id(collection))
            query = SceneQuery(collection=known.id, limit=limit)
            found = await catalog.search(query)
            total = await catalog.count(SceneQuery(collection=known.id))
        rows = [
            {
                "id": scene.id,
                "name": scene.name,
                "sensed": scene.sensed.isoformat() if scene.sensed else None,
                "cloudCover": scene.cloud_cover,
                "bands": list(scene.assets),
            }
            for scene in found
        ]
        return rows, total

    rows, total = run(read())
    if as_json:
        print_json(rows)
        return
    print_table(
        ["sensed", "scene", "cloud %", "bands"],
        [
            [(r["sensed"] or "any time")[:16], r["name"], r["cloudCover"], " ".join(r["bands"])]
            for r in rows
        ],
    )
    if total > len(rows):
        OUT.print(f"… and {total - len(rows)} more; see --limit", style="dim")


def ingest(
    collection: Annotated[str, typer.Argument(help="The collection's id.")],
    places: Annotated[
        list[str],
        typer.Argument(help="Files, folders, globs, http(s) or s3 URLs.", metavar="PATH-OR-URL…"),
    ],
    *,
    date: Annotated[str | None, typer.Option(help="Sensing time of all of them, ISO 8601.")] = None,
    band: Annotated[
        list[str] | None,
        typer.Option(help="Which files are a band: B04='*_red.tif'; '#2' behind it: second band."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Register images: parses each header once and says what it understood.

    What is not readable is refused by name and reason; the rest is taken.

    [bold]Examples[/]
    cogmill ingest sentinel-2-l2a ./scenes
    cogmill ingest byoc-… 's3://bucket/flights/*.tif'
    """
    bands = dict(_band_option(text) for text in band or [])

    async def work() -> IngestReport:
        settings = load_settings()
        store = open_store(store_options(settings))
        try:
            async with _catalog(settings) as catalog:
                known = await catalog.collection(resolve_collection_id(collection))
                with progress("reading headers") as step:
                    return await register(
                        catalog,
                        store,
                        known.id,
                        places,
                        date=date,
                        bands=bands,
                        on_progress=step,
                    )
        finally:
            await store.close()

    report = run(work())
    if as_json:
        print_json(
            {
                "scenes": [one.to_json() for one in report.scenes],
                "refused": [{"name": n, "reason": r} for n, r in report.refused],
                "warnings": list(report.warnings),
            }
        )
    else:
        _print_understood(report)
        for text in report.warnings:
            warn(text)
        for name, reason in report.refused:
            warn(f"refused {name}: {reason}")
        OUT.print(f"{len(report.scenes)} scenes registered, {len(report.refused)} refused")
    if report.refused and not report.scenes:
        raise typer.Exit(4)


def _print_understood(report: IngestReport) -> None:
    """Say what became of each scene, and once for all of them what it was told from."""
    print_table(
        ["scene", "sensed", "cloud %", "bands"],
        [
            [
                one.name,
                one.sensed.strftime("%Y-%m-%d %H:%M") if one.sensed else "any time",
                one.cloud_cover,
                " ".join(one.bands),
            ]
            for one in report.scenes
        ],
    )
    told = Counter(told for one in report.scenes for told in one.sources.items())
    for (fact, source), count in sorted(told.items()):
        OUT.print(f"{fact} from {source}: {count} scenes", style="dim", markup=False)


def _band_option(text: str) -> tuple[str, str]:
    name, equals, pattern = text.partition("=")
    if not (name and equals and pattern):
        message = f"--band {text!r} is not NAME=PATTERN, like B04='*_red.tif'"
        raise RequestError(message)
    return name, pattern
