"""`cogmill process`, `explain`, `check`: requests and scripts without a server."""

import sys
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.output import ERR, OUT, AsJson, print_facts, print_json, print_table, run
from api.settings import load_settings

Request = Annotated[
    Path, typer.Argument(help="A Process API request as JSON; `-` reads standard input.")
]
Script = Annotated[
    Path | None, typer.Option(help="File of a script to use instead of the request's own.")
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


def check(
    script: Annotated[str, typer.Argument(help="A script's file, or the name of a ready one.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Compile a script and say what it reads and returns.

    [bold]Examples[/]

    cogmill check my-script.js

    cogmill check ndvi --json
    """
    from api.cli.asking import compile_named

    program = run(compile_named(script))
    setup = program.setup
    if as_json:
        print_json(
            {
                "inputs": [
                    {
                        "bands": list(one.bands),
                        "units": list(one.units),
                        "mosaicking": one.mosaicking.value,
                    }
                    for one in setup.inputs
                ],
                "outputs": [
                    {"id": one.id, "bands": one.bands, "sampleType": one.sample_type.value}
                    for one in setup.outputs
                ],
                "tier": program.tier,
                "reason": program.reason,
            }
        )
        return
    for one in setup.inputs:
        bands = ", ".join(
            f"{band} ({unit})" if unit else band
            for band, unit in zip(one.bands, one.units, strict=True)
        )
        OUT.print(f"reads    {bands}; mosaicking {one.mosaicking.value}", markup=False)
    for out in setup.outputs:
        OUT.print(f"returns  {out.id}: {out.bands} x {out.sample_type.value}", markup=False)
    OUT.print(f"tier     {program.tier}: {program.reason}", markup=False)


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
