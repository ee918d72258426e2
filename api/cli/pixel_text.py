"""One pixel seen from inside, as text for people."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from api.cli.output import OUT, print_table
from api.cli.place import print_place

Report = Mapping[str, Any]
SWATCH = 6
"""Characters of a color."""


def print_pixel(report: Report) -> None:
    """Print everything about a pixel; what the script did not get to is left out."""
    _print_where(report["pixel"])
    for part in report["inputs"]:
        _print_input(report, part)
    _print_lines("printed by this pixel", report["console"])
    _print_lines("printed before and after it", report["consoleAround"])
    if report["returned"] is not None or report["outputs"] is not None:
        _print_values(report)
    if report["userData"] is not None:
        OUT.print("\n[bold]user data[/]  ", end="")
        OUT.print(json.dumps(report["userData"], indent=2, ensure_ascii=False), markup=False)
    if (error := report["error"]) is not None:
        OUT.print()
        print_place(error, style="bold red", word="error")
        for frame in error["stack"]:
            OUT.print(f"    {frame}", style="dim", markup=False)


def samples_of(report: Report, part: Report) -> Sequence[Mapping[str, Any]]:
    """Return what the script got of an input, one mapping per sample, whatever its shape there."""
    samples = report["samples"]
    if len(report["inputs"]) > 1 and isinstance(samples, Mapping):
        samples = samples.get(part["id"])
    if isinstance(samples, Mapping):
        return [samples]
    return [one for one in samples or () if isinstance(one, Mapping)]


def _print_where(pixel: Report) -> None:
    OUT.print(f"[bold]pixel[/]  column {pixel['col']}, row {pixel['row']}", end="")
    if pixel["lon"] is not None:
        OUT.print(f"  ·  {pixel['lon']:.6f}, {pixel['lat']:.6f}", end="")
    if pixel["crs"] != "EPSG:4326":
        OUT.print(f"  ·  {pixel['x']:.10g}, {pixel['y']:.10g} in {pixel['crs']}", end="")
    OUT.print()
    if pixel["inside"] is False:
        OUT.print("It lies outside the request's geometry: its outputs become 0.", style="yellow")


def _print_input(report: Report, part: Report) -> None:
    samples, origins = samples_of(report, part), part["origins"]
    count = len(samples)
    OUT.print(f"\n[bold]{part['title']}[/]  ", end="")
    OUT.print(
        f"{part['collection']} as input {part['id']}, {part['mosaicking']}, "
        f"{count} {'sample' if count == 1 else 'samples'}",
        style="dim",
        markup=False,
    )
    units = dict(zip(part["bands"], part["units"], strict=True))
    bands = list(dict.fromkeys([*(name for one in samples for name in one), *part["bands"]]))
    heads = [f"{band}\n{units[band].lower()}" if units.get(band) else band for band in bands]
    rows = []
    for index in range(max(count, len(origins))):
        values = samples[index] if index < count else {}
        origin = origins[index] if index < len(origins) else None
        shown = [show(values[band]) if band in values else "" for band in bands]
        when, cloud, name = _origin(origin)
        rows.append([index, when, cloud, *shown, name])
    if rows:
        print_table(["#", "sensed", "cloud", *heads, "scene"], rows)
    else:
        OUT.print("no scenes", style="dim")


def _origin(origin: Report | None) -> Iterator[str]:
    """Yield time, cloud cover and name of the scene that a sample came from."""
    scenes = origin["scenes"] if origin else []
    if not scenes:
        yield origin["day"] or "" if origin else ""
        yield ""
        yield "no data here"
        return
    yield "\n".join(_minute(scene["date"]) for scene in scenes)
    clouds = (scene["cloudCover"] for scene in scenes)
    yield "\n".join("" if cover is None else f"{cover:g} %" for cover in clouds)
    yield "\n".join(scene["name"] for scene in scenes)


def _minute(date: str | None) -> str:
    return "" if date is None else date[:16].replace("T", " ")


def _print_lines(title: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    OUT.print(f"\n[bold]{title}[/]")
    for line in lines:
        OUT.print(f"  {line}", markup=False)


def _print_values(report: Report) -> None:
    OUT.print("\n[bold]returned[/]  ", end="")
    OUT.print(show(report["returned"]), markup=False)
    for output in report["outputs"] or ():
        values = output["values"]
        OUT.print("[bold]written[/]   ", end="")
        OUT.print(f"{output['id']} ({output['sampleType']}): ", end="", markup=False)
        OUT.print(", ".join(map(show, values)), end="", markup=False)
        OUT.print(_swatch(output))


def _swatch(output: Report) -> Text:
    """Return the color of an output that a picture can be made of."""
    values = output["values"]
    if output["sampleType"] not in ("AUTO", "UINT8") or len(values) not in (1, 3, 4):
        return Text()
    red, green, blue = values[:3] if len(values) > 1 else values * 3
    return Text("  ") + Text(" " * SWATCH, style=f"on rgb({red},{green},{blue})")


def show(value: Any) -> str:
    """Return a value as short text: numbers with six digits, the rest as JSON."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return f"[{', '.join(map(show, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {show(part)}" for name, part in value.items()) + "}"
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
