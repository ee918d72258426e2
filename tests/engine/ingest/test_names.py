"""What the names of real products tell."""

from datetime import UTC, datetime

import pytest

from engine.catalog.definitions import builtin_collections, other_band_names
from engine.ingest.bands import band_names, make_band_name, parse_patterns
from engine.ingest.dates import find_date, parse_stamp
from engine.ingest.products import EXAMPLES, find_product, without_product

BUILTIN = {one.id: one for one in builtin_collections()}


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_a_product_of_its_own_name(example: str) -> None:
    found = find_product(f"folder/{example}.SAFE/file.tif")

    assert found is not None
    assert found.name == example


S1 = "s1a-iw-grd-vv-20210809t173953-20210809t174018-039156-049f13-001.tiff"
SAFE = "S2A_MSIL1C_20180101T105441_N0206_R051_T31TDH_20180101T124911.SAFE"
NEW_SAFE = "S2B_MSIL2A_20230618T101559_N0509_R065_T32TLS_20230618T135630.SAFE"

# path → product, collection, sensed, baseline, band
TABLE = [
    (
        f"{SAFE}/GRANULE/L1C_T31TDH_A013204_20180101T105435/IMG_DATA/T31TDH_20180101T105441_B01.jp2",
        (SAFE[:-5], "sentinel-2-l1c", utc(2018, 1, 1, 10, 54, 41), 206, "B01"),
    ),
    (
        f"{NEW_SAFE}/GRANULE/x/IMG_DATA/R20m/T32TLS_20230618T101559_B8A_20m.jp2",
        (NEW_SAFE[:-5], "sentinel-2-l2a", utc(2023, 6, 18, 10, 15, 59), 509, "B8A"),
    ),
    (
        "T32TLS_20220618T101559_SCL_20m.tif",
        ("T32TLS_20220618T101559", None, utc(2022, 6, 18, 10, 15, 59), None, "SCL"),
    ),
    (
        "S2A_OPER_MSI_L2A_TL_ATOS_20220620T162319_A036527_T32TLS_N04.00_R60m_B01.jp2",
        (
            "S2A_OPER_MSI_L2A_TL_ATOS_20220620T162319_A036527_T32TLS_N04.00",
            "sentinel-2-l2a",
            None,
            400,
            "B01",
        ),
    ),
    (
        "32/T/LS/2022/6/S2A_32TLS_20220618_0_L2A/B04.tif",
        ("S2A_32TLS_20220618_0_L2A", "sentinel-2-l2a", utc(2022, 6, 18), None, "B04"),
    ),
    (
        "LC08_L2SP_017036_20130419_20200913_02_T2_SR_B7.TIF",
        (
            "LC08_L2SP_017036_20130419_20200913_02_T2",
            "landsat-ot-l2",
            utc(2013, 4, 19),
            None,
            "B07",
        ),
    ),
    (
        "LC08_L2SP_017036_20130419_20200913_02_T2_QA_PIXEL.TIF",
        (
            "LC08_L2SP_017036_20130419_20200913_02_T2",
            "landsat-ot-l2",
            utc(2013, 4, 19),
            None,
            "BQA",
        ),
    ),
    (
        "LC08_L2SP_017036_20130419_20200913_02_T2_ST_ATRAN.TIF",
        (
            "LC08_L2SP_017036_20130419_20200913_02_T2",
            "landsat-ot-l2",
            utc(2013, 4, 19),
            None,
            "ST_ATRAN",
        ),
    ),
    (
        "LC08_L1TP_013032_20180131_20180207_01_T1/LC08_L1TP_013032_20180131_B10.TIF",
        (
            "LC08_L1TP_013032_20180131_20180207_01_T1",
            "landsat-ot-l1",
            utc(2018, 1, 31),
            None,
            "B10",
        ),
    ),
    (
        "LE07_L1TP_160031_20110416_20200909_02_T1_B6_VCID_1.TIF",
        (
            "LE07_L1TP_160031_20110416_20200909_02_T1",
            "landsat-etm-l1",
            utc(2011, 4, 16),
            None,
            "B06_VCID_1",
        ),
    ),
    (
        "LT05_L2SP_010067_19860424_20200918_02_T2_ST_B6.TIF",
        (
            "LT05_L2SP_010067_19860424_20200918_02_T2",
            "landsat-tm-l2",
            utc(1986, 4, 24),
            None,
            "B06",
        ),
    ),
    (
        "LC80170362013109LGN00_B4.TIF",
        ("LC80170362013109LGN00", "landsat-ot-l1", utc(2013, 4, 19), None, "B04"),
    ),
    (
        S1,
        (
            "s1a-iw-grd-20210809t173953-20210809t174018-039156-049f13",
            "sentinel-1-grd",
            utc(2021, 8, 9, 17, 39, 53),
            None,
            "VV",
        ),
    ),
    (
        "S1B_20161121_12SYJ_ASC/Gamma0_VH.tif",
        ("S1B_20161121_12SYJ_ASC", "sentinel-1-grd", utc(2016, 11, 21), None, "VH"),
    ),
    (
        "S1B_20161121_12SYJ_ASC/local_incident_angle.tif",
        (
            "S1B_20161121_12SYJ_ASC",
            "sentinel-1-grd",
            utc(2016, 11, 21),
            None,
            "localIncidenceAngle",
        ),
    ),
    (
        "S1A__IW___A_20150309T173017_VV_grd_mli_geo_norm_db.tif",
        (
            "S1A__IW___A_20150309T173017",
            "sentinel-1-grd",
            utc(2015, 3, 9, 17, 30, 17),
            None,
            "VV",
        ),
    ),
]


@pytest.mark.parametrize(("path", "expected"), TABLE, ids=[path[-40:] for path, _ in TABLE])
def test_a_product_is_understood(path: str, expected: tuple[object, ...]) -> None:
    product = find_product(path)
    assert product is not None
    collection = BUILTIN[product.collection or "sentinel-2-l2a"]
    names = band_names(collection, other_band_names(collection.id))
    stem = path.rpartition("/")[2].rpartition(".")[0]
    (band,) = names.find(without_product(stem))

    assert (product.name, product.collection, product.sensed, product.baseline, band) == expected


def test_the_polarizations_of_one_pass_share_their_product() -> None:
    other = find_product(S1.replace("-vv-", "-vh-").replace("-001", "-002"))

    assert find_product(S1) == other


def test_products_tell_platform_and_place() -> None:
    found = [find_product(name) for name in (SAFE, "LC08_L1TP_013032_20180131", S1)]

    assert [one.properties for one in found if one is not None] == [
        {"platform": "sentinel-2a", "grid:code": "MGRS-31TDH"},
        {"platform": "landsat-8", "landsat:wrs_path": "013", "landsat:wrs_row": "032"},
        {"platform": "sentinel-1a"},
    ]


@pytest.mark.parametrize("name", ["scene.tif", "2024-05-01/B04.tif", "T1_2020.tif", "LC8.tif"])
def test_other_names_are_no_products(name: str) -> None:
    assert find_product(name) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-01", utc(2024, 5, 1)),
        ("flight_20240501.tif", utc(2024, 5, 1)),
        ("x_2024_05_01_y", utc(2024, 5, 1)),
        ("2024/05/01/B04.tif", utc(2024, 5, 1)),
        ("20240501T101530Z", utc(2024, 5, 1, 10, 15, 30)),
        ("2024-05-01T10:15:30", utc(2024, 5, 1, 10, 15, 30)),
        ("20240501_101530_0e26", utc(2024, 5, 1, 10, 15, 30)),
        ("20240501_999999", utc(2024, 5, 1)),
        ("2023-02-29 and 2024-02-29", utc(2024, 2, 29)),
        ("20241301", None),
        ("120240501", None),
        ("202405011", None),
        ("12345678", None),
        ("2024-05_01", None),
        ("B04", None),
    ],
)
def test_dates_are_found(text: str, expected: datetime | None) -> None:
    found = find_date(text)

    assert (None if found is None else found[0]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022169T101559", utc(2022, 6, 18, 10, 15, 59)),
        ("2013109", utc(2013, 4, 19)),
        ("20130419", utc(2013, 4, 19)),
        ("2013366", None),
        ("20130431", None),
        ("2013", None),
    ],
)
def test_stamps_are_read(text: str, expected: datetime | None) -> None:
    assert parse_stamp(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("B4", ("B04",)),
        ("b04", ("B04",)),
        ("band_4", ("B04",)),
        ("B8a_20m", ("B8A",)),
        ("x-B02.B03", ("B02", "B03")),
        ("red", ("B04",)),
        ("nir08", ("B8A",)),
        ("B99", ()),
        ("AB04", ()),
        ("", ()),
    ],
)
def test_bands_are_found(text: str, expected: tuple[str, ...]) -> None:
    collection = BUILTIN["sentinel-2-l2a"]
    names = band_names(collection, other_band_names(collection.id))

    assert names.find(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("red", "red"),
        ("2-red edge", "_2_red_edge"),
        ("--", "band"),
        ("dataMask", "dataMask_"),
        ("é", "band"),
    ],
)
def test_any_text_becomes_a_name_that_a_script_can_say(text: str, expected: str) -> None:
    assert make_band_name(text) == expected


def test_a_pattern_captures_what_the_files_of_a_scene_share() -> None:
    red, nir = parse_patterns({"red": "*_r.tif", "nir": "*_n.tif#2"})

    assert (red.index, nir.index) == (0, 1)
    assert red.match("x/a_r.tif") == nir.match("x/a_n.tif") == ("a",)
    assert red.match("x/a_n.tif") is None
