"""`cogmill collections`, `ingest`, `scenes`: what the server knows."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.output import OUT, AsJson, print_facts, print_json, print_table, run, warn
from api.settings import load_settings

if TYPE_CHECKING:
    from engine.ingest import IngestReport

NOTHING_TAKEN = 4
"""Exit code where everything was refused."""

collections = typer.Typer(
    no_args_is_help=True, help="Collections: what may be asked for, and what is registered."
)


@collections.command("list")
def list_collections(*, as_json: AsJson = False) -> None:
    """List the collections and how many scenes each holds.

    [bold]Example[/]  cogmill collections list --json
    """
    from api.cli.listing import all_collections

    found = run(all_collections(load_settings()))
    if as_json:
        print_json(found)
        return
    print_table(
        ["collection", "title", "scenes", "bands"],
        [[one["id"], one["title"], one["scenes"], " ".join(one["bands"])] for one in found],
    )


@collections.command("show")
def show(
    collection: Annotated[str, typer.Argument(help="The collection's id.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show a collection's bands with their units, and what is registered in it.

    [bold]Example[/]  cogmill collections show sentinel-2-l2a
    """
    from api.cli.listing import one_collection

    found = run(one_collection(load_settings(), collection))
    if as_json:
        print_json(found)
        return
    coarsest = found["maxMetersPerPixel"]
    print_facts(
        {
            "id": found["id"],
            "title": found["title"],
            "scenes": found["scenes"],
            "sensed": " to ".join(text[:16] for text in found["sensed"] or ()) or "–",
            "on top": found["rule"],
            "coarsest request": "any" if coarsest is None else f"{coarsest:g} m a pixel",
        }
    )
    OUT.print()
    print_table(
        ["band", "what", "units", "meters", "stored as"],
        [
            [
                band["name"],
                band["title"],
                " ".join(band["units"]),
                band["resolution"],
                band["sampleType"],
            ]
            for band in found["bands"]
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
    from api.cli.listing import make_collection

    made = run(make_collection(load_settings(), title))
    if as_json:
        print_json(made)
    else:
        OUT.print(f"created [bold]{made['id']}[/]; now: cogmill ingest {made['id']} FILES…")


@collections.command("remove")
def remove(
    collection: Annotated[str, typer.Argument(help="The collection's id.")],
    *,
    with_scenes: Annotated[
        bool, typer.Option("--with-scenes", help="Forget its scenes too.")
    ] = False,
) -> None:
    """Forget a collection; files are not touched.

    [bold]Example[/]  cogmill collections remove byoc-… --with-scenes
    """
    from api.cli.listing import remove_collection

    count = run(remove_collection(load_settings(), collection, with_scenes=with_scenes))
    OUT.print(f"removed {collection} and {count} scenes", markup=False)


def scenes(
    collection: Annotated[str, typer.Argument(help="The collection's id.")],
    *,
    limit: Annotated[int, typer.Option(help="At most so many, newest first.", min=1)] = 50,
    as_json: AsJson = False,
) -> None:
    """List a collection's scenes, newest first.

    [bold]Example[/]  cogmill scenes sentinel-2-l2a --limit 10
    """
    from api.cli.listing import newest_scenes

    settings = load_settings()
    rows, total = run(newest_scenes(settings, collection, limit=limit))
    if as_json:
        print_json(rows)
        return
    if not rows:
        OUT.print(
            f"{collection} has no scenes in {settings.home.absolute()}; register some: "
            f"cogmill ingest {collection} FILES…",
            markup=False,
        )
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

    cogmill ingest byoc-… 's3://bucket/flights/*.tif' --date 2026-05-01
    """
    from api.cli.listing import ingest_places, parse_band_option

    bands = dict(parse_band_option(text) for text in band or [])
    report = run(ingest_places(load_settings(), collection, places, date=date, bands=bands))
    if as_json:
        print_json(
            {
                "scenes": [one.to_json() for one in report.scenes],
                "refused": [{"name": n, "reason": r} for n, r in report.refused],
                "warnings": list(report.warnings),
            }
        )
    else:
        _print_report(report)
    if not report.scenes:
        raise typer.Exit(NOTHING_TAKEN)


def _print_report(report: "IngestReport") -> None:
    """Say what became of each scene, and once for all of them what it was told from."""
    if report.scenes:
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
    for text in report.warnings:
        warn(text)
    for name, reason in report.refused:
        warn(f"refused {name}: {reason}")
    OUT.print(f"{len(report.scenes)} scenes registered, {len(report.refused)} refused")
