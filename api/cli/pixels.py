"""`cogmill process`, `explain`, `debug`: requests without a server."""

import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.output import (
    ERR,
    OUT,
    SCRIPT_IS_WRONG,
    AsJson,
    print_facts,
    print_json,
    print_table,
    run,
)
from api.settings import load_settings

Request = Annotated[
    Path, typer.Argument(help="A Process API request as JSON; `-` reads standard input.")
]
Script = Annotated[
    str | None,
    typer.Option(
        metavar="FILE|NAME",
        help="A script's file, or the name of a ready one, instead of the request's own.",
    ),
]


def process(
    request: Request,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="File to write; `-`: standard output.")
    ],
    *,
    script: Script = None,
    as_json: AsJson = False,
) -> None:
    """Answer a Process API request and write the result to a file.

    The bytes are those that the server would answer with. Several responses come as one TAR.

    [bold]Examples[/]

    cogmill process request.json -o ndvi.tif

    cogmill process request.json -o - | display
    """
    from api.cli.asking import ask, read_request

    started = time.perf_counter()
    settings = load_settings()
    if not output.parent.is_dir():
        message = f"the folder {output.parent} does not exist"
        raise FileNotFoundError(message)
    encoded, console = run(ask(settings, read_request(settings, request, script)))
    for line in console:
        ERR.print(f"script: {line}", markup=False)
    if str(output) == "-":
        sys.stdout.buffer.write(encoded.body)
        return
    output.write_bytes(encoded.body)
    facts = {
        "file": str(output),
        "mediaType": encoded.media_type,
        "bytes": len(encoded.body),
        "seconds": round(time.perf_counter() - started, 3),
    }
    if as_json:
        print_json(facts)
    else:
        OUT.print(
            f"{output}  {encoded.media_type}  {len(encoded.body):,} bytes  {facts['seconds']} s",
            markup=False,
        )


def explain(request: Request, *, script: Script = None, as_json: AsJson = False) -> None:
    """Say what a request would read, and why; reads no pixel.

    [bold]Example[/]  cogmill explain request.json --json
    """
    from api.cli.asking import ask_why, read_request

    settings = load_settings()
    facts = run(ask_why(settings, read_request(settings, request, script)))
    if as_json:
        print_json(facts)
    else:
        _print_plan(facts)


def debug(
    request: Request,
    *,
    at: Annotated[
        str | None, typer.Option(metavar="X,Y", help="A point, in the CRS of the request's bounds.")
    ] = None,
    pixel: Annotated[
        str | None,
        typer.Option(metavar="COL,ROW", help="Or a pixel of its grid; 0,0 is the top left one."),
    ] = None,
    script: Script = None,
    as_json: AsJson = False,
) -> None:
    """See one pixel from inside the script: samples, scenes, console, values, and its error.

    [bold]Examples[/]

    cogmill debug request.json --at 12.02,44.31

    cogmill debug request.json --pixel 128,64 --script my-script.js
    """
    from api.cli.asking import ask_pixel, read_request
    from api.cli.pixel_text import print_pixel

    settings = load_settings()
    place: dict[str, Any] = {}
    if at is not None:
        place["point"] = _two_numbers("--at", at, float)
    if pixel is not None:
        place["pixel"] = dict(zip(("col", "row"), _two_numbers("--pixel", pixel, int), strict=True))
    report = run(ask_pixel(settings, read_request(settings, request, script), place))
    if as_json:
        print_json(report)
    else:
        print_pixel(report)
    if report["error"] is not None:
        raise typer.Exit(SCRIPT_IS_WRONG)


def _two_numbers(option: str, text: str, kind: type[float]) -> tuple[float, float]:
    from engine.errors import RequestError

    try:
        first, second = (kind(part) for part in text.split(","))
    except ValueError as error:
        message = f"{text[:40]!r} is not two numbers with a comma between them"
        raise RequestError(message, where=option) from error
    return first, second


def _print_plan(facts: Mapping[str, Any]) -> None:
    grid, cost, script = facts["grid"], facts["cost"], facts["script"]
    print_facts(
        {
            "grid": f"{grid['width']} x {grid['height']} in {grid['crs']}",
            "script": f"{script['tier']}: {script['reason']}",
            "stripes": facts["stripes"],
            "reads": f"{cost['blocks']} blocks, {cost['sourceBytes']:,} bytes, "
            f"{cost['requests']} ranges before merging",
        }
    )
    for part in facts["inputs"]:
        OUT.print(
            f"\n[bold]{part['collection']}[/]  {part['order']}, {part['rule']}; "
            f"{len(part['scenes']) + part['scenesNotListed']} scenes match"
        )
        rows = []
        for scene in (one for one in part["scenes"] if "bands" in one):
            rows.append([scene["date"], scene["name"], "", "", ""])
            rows.extend(
                [
                    "",
                    f"  {band['name']}",
                    f"{band['resampling']}, 1:{band['reduction']:g}",
                    band["blocks"],
                    f"{band['bytes']:,}",
                ]
                for band in scene["bands"]
            )
        if rows:
            print_table(["date", "scene, band", "how", "blocks", "bytes"], rows)
        others = Counter(one["read"] for one in part["scenes"] if "bands" not in one)
        for reason, count in others.items():
            OUT.print(f"{count} more scenes: {reason}", style="dim", markup=False)
