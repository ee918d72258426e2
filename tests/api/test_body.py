import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.body import json_extent, parse_json
from api.errors import BadBody

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=30,
)


def depth_of(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


@given(JSON_VALUES)
@settings(derandomize=True, max_examples=150)
def test_depth_is_counted_without_parsing(value: Any) -> None:
    escaped = json.dumps(value).encode()
    plain = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")

    assert (json_extent(escaped)[0], json_extent(plain)[0]) == (depth_of(value), depth_of(value))


@pytest.mark.parametrize(
    "data",
    [b'"' + b'\\"' * 4_000_000, b'"' + b"\\" * 8_000_000, b'"\\"' * 4_000_000, b'["a' * 4_000_000],
    ids=["escaped quotes", "backslashes", "quotes", "brackets"],
)
def test_no_text_takes_longer_than_its_length(data: bytes) -> None:
    with pytest.raises(BadBody):
        parse_json(data, max_depth=64)


@given(JSON_VALUES)
@settings(derandomize=True, max_examples=50)
def test_what_was_written_is_read(value: Any) -> None:
    assert parse_json(json.dumps(value).encode(), max_depth=64) == value


@given(st.binary(max_size=200) | st.text(alphabet='{}[]",:\\0aeE.-N', max_size=60).map(str.encode))
@settings(derandomize=True, max_examples=200)
def test_any_bytes_are_a_value_or_a_bad_body(data: bytes) -> None:
    with suppress(BadBody):
        parse_json(data, max_depth=64)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "non-empty"),
        (b" \n", "non-empty"),
        (b"{", "not JSON: .* line 1"),
        (b'{"a": 1,}', "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 100_000, "100000 levels"),
        (b'{"a":' * 65 + b"1" + b"}" * 65, "65 levels deep; at most 64"),
        (b"1" * 5000, "thousands of digits"),
        (b"[" + b"0," * 500_001 + b"0]", "500002 values; at most 500000"),
    ],
)
def test_what_is_wrong_with_a_body_is_said(data: bytes, expected: str) -> None:
    with pytest.raises(BadBody, match=expected):
        parse_json(data, max_depth=64)
