"""The page as it was built into this installation, served by an app that holds nothing else."""

from collections.abc import Mapping

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.dialects import answer_error
from api.web.assets import STATIC, Asset, load_assets
from api.web.build_hook import is_built
from api.web.routes import router
from engine.errors import EngineError


@pytest.fixture(scope="session")
def assets() -> Mapping[str, Asset]:
    assert is_built(STATIC.with_name("source"), STATIC), (
        "the page is missing or older than its sources; run: pip install -e ."
    )
    return load_assets(STATIC)


@pytest.fixture(scope="session")
def client(assets: Mapping[str, Asset]) -> TestClient:
    assert assets
    app = FastAPI(docs_url=None)
    app.include_router(router)
    app.add_exception_handler(
        EngineError, lambda request, error: answer_error(error, path=request.url.path)
    )
    return TestClient(app)
