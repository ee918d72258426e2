"""ORBIT and TILE: what the script finds in samples and scenes."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from evalscripts import ScriptRuntimeError, V8Pool
from evalscripts.v8.program import V8Program
from tests.builders.mosaics import (
    compile_v8,
    context,
    day,
    days,
    run_v8,
    scenes_script,
    stack,
    tile,
)

KEEP = "outputMetadata.userData = "
BOX = {"type": "Polygon", "coordinates": [[[3, 1], [5, 2], [4, -1], [3, 1]]]}
ENVELOPE = {
    "type": "Polygon",
    "coordinates": [[[3, -1], [5, -1], [5, 2], [3, 2], [3, -1]]],
}


def kept(pool: V8Pool, expression: str, mosaicking: str = "ORBIT", **about: Any) -> object:
    """Return the value of an expression at a pixel of two scenes, as JSON makes it."""
    text = scenes_script(f"{KEEP}{expression}; return [0];", mosaicking=mosaicking)
    if not about:
        about = {"orbits": days(2), "scenes": (tile("2024-05-02", "A"), tile("2024-05-01", "B"))}
    return run_v8(
        text, pool, context(**about), stack({"B04": [7, 9]}, valid=[1, 0])
    ).finished.user_data


@pytest.mark.parametrize("mosaicking", ["ORBIT", "TILE", "Orbit", "tile"])
def test_samples_are_a_list_with_one_object_per_scene(pool: V8Pool, mosaicking: str) -> None:
    found = kept(pool, "[Array.isArray(samples), samples]", mosaicking)

    assert found == [True, [{"B04": 7, "dataMask": 1}, {"B04": 0, "dataMask": 0}]]


def test_scenes_hold_the_days_with_their_tiles(pool: V8Pool) -> None:
    morning = tile("2024-05-02", "A", cloud_cover=12.5, data_path="s2/a")
    found = kept(
        pool,
        "scenes",
        orbits=(day("2024-05-02", morning, tile("2024-05-02", "B")), day("2024-05-01")),
    )

    assert found == {
        "orbits": [
            {
                "dateFrom": "2024-05-02T00:00:00Z",
                "dateTo": "2024-05-02T23:59:59Z",
                "tiles": [
                    {
                        "date": "2024-05-02T10:00:00Z",
                        "dataPath": "s2/a",
                        "shId": "A",
                        "cloudCoverage": 12.5,
                    },
                    {"date": "2024-05-02T10:00:00Z", "dataPath": "", "shId": "B"},
                ],
                "__idx": 0,
            },
            {
                "dateFrom": "2024-05-01T00:00:00Z",
                "dateTo": "2024-05-01T23:59:59Z",
                "tiles": [],
                "__idx": 1,
            },
        ]
    }


def test_scenes_hold_the_tiles(pool: V8Pool) -> None:
    found = kept(pool, "scenes", "TILE")

    assert found == {
        "tiles": [
            {"date": "2024-05-02T10:00:00Z", "dataPath": "", "shId": "A", "__idx": 0},
            {"date": "2024-05-01T10:00:00Z", "dataPath": "", "shId": "B", "__idx": 1},
        ]
    }


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("scenes.length", 2),
        ("Object.keys(scenes)", ["orbits"]),
        ("scenes[0].date instanceof Date", True),
        ("scenes.map(s => s.date)", ["2024-05-02T00:00:00.000Z", "2024-05-01T00:00:00.000Z"]),
        ("scenes.map(s => s.date.getUTCDate())", [2, 1]),
        ("[...scenes].map(s => s.dateFrom.slice(8, 10))", ["02", "01"]),
        ("scenes.filter(s => s.date.getDate() < 2).length", 1),
        ("scenes[0].orbitId - scenes[1].orbitId", 1),
        ("scenes[2] === undefined", True),
        ("scenes.orbits.length === samples.length", True),
        ("typeof scenes", "object"),
    ],
)
def test_scenes_can_be_read_as_the_older_list_too(
    pool: V8Pool, expression: str, expected: object
) -> None:
    found = kept(pool, expression)

    assert found == expected


def test_the_older_list_of_tiles_has_their_instants_and_names(pool: V8Pool) -> None:
    found = kept(pool, "scenes.map(s => [s.date, s.tileId, s.cloudCoverage === undefined])", "TILE")

    assert found == [
        ["2024-05-02T10:00:00.000Z", "A", True],
        ["2024-05-01T10:00:00.000Z", "B", True],
    ]


@pytest.mark.parametrize(
    ("more", "expected"), [("", [None, None]), (', metadata: ["bounds"]', [BOX, ENVELOPE])]
)
def test_bounds_come_where_they_are_asked_for(pool: V8Pool, more: str, expected: object) -> None:
    text = scenes_script(
        f"const [t] = scenes.tiles; {KEEP}[t.dataGeometry, t.dataEnvelope]; return [0];",
        mosaicking="TILE",
        more=more,
    )

    ran = run_v8(
        text, pool, context(scenes=(tile("2024-05-02", geometry=BOX),)), stack({"B04": [1]})
    )

    assert ran.finished.user_data == expected


@pytest.mark.parametrize("mosaicking", ["ORBIT", "TILE"])
def test_without_scenes_the_list_is_empty(pool: V8Pool, mosaicking: str) -> None:
    text = scenes_script(
        f"{KEEP}[samples, scenes, scenes.length]; return [samples.length];", mosaicking=mosaicking
    )
    nothing = stack({"B04": np.zeros((0, 2, 3), np.uint16)})

    ran = run_v8(text, pool, context(), nothing)

    kind = "orbits" if mosaicking == "ORBIT" else "tiles"
    assert ran.outputs["default"].shape == (1, 2, 3)
    assert ran.finished.user_data == [[], {kind: []}, 0]


def test_reading_a_sample_that_is_not_there_points_at_its_line(pool: V8Pool) -> None:
    nothing = stack({"B04": np.zeros((0, 1, 1), np.uint16)})
    program = scenes_script("return [samples[0].B04];")

    with pytest.raises(ScriptRuntimeError) as caught:
        run_v8(program, pool, context(), nothing)

    assert "reading 'B04'" in caught.value.message
    assert (caught.value.line, caught.value.column) == (7, 20)


@pytest.mark.parametrize("count", [1, 2, 7, 40])
def test_every_scene_is_read_at_its_own_pixel(pool: V8Pool, count: int) -> None:
    random = np.random.default_rng(count)
    values = random.integers(0, 1000, (count, 5, 7)).astype(np.uint16)
    valid = random.random((count, 5, 7)) > 0.3
    text = scenes_script(
        "return [samples.reduce((sum, s, i) => sum + (i + 1) * s.B04, 0),"
        " samples.filter(s => s.dataMask).length];",
        output="{bands: 2, sampleType: 'FLOAT32'}",
    )

    ran = run_v8(
        text,
        pool,
        context(orbits=[day("2024-05-01")] * count),
        stack({"B04": values}, valid=valid, scale=0.5, offset=1.0, missing=-3.0),
    )

    weights = np.arange(1, count + 1)[:, None, None]
    read = np.where(valid, values * 0.5 + 1, -3.0)
    total, there = ran.outputs["default"]
    np.testing.assert_array_equal(total, (read * weights).sum(axis=0).astype(np.float32))
    np.testing.assert_array_equal(there, valid.sum(axis=0))


def test_what_a_script_does_to_its_samples_does_not_reach_the_next_pixel(pool: V8Pool) -> None:
    text = "let before = null;\n" + scenes_script(
        "const fresh = before === null || (before !== samples && before[0] !== samples[0]);\n"
        "const whole = samples.length === 2 && samples[0].mine === undefined;\n"
        "before = samples; samples[0].mine = 1; const sum = samples[0].B04; samples.length = 1;\n"
        "samples.pop(); return [fresh && whole ? sum : -1];"
    )
    values = np.arange(12).reshape(2, 2, 3)

    ran = run_v8(text, pool, context(orbits=days(2)), stack({"B04": values}))

    np.testing.assert_array_equal(ran.outputs["default"][0], values[0])


def test_a_script_may_keep_samples_of_earlier_pixels(pool: V8Pool) -> None:
    text = "const all = [];\n" + scenes_script(
        "all.push(samples); return [all.reduce((sum, list) => sum + list[1].B04, 0)];"
    )
    values = np.arange(12).reshape(2, 2, 3)

    ran = run_v8(text, pool, context(orbits=days(2)), stack({"B04": values}))

    np.testing.assert_array_equal(ran.outputs["default"].ravel(), np.cumsum(values[1]))


def test_scenes_are_the_same_object_at_every_pixel(pool: V8Pool) -> None:
    text = scenes_script(
        "scenes.count = (scenes.count || 0) + 1; return [scenes.count + scenes.orbits.length];"
    )

    ran = run_v8(text, pool, context(orbits=days(2)), stack({"B04": np.zeros((2, 1, 3), np.int16)}))

    assert ran.outputs["default"].ravel().tolist() == [3, 4, 5]


def test_the_last_hook_gets_the_scenes_of_the_pixels(pool: V8Pool) -> None:
    text = scenes_script("scenes.seen = true; return [0];") + (
        "function updateOutputMetadata(scenes, inputMetadata, outputMetadata) {\n"
        "  outputMetadata.userData = [scenes.seen, scenes.orbits.length, scenes[1].orbitId];\n}"
    )

    ran = run_v8(text, pool, context(orbits=days(2)), stack({"B04": [1, 2]}))

    assert ran.finished.user_data == [True, 2, 19844]


def test_a_stripe_with_another_number_of_scenes_is_refused(pool: V8Pool) -> None:
    with pytest.raises(ValueError, match=r"must have shape \(2, row, col\); found \(3, 1, 1\)"):
        run_v8(
            scenes_script("return [0];"), pool, context(orbits=days(2)), stack({"B04": [1, 2, 3]})
        )


def test_runs_are_cut_into_rows_where_many_scenes_are_much_to_hold(pool: V8Pool) -> None:
    count, rows, columns = 60, 100, 700
    values = np.zeros((count, rows, columns), np.float64)
    values += np.arange(rows)[None, :, None] + np.arange(columns) / 1024
    text = scenes_script("return [samples[0].B04 + samples[59].B04 - samples[30].B04];")

    ran = run_v8(text, pool, context(orbits=[day("2024-05-01")] * count), stack({"B04": values}))

    np.testing.assert_array_equal(ran.outputs["default"][0], values[0].astype(np.float32))


OLDER = "return [samples.length, scenes.length, samples[0].B04, scenes[0].date.getUTCDate()];"


@pytest.mark.parametrize(
    ("mosaicking", "values", "expected"),
    [
        ("SIMPLE", [7], [1, 1, 7, 2]),
        ("ORBIT", [7, 8], [2, 2, 7, 2]),
        ("TILE", [7, 8, 9], [3, 3, 7, 2]),
    ],
)
def test_older_versions_get_true_lists_in_every_mosaicking(
    pool: V8Pool, mosaicking: str, values: list[int], expected: list[int]
) -> None:
    text = scenes_script(
        f"if (!Array.isArray(scenes) || !Array.isArray(samples)) throw 1; {OLDER}",
        mosaicking=mosaicking,
        output="{bands: 4, sampleType: 'INT16'}",
    )
    program = compile_v8(text, pool)
    older = V8Program(program.source, replace(program.setup, listed=True), pool=pool)
    about = context(orbits=days(2), scenes=[tile("2024-05-02", name) for name in "ABC"])

    session = older.open(about)
    found = session.evaluate({"s2": stack({"B04": values})})["default"].ravel()
    session.finish()

    assert found.tolist() == expected


def test_older_versions_have_an_entry_even_where_no_scene_is_known(pool: V8Pool) -> None:
    program = compile_v8(scenes_script(OLDER, output="{bands: 4}", mosaicking="SIMPLE"), pool)
    older = V8Program(program.source, replace(program.setup, listed=True), pool=pool)
    about = context(time={"s2": ("", "2024-05-09T00:00:00Z")})

    report = older.debug(about, {"s2": stack({"B04": [7]}, valid=[0])})

    assert report.returned == [1, 1, 0, 9]
