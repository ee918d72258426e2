import pickle
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.cog.image import CogImage, Level
from engine.cog.record import from_record, to_record
from engine.errors import SourceCorrupt
from tests.builders.tiff_crafting import GRAY, craft
from tests.builders.tiff_reading import parse
from tests.builders.tiff_writers import TiffFixture
from tests.builders.tiffs import FIXTURES


def same(one: Any, other: Any) -> bool:
    """Return whether two values are equal, arrays and NaN included, and of one type."""
    if isinstance(one, CogImage | Level) and isinstance(other, CogImage | Level):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(other))
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other or (one != one and other != other)  # noqa: PLR0124  # NaN


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.name)
def test_an_image_comes_back_from_its_record_whole(
    fixture: TiffFixture, tiff: Callable[[str], Path]
) -> None:
    image = parse(tiff(fixture.name).read_bytes()).image

    assert same(from_record(to_record(image)), image)


def test_an_image_of_a_record_is_copied_and_sent_whole() -> None:
    image = parse(craft(GRAY)).image
    recorded = from_record(to_record(image))
    sent = pickle.loads(pickle.dumps(recorded))  # noqa: S301  our own
    moved = replace(recorded, identity="other")

    assert same(sent, image)
    assert same(moved, replace(image, identity="other"))
    with pytest.raises(AttributeError):
        recorded.colour  # type: ignore[attr-defined]  # noqa: B018


def test_offsets_of_a_cog_take_little_room(tiff: Callable[[str], Path]) -> None:
    image = parse(tiff("cog").read_bytes()).image
    blocks = sum(level.offsets.size for level in image.levels)

    assert len(to_record(image)) < 1_000 + 4 * blocks


RECORD = to_record(parse(craft(GRAY)).image)


@given(at=st.integers(0, len(RECORD) - 1), byte=st.integers(0, 255), cut=st.booleans())
@settings(max_examples=200, derandomize=True, deadline=None)
def test_a_damaged_record_is_refused(at: int, byte: int, *, cut: bool) -> None:
    damaged = RECORD[:at] if cut else RECORD[:at] + bytes([byte]) + RECORD[at + 1 :]
    if damaged == RECORD:
        return

    with pytest.raises(SourceCorrupt, match="image record"):
        from_record(damaged)
