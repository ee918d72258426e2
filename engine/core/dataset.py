"""`Pixels` → `xarray.Dataset`; xarray is an extra that nothing else needs."""

import importlib
from typing import Any

from engine.geo.crs import definition
from engine.samples import Pixels


def to_dataset(pixels: Pixels) -> Any:
    """Return an ``xarray.Dataset`` with one variable per output, dimensions (band, y, x).

    ``x`` and ``y`` are the centers of the pixels in units of the CRS; ``spatial_ref`` holds the
    CRS as CF and rioxarray expect it. Outputs of one band keep their band dimension; outputs
    with different numbers of bands have dimensions of their own (``band_<output>``). Raises
    ImportError where xarray is not installed: ``pip install cogmill[xarray]``.
    """
    xarray = importlib.import_module("xarray")
    box = pixels.geobox
    step_x, _, left, _, step_y, top = box.affine[:6]
    counts = {values.shape[0] for values in pixels.outputs.values()}
    variables = {}
    for name, values in pixels.outputs.items():
        band = "band" if len(counts) == 1 else f"band_{name}"
        nodata = pixels.nodata.get(name)
        attributes = {"grid_mapping": "spatial_ref"}
        if nodata is not None:
            attributes["_FillValue"] = values.dtype.type(nodata)
        variables[name] = ((band, "y", "x"), values, attributes)
    return xarray.Dataset(
        variables,
        coords={
            "x": ("x", [left + (col + 0.5) * step_x for col in range(box.width)]),
            "y": ("y", [top + (row + 0.5) * step_y for row in range(box.height)]),
            "spatial_ref": ((), 0, _grid_mapping(pixels)),
            "valid": (("y", "x"), pixels.valid),
        },
        attrs={"user_data": pixels.user_data} if pixels.user_data is not None else {},
    )


def _grid_mapping(pixels: Pixels) -> dict[str, Any]:
    crs = definition(pixels.geobox.crs)
    a, b, c, d, e, f = pixels.geobox.affine[:6]
    return {**crs.to_cf(), "crs_wkt": crs.to_wkt(), "GeoTransform": f"{c} {a} {b} {f} {d} {e}"}
