"""CRSs: what is understood, what is refused, and x first whatever the authority says."""

import pickle
import threading

import numpy as np
import pyproj
import pytest

from engine.errors import UnsupportedCrs
from engine.geo.crs import (
    WEB_MERCATOR,
    WGS84,
    Crs,
    definition,
    parse_crs,
    transform,
    warm_transforms,
)

GRID_FILE_WKT = pyproj.CRS.from_proj4(
    "+proj=longlat +ellps=GRS80 +nadgrids=/etc/passwd +type=crs"
).to_wkt()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("EPSG:4326", "EPSG:4326"),
        ("epsg:3857", "EPSG:3857"),
        (" EPSG:32631 ", "EPSG:32631"),
        ("CRS84", "EPSG:4326"),
        ("CRS:84", "EPSG:4326"),
        ("OGC:CRS84", "EPSG:4326"),
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", "EPSG:4326"),
        ("https://www.opengis.net/def/crs/OGC/0/CRS84", "EPSG:4326"),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"),
        ("http://www.opengis.net/def/crs/EPSG/0/4326", "EPSG:4326"),
        ("https://www.opengis.net/def/crs/EPSG/0/3857", "EPSG:3857"),
        ("http://www.opengis.net/def/crs/EPSG/0/32733/", "EPSG:32733"),
        ("urn:ogc:def:crs:EPSG::3035", "EPSG:3035"),
        ("urn:ogc:def:crs:EPSG:9.9:3035", "EPSG:3035"),
        (pyproj.CRS.from_epsg(2056).to_wkt(), "EPSG:2056"),
    ],
)
def test_every_way_to_name_a_crs_gives_one_name(text: str, name: str) -> None:
    assert parse_crs(text) == Crs(name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "EPSG:",
        "EPSG:0",
        "EPSG:999999",
        "EPSG:4326; DROP TABLE",
        "http://www.opengis.net/def/crs/",
        "http://www.opengis.net/def/crs/EPSG",
        "urn:ogc:def:crs:",
        "urn:ogc:def:crs:EPSG",
        "EPSG:4978",
        "EPSG:5773",
        "nonsense" * 100,
        "+proj=utm +zone=99",
        '{"type": "Feature"}',
        "+init=/etc/passwd:x",
        "+init=epsg:4326",
        "+proj=longlat +nadgrids=/etc/passwd +type=crs",
        "+proj=longlat +nadgrids=https://127.0.0.1:9/grid.tif +type=crs",
        "+proj=longlat +geoidgrids=/etc/passwd +type=crs",
        GRID_FILE_WKT,
        "/etc/passwd",
        "file:///etc/passwd",
        "EPSG:../../etc/passwd",
        "@/etc/passwd",
    ],
)
def test_what_is_no_horizontal_crs_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UnsupportedCrs) as caught:
        parse_crs(text)

    assert len(caught.value.message) < 300
    assert "\n" not in caught.value.message


def test_a_crs_without_a_code_keeps_its_definition() -> None:
    text = "+proj=laea +lat_0=12 +lon_0=34 +datum=WGS84 +units=m"
    crs = parse_crs(text)

    assert crs.epsg is None
    assert definition(crs).equals(pyproj.CRS.from_user_input(text))
    assert parse_crs(crs.name) == crs
    assert pickle.loads(pickle.dumps(crs)) == crs  # noqa: S301 - our own bytes


def test_x_is_east_and_first_whatever_the_authority_says() -> None:
    x, y = transform(WGS84, WEB_MERCATOR, np.array([10.0]), np.array([50.0]))

    assert x[0] == pytest.approx(1_113_194.9079327357)
    assert y[0] == pytest.approx(6_446_275.841017158)


def test_places_outside_the_domain_are_infinite() -> None:
    x, y = transform(parse_crs("EPSG:3035"), WGS84, np.array([9e9, 4.3e6]), np.array([0.0, 3e6]))

    assert np.isinf(x).tolist() == [True, False]
    assert np.isinf(y).tolist() == [True, False]


def test_crss_between_which_proj_knows_no_way_are_refused() -> None:
    zeros = np.zeros(1)

    with pytest.raises(UnsupportedCrs, match="EPSG:2985"):
        transform(Crs("EPSG:2985"), WGS84, zeros, zeros)


def test_transformers_serve_many_threads() -> None:
    expected = transform(WGS84, parse_crs("EPSG:32631"), np.array([3.0]), np.array([45.0]))
    utm = parse_crs("EPSG:32631")
    found = []

    def work() -> None:
        found.extend(transform(WGS84, utm, np.array([3.0]), np.array([45.0])) for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 80
    assert all(pair == expected for pair in found)


@pytest.mark.parametrize(
    ("crs", "is_geographic", "meters"),
    [
        ("EPSG:4326", True, 111_319.49),
        ("EPSG:32631", False, 1.0),
        ("EPSG:2263", False, 0.3048006),
    ],
)
def test_units_are_told_in_meters(*, crs: str, is_geographic: bool, meters: float) -> None:
    parsed = parse_crs(crs)

    assert parsed.is_geographic == is_geographic
    assert parsed.meters_per_unit == pytest.approx(meters, rel=1e-6)


def test_a_warm_thread_makes_no_transformer_for_tiles_of_a_known_zone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    warm_transforms()

    def refuse(*_: object, **__: object) -> None:
        message = "a transformer is made anew"
        raise AssertionError(message)

    monkeypatch.setattr(pyproj.Transformer, "from_crs", refuse)
    x, _ = transform(WEB_MERCATOR, Crs("EPSG:32631"), np.array([333_958.472]), np.array([0.0]))

    assert x[0] == pytest.approx(500_000, abs=0.01)
