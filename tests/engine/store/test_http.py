import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.net.client import HttpClient, Timeouts
from engine.net.guard import OutboundPolicy
from engine.store.coalesce import Coalescing
from engine.store.http import HttpStore
from engine.store.protocol import ByteStore
from tests.builders.servers import Nginx
from tests.engine.store.contract import CONTENT, ByteStoreContract, Place

TIMEOUTS = Timeouts(connect=2, silence=2, total=5)


def http_store(authority: str, *, timeouts: Timeouts = TIMEOUTS) -> HttpStore:
    policy = OutboundPolicy(hosts=(authority,))
    return HttpStore(HttpClient(policy, timeouts=timeouts, per_host=8))


def write_below(root: Path, url: str) -> Place:
    def write(name: str, content: bytes) -> str:
        path = root / name
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        # The dates of HTTP know whole seconds.
        moment = 1_700_000_000 + (5 if content != CONTENT else 0)
        os.utime(path, (moment, moment))
        return f"{url}/{name}"

    return write


class TestHttpStore(ByteStoreContract):
    @pytest.fixture
    def make_store(self, nginx: Nginx) -> Callable[[], ByteStore]:
        return lambda: http_store(nginx.authority)

    @pytest.fixture
    def place(self, nginx: Nginx) -> Place:
        return write_below(nginx.root, nginx.url)


class TestHttpStoreWithoutEtags(TestHttpStore):
    @pytest.fixture
    def place(self, nginx: Nginx) -> Place:
        return write_below(nginx.root, f"{nginx.url}/without-etag")


class TestCoalescedHttpStore(TestHttpStore):
    @pytest.fixture
    def make_store(self, nginx: Nginx) -> Callable[[], ByteStore]:
        return lambda: Coalescing(http_store(nginx.authority), max_gap=64, max_span=1 << 20)
