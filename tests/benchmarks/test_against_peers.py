"""What the race with the peers rests on: places, turns of phrase, ratios, the peers' arithmetic."""

import zlib
from itertools import product

import numpy as np
import pytest
import rasterio
from affine import Affine

from benchmarks.peers import DEFAULT, QUICKEST, Ask
from benchmarks.peers.bands import coarsest_overview, lay
from benchmarks.places import Traffic
from benchmarks.rows import COLD, OURS, WARM, Row, alike, write_details, write_rows
from benchmarks.scene_files import MEETING
from benchmarks.workloads import (
    LARGEST,
    LOCAL,
    Question,
    Work,
    draw_question,
    make_workloads,
    shift_question,
)

WORKS = {work.key: work for work in make_workloads()}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("race") / "B04.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        width=10980,
        height=10980,
        count=1,
        dtype="uint8",
        crs="EPSG:32632",
        transform=Affine(10, 0, 600_000, 0, -10, 4_900_000),
        sparse_ok=True,
        tiled=True,
        blockxsize=1024,
        blockysize=1024,
    ):
        pass
    return str(path)


def row_of(work: Work, **times: float) -> Row:
    row = Row(work=work, scenes="1024", place=LOCAL, precise=[1.0])
    row.times[OURS, "", COLD] = [times["cold"]]
    row.times[OURS, "", WARM] = [times["warm"]]
    return row


@pytest.mark.parametrize("work", WORKS.values(), ids=WORKS)
def test_a_shifted_question_has_the_same_grid_and_one_around_both_is_taken(
    work: Work, image: str
) -> None:
    random = np.random.default_rng(3)
    question = draw_question(work, image, random, meeting=MEETING)
    beside = shift_question(question, random)
    around = question.around(beside)
    cols = (beside.box[0] - question.box[0]) / question.step

    assert cols == pytest.approx(round(cols), abs=1e-6)
    assert beside.step == pytest.approx(question.step)
    assert around.step == pytest.approx(question.step)
    assert around.width <= LARGEST
    assert around.height <= LARGEST
    assert around.box[0] == min(question.box[0], beside.box[0])
    assert around.box[3] == max(question.box[3], beside.box[3])


@pytest.mark.parametrize("work", WORKS.values(), ids=WORKS)
def test_places_are_others_for_another_seed(work: Work, image: str) -> None:
    drawn = {
        draw_question(work, image, np.random.default_rng(seed), meeting=MEETING).box
        for seed in range(20)
    }

    assert len(drawn) > 1


def test_a_window_of_the_series_lies_on_the_pixels_of_both_resolutions(image: str) -> None:
    for seed in range(20):
        question = draw_question(WORKS["series"], image, np.random.default_rng(seed))
        offsets = ((question.box[0] - 600_000) / 20, (4_900_000 - question.box[3]) / 20)

        assert offsets == (round(offsets[0]), round(offsets[1]))
        assert question.epsg == 32632


@pytest.mark.parametrize(("meters", "overview"), [(6.8, None), (19.9, 0), (27, 0), (81, 2)])
def test_the_overview_is_the_coarsest_that_is_as_fine_as_the_question(
    meters: float, overview: int | None
) -> None:
    box = (600_000.0, 4_800_000.0, 600_000.0 + 100 * meters, 4_800_000.0 + 100 * meters)
    work = WORKS["color256"]
    question = Question(work=work, box=box, epsg=32632, width=100, height=100)

    assert coarsest_overview(Ask(question=question, paths={})) == overview


def test_a_mosaic_laid_by_hand_takes_the_first_valid_scene_of_each_pixel() -> None:
    random = np.random.default_rng(5)
    scenes, bands = 3, len(WORKS["mosaic256"].bands)
    values = random.integers(1, 9, (scenes, bands, 4, 5))
    gaps = np.repeat(random.random((scenes, 1, 4, 5)) < 0.5, bands, axis=1)
    read = [
        np.ma.MaskedArray(values[scene, band], gaps[scene, band])
        for scene, band in product(range(scenes), range(bands))
    ]
    question = Question(work=WORKS["mosaic256"], box=(0, 0, 1, 1), width=5, height=4)
    laid = lay(Ask(question=question, paths={}), read).filled(0)

    wanted = np.zeros_like(laid)
    for band, y, x in product(range(bands), range(4), range(5)):
        found = [values[s, band, y, x] for s in range(scenes) if not gaps[s, band, y, x]]
        wanted[band, y, x] = found[0] if found else 0
    assert np.array_equal(laid, wanted)


def test_ratios_are_against_the_quicker_setting_and_the_quickest_peer() -> None:
    row = row_of(WORKS["color256"], cold=10, warm=2)
    row.times["rio-tiler", DEFAULT, COLD] = [200, 70, 10_000]
    row.times["rio-tiler", QUICKEST, COLD] = [80, 90, 60]
    row.times["terracotta", DEFAULT, COLD] = [40]
    row.times["terracotta", QUICKEST, COLD] = [50]
    row.times["rio-tiler", QUICKEST, WARM] = [30]

    assert row.ratios() == (8.0, 4.0, 15.0)
    assert row.best(COLD) == (40, "terracotta", DEFAULT)


def test_goals_stand_beside_the_ratios_and_those_met_in_bold() -> None:
    row = row_of(WORKS["color256"], cold=10, warm=2)
    row.times["rio-tiler", QUICKEST, COLD] = [59]
    row.times["rio-tiler", QUICKEST, WARM] = [30]
    row.traffic[OURS, ""] = [Traffic(requests=6, bytes=2_500_000)]
    text = row.write()

    assert "| 5.9 × of 6 | **5.9 ×** of 3.5 | **15.0 ×** of 10 | 6, 2.5 MB |" in text
    assert len(write_rows([row]).splitlines()[0].split("|")) == len(text.split("|"))


def test_a_row_whose_pixels_disagree_says_that_it_does_not_count() -> None:
    row = row_of(WORKS["color256"], cold=10, warm=2)
    row.precise = [1.0, 0.998]

    assert not row.counts
    assert "99.80%: does not count" in row.write()


def test_details_name_every_contestant_and_setting() -> None:
    row = row_of(WORKS["ramp512"], cold=10, warm=2)
    row.time(("rio-tiler", DEFAULT, COLD), lambda: zlib.crc32(b""))
    row.work_times |= {key: [1.0] for key in row.times}

    assert f"rio-tiler     {DEFAULT:17} cold" in write_details(row)


def test_stored_numbers_are_alike_where_they_are_equal_and_masked_ones_are_zero() -> None:
    ours = np.array([[[1, 2, 0, 0]]], np.uint16)
    theirs = np.ma.MaskedArray([[[1, 3, 7, 0]]], [[[False, False, True, False]]])

    assert alike(ours, theirs) == 0.75


def test_indices_are_alike_where_they_are_near_and_masked_ones_are_nan() -> None:
    ours = np.array([[[0.5, 0.5, np.nan, np.nan]]], np.float32)
    theirs = np.ma.MaskedArray([[0.501, 0.51, 0.3, 0.3]], [[False, False, True, False]])

    assert alike(ours, theirs) == 0.5


def test_every_goal_of_the_table_has_its_row() -> None:
    goals = {key: work.goals[LOCAL] for key, work in WORKS.items()}

    assert {key: (g.cold_usual, g.cold_best, g.warm_best) for key, g in goals.items()} == {
        "color256": (6, 3.5, 10),
        "color512": (7, 5, 14),
        "overview256": (8, 3.5, 10),
        "ramp512": (8, 5.5, 14),
        "mosaic256": (14, 3.5, 9),
        "ndvi2048": (9, 3.7, 6),
        "series": (6, 2.5, 6),
    }
