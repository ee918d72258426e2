"""The small sample scenes, written once."""

import pytest

from engine.sample import SampleReport
from tests.builders.samples import small_samples


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> SampleReport:
    return small_samples(tmp_path_factory.mktemp("samples"))
