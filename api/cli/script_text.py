"""What a check found, as text for people."""

from collections.abc import Iterator, Mapping
from typing import Any

from api.cli.output import OUT
from api.cli.place import print_excerpt, print_place

Facts = Mapping[str, Any]


def print_check(facts: Facts) -> None:
    """Print what a script is, then its tier with the place that decided it, then the remarks."""
    for name, value in _shape(facts):
        OUT.print(f"{name:<9}", style="bold", end="")
        OUT.print(value, markup=False)
    is_native = facts["tier"] == "native"
    OUT.print(f"{'tier':<9}", style="bold", end="")
    OUT.print(
        "native" if is_native else "JavaScript", style="green" if is_native else "yellow", end=""
    )
    OUT.print(f": {_because(facts)}", markup=False)
    if facts["excerpt"]:
        print_excerpt(facts)
    if facts["remarks"]:
        OUT.print()
    for remark in facts["remarks"]:
        print_place(remark, style="bold yellow", word="remark")


def _because(facts: Facts) -> str:
    if facts["tier"] == "native":
        return "machine code; V8 does nothing"
    return str(facts["reason"])


def _shape(facts: Facts) -> Iterator[tuple[str, str]]:
    yield "form", facts["form"]
    several = len(facts["inputs"]) > 1
    for index, one in enumerate(facts["inputs"]):
        source = f"{one['datasource'] or index}: " if several else ""
        yield "reads", f"{source}{_bands(one)}; {one['mosaicking']}{_more(one)}"
    for one in facts["outputs"]:
        nodata = "" if one["nodata"] is None else f", no data is {one['nodata']:g}"
        yield "returns", f"{one['id']}: {one['bands']} × {one['sampleType']}{nodata}"
    if facts["hooks"]:
        yield "hooks", ", ".join(facts["hooks"])


def _bands(one: Facts) -> str:
    pairs = zip(one["bands"], one["units"], strict=True)
    return ", ".join(f"{band} ({unit})" if unit else band for band, unit in pairs)


def _more(one: Facts) -> str:
    return f"; metadata: {', '.join(one['metadata'])}" if one["metadata"] else ""
