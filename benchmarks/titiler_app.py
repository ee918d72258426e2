"""TiTiler over a folder of one-band COGs, as its documentation builds such an application.

It writes PNG at deflate's level 1 instead of rio-tiler's 6: quicker, and hardly larger.
"""

import os
from pathlib import Path
from typing import Any

import attr
from fastapi import FastAPI
from rio_tiler.io import MultiBaseReader, Reader
from rio_tiler.profiles import img_profiles
from titiler.core.factory import MultiBaseTilerFactory


@attr.s
class FolderReader(MultiBaseReader):
    """The bands of a scene: files of a folder or of an address, as asset names say."""

    reader = attr.ib(init=False, default=Reader)
    assets = attr.ib(init=False, default=("B02", "B03", "B04", "B08"))
    default_assets = attr.ib(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        """Take place and zooms from the first band."""
        with Reader(self._url("B04")) as first:
            self.bounds, self.crs = first.bounds, first.crs
            self.minzoom, self.maxzoom = first.minzoom, first.maxzoom

    def _url(self, asset: str) -> str:
        return str(Path(os.environ["BENCH_FOLDER"]) / f"{asset}.tif")

    def _get_asset_info(self, asset: Any) -> Any:
        name = asset["name"] if isinstance(asset, dict) else asset
        return {
            "url": self._url(name),
            "name": name,
            "media_type": None,
            "reader_options": {},
            "method_options": {},
        }


img_profiles.update({"png": {"zlevel": 1}})
app = FastAPI()
app.include_router(MultiBaseTilerFactory(reader=FolderReader).router)
