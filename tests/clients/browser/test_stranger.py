"""The page of a server that asks for a token and has nothing to show yet."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.builders.running import Running

pytestmark = pytest.mark.client


def test_a_token_opens_the_page_and_an_empty_server_says_how_to_fill_it(
    play: Callable[..., Any], closed_server: Running
) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": closed_server.client_id,
        "client_secret": closed_server.client_secret,
    }
    token = httpx.post(f"{closed_server.url}/oauth/token", data=form).json()["access_token"]
    seen = play("stranger", closed_server.url, token)

    assert seen["refused"] == "This server asks for a token"
    assert seen["command"].startswith("cogmill ingest ")
