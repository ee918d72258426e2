import json

from hypothesis import given, settings
from hypothesis import strategies as st

from api.respond import debug_header, respond, units_header
from engine.encode.encoded import Encoded


@given(st.lists(st.text(max_size=600), min_size=1, max_size=40))
@settings(derandomize=True, max_examples=80)
def test_the_debug_header_is_short_ascii_json_that_says_what_is_missing(lines: list[str]) -> None:
    header = debug_header(lines, is_cut=False)["X-Cogmill-Debug"]

    value = json.loads(header)

    assert len(header.encode("ascii")) <= 4096
    assert value["cut"] == (value["console"] != lines)
    assert all(lines[i].startswith(line) for i, line in enumerate(value["console"]))


def test_a_first_line_that_is_too_long_is_shortened() -> None:
    value = json.loads(debug_header(["x" * 10_000], is_cut=False)["X-Cogmill-Debug"])

    assert value["cut"]
    assert len(value["console"][0]) > 300


def test_a_script_that_prints_nothing_adds_no_header() -> None:
    assert debug_header([], is_cut=False) == {}


def test_units_have_at_most_four_decimals() -> None:
    values = [units_header(units)["x-processingunits-spent"] for units in (0.0067, 1.0, 42.66667)]

    assert values == ["0.0067", "1", "42.6667"]


def test_a_file_is_sent_as_what_it_is() -> None:
    file = Encoded(media_type="image/png", body=b"\x89PNG", name="default.png")

    response = respond(file, headers={"x-a": "b"})

    assert dict(response.headers) == {
        "x-content-type-options": "nosniff",
        "x-a": "b",
        "content-length": "4",
        "content-type": "image/png",
    }
