"""The catalog in PostgreSQL holds the same laws as in SQLite."""

from collections.abc import Iterator

import pytest

from engine.catalog.sql import SqlCatalog
from engine.database.connection import Database, open_database
from tests.builders.postgres import Cluster, cluster
from tests.builders.waiting import Await, wait
from tests.contracts.catalog import CatalogContract

__all__ = ["cluster", "wait"]


@pytest.fixture
def database(cluster: Cluster, wait: Await) -> Iterator[Database]:
    database = wait(open_database(cluster.make_database()))
    yield database
    wait(database.close())


@pytest.fixture
def catalog(database: Database) -> SqlCatalog:
    return SqlCatalog(database)


class TestContract(CatalogContract):
    """On a real server."""
