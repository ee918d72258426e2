"""What cannot be answered is refused before anything is read, and says why."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.core import Engine
from engine.errors import (
    RequestError,
    TooCoarse,
    TooLarge,
    UnknownBand,
    UnknownCollection,
    UnknownUnit,
)
from engine.trace import tracing
from tests.builders.engines import ask, grid, make_collection, make_options, run, stored_numbers

UTM = "EPSG:32632"
OWN = (600_000.0, 5_096_000.0, 604_000.0, 5_100_000.0)


def test_impossible_requests_are_refused_before_anything_is_read(tmp_path: Path) -> None:
    async def failure(engine: Engine, **change: object) -> Exception:
        collection = change.get("collection") or make_collection("B04")
        box = change.get("box") or grid(UTM, OWN, 10, 10)
        script = change.get("script") or stored_numbers("B04")
        try:
            await engine.pixels(ask(collection, box, script))  # type: ignore[arg-type]
        except Exception as error:  # noqa: BLE001 - whatever it is, is the finding
            return error
        raise AssertionError

    async def work() -> list[tuple[type[Exception], str]]:
        async with Engine(make_options(tmp_path, tmp_path)) as engine:
            collection = make_collection("B04", max_meters_per_pixel=100.0)
            await engine.parts.catalog.add_collection(collection)
            with tracing() as trace:
                found = [
                    await failure(engine),
                    await failure(engine, collection=collection, script=stored_numbers("B99")),
                    await failure(
                        engine,
                        collection=collection,
                        script=stored_numbers("B04").replace('"DN"', '"PARSEC"'),
                    ),
                    await failure(engine, collection=collection, box=grid(UTM, OWN, 2501, 10)),
                    await failure(engine, collection=collection, box=grid(UTM, OWN, 10, 10)),
                ]
            assert trace.counts["requests"] == 0
            return [(type(error), str(error)) for error in found]

    found = run(work())

    assert [kind for kind, _ in found] == [
        UnknownCollection,
        UnknownBand,
        UnknownUnit,
        TooLarge,
        TooCoarse,
    ]
    assert "B04" in found[1][1]
    assert "REFLECTANCE" in found[2][1]
    assert "2501" in found[3][1]
    assert "400.00 meters per pixel" in found[4][1]


def test_an_unknown_output_is_refused(tmp_path: Path) -> None:
    async def work() -> None:
        async with Engine(make_options(tmp_path, tmp_path)) as engine:
            collection = make_collection("B04")
            await engine.parts.catalog.add_collection(collection)
            request = ask(collection, grid(UTM, OWN, 5, 5), stored_numbers("B04"))
            await engine.pixels(replace(request, outputs=("nope",)))

    with pytest.raises(RequestError, match="it has: default, mask"):
        run(work())
