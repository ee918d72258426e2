from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.params import accepted, at, crs_of, parse_instant, time_range
from engine.errors import InvalidGeometry, RequestError, UnsupportedCrs

# Reference §2.1.1: what Sentinel Hub lists by name.
LISTED = [4326, 3857, 2154, 2180, 2193, 3003, 3004, 3005, 3006, 3031, 3035, 3161, 3346, 3413, 3416]
LISTED += [3578, 3580, 3765, 3794, 3844, 3912, 3995, 4026, 5514, 28992, 32184]
LISTED += [32601, 32633, 32660, 32701, 32760]


@pytest.mark.parametrize("code", LISTED)
def test_every_crs_that_sentinel_hub_lists_is_known(code: int) -> None:
    assert crs_of(f"http://www.opengis.net/def/crs/EPSG/0/{code}").epsg == code


@pytest.mark.parametrize(
    "name",
    [
        "http://www.opengis.net/def/crs/OGC/1.3/CRS84",
        "https://www.opengis.net/def/crs/OGC/1.3/CRS84",
        "urn:ogc:def:crs:OGC:1.3:CRS84",
        "CRS84",
        "OGC:CRS84",
        "EPSG:4326",
        "epsg:4326",
        "urn:ogc:def:crs:EPSG::4326",
        "http://www.opengis.net/def/crs/EPSG/0/4326",
    ],
)
def test_every_spelling_of_longitude_and_latitude_is_the_same_crs(name: str) -> None:
    assert crs_of(name).name == "EPSG:4326"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "EPSG:999999",
        "EPSG:4978",  # geocentric
        "EPSG:5773",  # heights only
        "EPSG:١",
        "EPSG:٤٣٢٦",
        "+init=/etc/passwd:root",
        "+proj=merc +nadgrids=/etc/passwd",
        "/etc/passwd",
        'GEOGCS["x"]',
        "http://evil.example/def/crs/EPSG/0/4326",
        "\ud800",
    ],
)
def test_what_is_no_crs_is_refused_without_opening_anything(name: str) -> None:
    with pytest.raises(UnsupportedCrs):
        crs_of(name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2018-10-01T00:00:00.000Z", datetime(2018, 10, 1, tzinfo=UTC)),
        ("2018-10-01T23:59:59Z", datetime(2018, 10, 1, 23, 59, 59, tzinfo=UTC)),
        ("2018-10-01T02:00:00+02:00", datetime(2018, 10, 1, tzinfo=UTC)),
        ("2018-10-01T00:00Z", datetime(2018, 10, 1, tzinfo=UTC)),
        ("2018-10-01t00:00:00.123456789z", datetime(2018, 10, 1, 0, 0, 0, 123456, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_with_its_zone(text: str, expected: datetime) -> None:
    assert parse_instant(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2018-10-01",
        "2018-10-01T00:00:00",
        "2018-13-01T00:00:00Z",
        "2018-10-01T24:00:01Z",
        "0001-01-01T00:00:00+14:00",
        "yesterday",
        "",
        "20181001T000000Z",
    ],
)
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"instant|date and time"):
        parse_instant(text)


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
@settings(derandomize=True, max_examples=60)
def test_both_ends_of_a_time_range_are_inside(one: datetime, other: datetime) -> None:
    start, last = min(one, other), max(one, other)

    span = time_range(start, last)

    assert (span.contains(start), span.contains(last)) == (True, True)


def test_a_range_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(RequestError, match="ends before it starts"):
        time_range(datetime(2020, 1, 2, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, ()),
        ("", ()),
        ("*/*", ("*/*",)),
        ("image/tiff", ("image/tiff",)),
        ("text/html, IMAGE/webp;q=0.5, */*;q=0.8", ("text/html", "*/*", "image/webp")),
        ("image/png;q=0, image/jpeg", ("image/jpeg",)),
        ("image/png;q=abc;v=1,,;", ("image/png",)),
    ],
)
def test_accepted_types_come_in_the_order_of_their_quality(
    header: str | None, expected: tuple[str, ...]
) -> None:
    assert accepted(header) == expected


def test_an_error_keeps_the_more_exact_place() -> None:
    message = "broken"
    with pytest.raises(RequestError) as outer, at("input->bounds"):
        raise InvalidGeometry(message)
    with pytest.raises(RequestError) as inner, at("input"):
        raise InvalidGeometry(message, where="input->bounds->geometry")

    assert (outer.value.where, inner.value.where) == ("input->bounds", "input->bounds->geometry")
