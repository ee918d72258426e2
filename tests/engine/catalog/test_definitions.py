"""The built-in collections are what the reference says."""

import math
from collections.abc import Iterator

import pytest

from engine.catalog.collection import Collection, MosaicRule
from engine.catalog.definitions import (
    builtin_collections,
    ensure_builtin,
    is_builtin,
    other_band_names,
    resolve_collection_id,
)
from engine.catalog.form import from_form, to_form
from engine.catalog.sql import SqlCatalog
from engine.database.connection import open_database
from tests.builders.waiting import Await, wait

__all__ = ["wait"]

BUILTIN = {one.id: one for one in builtin_collections()}


@pytest.fixture
def catalog(wait: Await) -> Iterator[SqlCatalog]:
    database = wait(open_database("sqlite://"))
    yield SqlCatalog(database)
    wait(database.close())


@pytest.mark.parametrize("collection", BUILTIN.values(), ids=lambda one: one.id)
def test_a_definition_survives_being_stored(collection: Collection) -> None:
    assert to_form(from_form(to_form(collection))) == to_form(collection)


@pytest.mark.parametrize("collection", BUILTIN.values(), ids=lambda one: one.id)
def test_a_definition_is_sound(collection: Collection) -> None:
    assert collection.rule is MosaicRule.FIRST_DATA
    assert collection.bands
    for name, band in collection.bands.items():
        assert band.name == name
        assert name.isidentifier()
        assert len({unit.name for unit in band.units}) == len(band.units) >= 1
    assert set(other_band_names(collection.id).values()) <= set(collection.bands)


# sentinelhub.md §11.1: band → native resolution
S2_METERS = {
    **dict.fromkeys(("B02", "B03", "B04", "B08"), 10.0),
    **dict.fromkeys(("B05", "B06", "B07", "B8A", "B11", "B12"), 20.0),
    **dict.fromkeys(("B01", "B09"), 60.0),
}


@pytest.mark.parametrize("level", ["l1c", "l2a"])
def test_sentinel_2_is_reflectance_by_default(level: str) -> None:
    collection = BUILTIN[f"sentinel-2-{level}"]
    found = {name: collection.band(name).resolution for name in S2_METERS}

    assert found == S2_METERS
    for name in S2_METERS:
        band = collection.band(name)
        assert [unit.name for unit in band.units] == ["REFLECTANCE", "DN"]
        assert band.unit(None).scale * 10_000 + band.unit(None).offset == pytest.approx(1.0)
        assert not band.is_categorical
    assert collection.normalization_factor == 0.0001
    assert collection.max_meters_per_pixel == 1500
    assert collection.missing == 0
    assert ("B10" in collection.bands) is (level == "l1c")
    assert ("SCL" in collection.bands) is (level == "l2a")


def test_classes_and_angles_are_never_interpolated() -> None:
    bands = BUILTIN["sentinel-2-l2a"].bands
    categorical = {name for name, band in bands.items() if band.is_categorical}

    assert categorical == {
        *("SCL", "SNW", "CLD", "CLP", "CLM"),
        *("sunAzimuthAngles", "sunZenithAngles", "viewAzimuthMean", "viewZenithMean"),
    }


# USGS Landsat Collection 2 Level-2 science product guide: DN → value
LANDSAT = [
    ("B04", None, 7273, 7273 * 0.0000275 - 0.2),
    ("B10", None, 44177, 44177 * 0.00341802 + 149),
]


@pytest.mark.parametrize(("band", "unit", "number", "value"), LANDSAT)
def test_landsat_numbers_become_physical_values(
    band: str, unit: str | None, number: int, value: float
) -> None:
    found = BUILTIN["landsat-ot-l2"].band(band).unit(unit)

    assert number * found.scale + found.offset == pytest.approx(value, rel=1e-12)
    assert math.isnan(BUILTIN["landsat-ot-l2"].missing)


def test_elevation_has_no_time() -> None:
    assert BUILTIN["dem"].is_timeless
    assert BUILTIN["dem"].band("DEM").unit(None).name == "METERS"


# sentinelhub.md §11.5: collection, bands → default unit
BANDS_OF = [
    ("sentinel-3-olci", [f"B{number:02d}" for number in range(1, 22)], "REFLECTANCE"),
    ("sentinel-3-olci", ["SAA", "SZA", "VAA", "VZA"], "DEGREES"),
    ("sentinel-3-olci", ["HUMIDITY"], "PERCENT"),
    ("sentinel-3-olci", ["SEA_LEVEL_PRESSURE"], "HECTOPASCALS"),
    ("sentinel-3-olci", ["TOTAL_COLUMN_OZONE", "TOTAL_COLUMN_WATER_VAPOUR"], "KG_M2"),
    ("sentinel-3-olci-l2", ["GIFAPAR", "OTCI", "LQSF", "CHL_NN", "TSM_NN", "KD490_M07"], "DN"),
    ("sentinel-3-slstr", [f"S{number}" for number in range(1, 7)], "REFLECTANCE"),
    ("sentinel-3-slstr", ["S7", "S8", "S9", "F1", "F2"], "BRIGHTNESS_TEMPERATURE"),
    ("sentinel-5p-l2", ["CO", "HCHO", "NO2", "O3", "SO2"], "MOL_M2"),
    ("modis", [f"B{number:02d}" for number in range(1, 8)], "REFLECTANCE"),
    ("hls", ["CoastalAerosol", "NIR_Broad", "SWIR2", "Cirrus"], "REFLECTANCE"),
    ("esa-worldcover", ["Map"], "DN"),
]


@pytest.mark.parametrize(("collection", "bands", "unit"), BANDS_OF)
def test_bands_have_the_units_of_the_reference(
    collection: str, bands: list[str], unit: str
) -> None:
    assert {BUILTIN[collection].band(name).unit(None).name for name in bands} == {unit}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("S3OLCI", "sentinel-3-olci"),
        ("S3SLSTR", "sentinel-3-slstr"),
        ("S2L2A", "sentinel-2-l2a"),
        ("S2L1C", "sentinel-2-l1c"),
        ("S1GRD", "sentinel-1-grd"),
        ("L8L1C", "landsat-ot-l1"),
        ("LOTL1", "landsat-ot-l1"),
        ("LOTL2", "landsat-ot-l2"),
        ("LTML1", "landsat-tm-l1"),
        ("LTML2", "landsat-tm-l2"),
        ("LMSSL1", "landsat-mss-l1"),
        ("LETML1", "landsat-etm-l1"),
        ("LETML2", "landsat-etm-l2"),
        ("MODIS", "modis"),
        ("DEM", "dem"),
        ("S5PL2", "sentinel-5p-l2"),
        ("HLS", "hls"),
        ("Sentinel-2-L2A", "sentinel-2-l2a"),
        ("byoc-0A", "byoc-0A"),
        ("unheard-of", "unheard-of"),
    ],
)
def test_legacy_names_are_understood(text: str, expected: str) -> None:
    assert resolve_collection_id(text) == expected
    assert is_builtin(expected) is (expected in BUILTIN)


def test_the_built_in_collections_are_registered_once(catalog: SqlCatalog, wait: Await) -> None:
    wait(ensure_builtin(catalog))
    before = wait(catalog.generation())
    wait(ensure_builtin(catalog))

    assert wait(catalog.generation()) == before
    assert {one.id for one in wait(catalog.collections())} == set(BUILTIN)


def test_a_changed_definition_is_written_anew(catalog: SqlCatalog, wait: Await) -> None:
    old = from_form({**to_form(BUILTIN["dem"]), "title": "As it was"})
    wait(catalog.add_collection(old))
    wait(ensure_builtin(catalog))

    assert wait(catalog.collection("dem")).title == BUILTIN["dem"].title
