"""TiTiler: a server of one process over the files on disk, asked over HTTP."""

from contextlib import ExitStack, closing
from http.client import HTTPConnection
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import numpy as np

from benchmarks.peers import QUICKEST, Ask
from benchmarks.serving import titiler_query, titiler_server


class TiTiler:
    """PNG at level 1, GDAL set as its documentation recommends; bands are read in threads."""

    name = "TiTiler"
    settings = (QUICKEST,)

    def __init__(self, stack: ExitStack) -> None:
        self.stack = stack
        self.servers: dict[Path, str] = {}

    def takes(self, ask: Ask) -> bool:
        """Return True for map tiles of one scene on disk."""
        is_single = all(len(paths) == 1 for paths in ask.paths.values())
        return ask.work.zoom is not None and is_single and not ask.is_remote

    def answer(self, ask: Ask) -> object:
        """Return the PNG."""
        return self._ask(ask, "png", titiler_query(ask.work.bands, ask.work.side))

    def numbers(self, ask: Ask) -> np.ma.MaskedArray:
        """Return what the answer is made of."""
        body = self._ask(ask, "npy", {"url": "scene", "assets": ask.work.bands})
        *bands, mask = np.load(BytesIO(body))
        return np.ma.MaskedArray(np.stack(bands), np.broadcast_to(mask == 0, np.shape(bands)))

    def _ask(self, ask: Ask, form: str, query: dict[str, object]) -> bytes:
        question = ask.question
        box = ",".join(f"{edge!r}" for edge in question.box)
        query = {**query, "coord_crs": "epsg:3857", "dst_crs": "epsg:3857"}
        query.pop("tilesize", None)
        path = f"/bbox/{box}/{question.width}x{question.height}.{form}"
        # It closes connections that nobody used for five seconds.
        with closing(HTTPConnection(self._server(Path(ask.paths["B04"][0]).parent))) as connection:
            connection.request("GET", f"{path}?{urlencode(query, doseq=True)}")
            answer = connection.getresponse()
            body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"TiTiler, {path}: {answer.status} {body[:300]!r}")
        return body

    def _server(self, folder: Path) -> str:
        """Return host and port of the server over a folder, which is started for its first use."""
        if folder not in self.servers:
            server = self.stack.enter_context(titiler_server(folder))
            self.servers[folder] = urlsplit(server.url).netloc
        return self.servers[folder]
