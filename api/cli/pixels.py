"""`cogmill process`, `explain`, `check`: requests and scripts without a server."""

import json
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from api.cli.output import ERR, OUT, AsJson, print_facts, print_json, print_table, run
from api.process.answer import answer
from api.process.translate import Translated, parse_body, translate
from api.settings import load_settings
from api.wiring import engine_options
from engine.core import Engine, open_engine
from engine.encode.encoded import Encoded
from engine.errors import NotFound, RequestError
from engine.plan.explain import explain as describe_plan
from evalscripts.library import list_scripts
from evalscripts.program import Program

Request = Annotated[
    Path, typer.Argument(help="A Process API request as JSON, `-` for standard input.")
]


def process(
    request: Request,
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write.")],
    *,
    script: Annotated[
        Path | None, typer.Option(help="Script to use instead of the request's own.")
    ] = None,
) -> None:
    """Answer a Process API request and write the result to a file.

    [bold]Example[/]  cogmill process request.json -o ndvi.tif
    """
    started = time.perf_counter()
    body = _body(request, script)

    async def work() -> Encoded:
        engine = await open_engine(engine_options(load_settings()))
        try:
            translated = await _translated(engine, body)
            pixels = await engine.pixels(translated.request)
            for line in pixels.console:
                ERR.print(f"script: {line}", markup=False)
            return await answer(engine, translated, pixels)
        finally:
            await engine.close()

    encoded = run(work())
    output.write_bytes(encoded.body)
    spent = time.perf_counter() - started
    OUT.print(f"{output}  {encoded.media_type}  {len(encoded.body):,} bytes  {spent:.2f} s")


def explain(
    request: Request,
    *,
    script: Annotated[
        Path | None, typer.Option(help="Script to use instead of the request's own.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a request would read, and why; reads no pixel.

    [bold]Example[/]  cogmill explain request.json
    """
    body = _body(request, script)

    async def work() -> Any:
        engine = await open_engine(engine_options(load_settings()))
        try:
            translated = await _translated(engine, body)
            plan = await engine.plan(translated.request)
            return describe_plan(plan, await engine.compile(translated.request.script))
        finally:
            await engine.close()

    facts = run(work())
    if as_json:
        print_json(facts)
        return
    _print_plan(facts)


def check(
    script: Annotated[str, typer.Argument(help="A script's file, or the name of a ready one.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Compile a script and say what it reads and returns.

    [bold]Examples[/]  cogmill check my-script.js · cogmill check ndvi
    """
    text = _script_text(script)

    async def work() -> Program:
        engine = await open_engine(engine_options(load_settings()))
        try:
            return await engine.compile(text)
        finally:
            await engine.close()

    program = run(work())
    facts = {
        "inputs": [
            {"bands": list(one.bands), "units": list(one.units), "mosaicking": one.mosaicking.value}
            for one in program.setup.inputs
        ],
        "outputs": [
            {"id": one.id, "bands": one.bands, "sampleType": one.sample_type.value}
            for one in program.setup.outputs
        ],
        "tier": program.tier,
        "reason": program.reason,
    }
    if as_json:
        print_json(facts)
        return
    for one in program.setup.inputs:
        units = [unit or "default" for unit in one.units]
        bands = ", ".join(f"{b} ({u})" for b, u in zip(one.bands, units, strict=True))
        OUT.print(f"reads    {bands}   mosaicking {one.mosaicking.value}")
    for out in program.setup.outputs:
        OUT.print(f"returns  {out.id}: {out.bands} x {out.sample_type.value}")
    OUT.print(f"tier     {program.tier}: {program.reason}")


def _script_text(named: str) -> str:
    path = Path(named)
    if path.is_file():
        return path.read_text(encoding="utf-8")
    for ready in list_scripts():
        if ready.id == named:
            return ready.text
    known = ", ".join(ready.id for ready in list_scripts())
    message = f"no file and no ready script is called {named!r}; ready scripts: {known}"
    raise NotFound(message)


def _body(request: Path, script: Path | None) -> Any:
    """Return the request as JSON, with the evalscript of another file where one is given."""
    text = sys.stdin.read() if str(request) == "-" else request.read_text(encoding="utf-8")
    try:
        body = json.loads(text)
    except ValueError as error:
        message = f"{request} is not JSON: {error}"
        raise RequestError(message) from error
    if script is not None:
        body["evalscript"] = script.read_text(encoding="utf-8")
    return body


async def _translated(engine: Engine, body: Any) -> Translated:
    parsed = parse_body(body)
    program = await engine.compile(parsed.evalscript)
    return translate(parsed, program.setup, limits=engine.options.limits)


def _print_plan(facts: Any) -> None:
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
        for scene in part["scenes"]:
            rows.append([scene["date"], scene["name"], scene["read"], "", "", ""])
            rows.extend(
                [
                    "",
                    f"  {band['name']}",
                    band["resampling"],
                    f"1:{band['reduction']:g}",
                    band["blocks"],
                    f"{band['bytes']:,}",
                ]
                for band in scene.get("bands", [])
            )
        print_table(["date", "scene, band", "how", "level", "blocks", "bytes"], rows)
