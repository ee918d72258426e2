"""Plain arrays and archives: read back by numpy and tarfile."""

import io
import tarfile
from typing import Any

import numpy as np
from hypothesis import given, settings
from numpy.typing import NDArray

from engine.encode.archive import make_archive
from engine.encode.arrays import encode_npy, encode_raw
from engine.encode.encoded import Encoded
from tests.builders.pictures import make_picture, pictures

DTYPES = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64")


@settings(max_examples=20, deadline=None, derandomize=True)
@given(values=pictures(DTYPES, (1, 2, 5)))
def test_numpy_loads_bands_rows_and_columns(values: NDArray[Any]) -> None:
    found = np.load(io.BytesIO(encode_npy(values)), allow_pickle=False)

    assert found.dtype == values.dtype
    assert np.array_equal(found, values, equal_nan=values.dtype.kind == "f")


@settings(max_examples=20, deadline=None, derandomize=True)
@given(values=pictures(DTYPES, (1, 2, 5)))
def test_raw_samples_are_little_endian_with_the_bands_of_a_pixel_together(
    values: NDArray[Any],
) -> None:
    body = encode_raw(values)

    stored = np.frombuffer(body, dtype=values.dtype.newbyteorder("<"))
    found = np.moveaxis(stored.reshape(*values.shape[1:], values.shape[0]), -1, 0)
    assert np.array_equal(found, values, equal_nan=values.dtype.kind == "f")


def test_an_array_out_of_order_is_stored_in_order() -> None:
    values = make_picture((3, 20, 30), "int16", 1)[:, ::-1, ::2]

    assert encode_npy(values) == encode_npy(values.copy())
    assert encode_raw(values) == encode_raw(values.copy())


def test_an_archive_holds_the_files_by_name_and_is_the_same_each_time() -> None:
    files = [
        Encoded(media_type="image/tiff", body=b"II*\0" * 200, name="default.tif"),
        Encoded(media_type="application/json", body=b"{}", name="userdata.json"),
    ]

    archive = make_archive(files)

    with tarfile.open(fileobj=io.BytesIO(archive.body)) as opened:
        members = opened.getmembers()
        bodies = [opened.extractfile(member) for member in members]
        assert [body.read() for body in bodies if body] == [file.body for file in files]
    assert [member.name for member in members] == ["default.tif", "userdata.json"]
    assert {(m.mtime, m.uid, m.gid, m.mode) for m in members} == {(0, 0, 0, 0o644)}
    assert make_archive(files).body == archive.body
