"""OpenLayers' own SentinelHub source, unmodified, against our token endpoint and process path."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.builders.running import Running

pytestmark = pytest.mark.client


def test_openlayers_shows_the_scenes_after_a_change_of_address_only(
    play: Callable[..., Any],
    open_server: Running,
    openlayers_page: str,
    clearest_day: datetime,
    shots: Path,
) -> None:
    [sample, *_] = httpx.get(f"{open_server.url}/api/v1/page").json()["collections"]
    query = {
        "server": open_server.url,
        "id": open_server.client_id,
        "secret": open_server.client_secret,
        "date": clearest_day.date().isoformat(),
        "bounds": ",".join(map(str, sample["bounds"])),
    }
    shot = shots / "openlayers.png"
    answer = play("openlayers", f"{openlayers_page}/?{urlencode(query)}", str(shot))

    assert answer["title"] == "drawn"
    assert answer["notes"] == []
    assert answer["seen"]["colors"] > 500
    assert answer["seen"]["share"] > 0.1
