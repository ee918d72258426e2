"""`Settings` → what the engine is opened with."""

import os

from api.settings import Settings
from engine.core import EngineOptions
from engine.net.client import Timeouts
from engine.net.guard import OutboundPolicy
from engine.plan.limits import Limits
from engine.store.route import StoreOptions
from engine.store.s3_options import S3Options
from evalscripts import CompilerOptions, PoolOptions


def engine_options(settings: Settings) -> EngineOptions:
    """Return the engine's options for one of ``settings.workers`` server processes."""
    threads = settings.threads or max(1, (os.cpu_count() or 1) // settings.workers)
    return EngineOptions(
        database_url=settings.database,
        store=store_options(settings),
        scripts=PoolOptions(
            workers=settings.script_workers or threads + 1,
            heap_bytes=settings.script_memory_bytes // 2,
            data_bytes=settings.script_memory_bytes,
        ),
        native=_compiler_options(settings),
        limits=Limits(
            side=settings.max_pixels_per_side,
            scenes=settings.max_scenes,
            source_bytes=settings.max_source_bytes,
        ),
        threads=threads,
        block_cache_bytes=settings.cache_bytes,
        seconds=settings.request_seconds,
        script_seconds=settings.script_seconds,
    )


def _compiler_options(settings: Settings) -> CompilerOptions | None:
    if not settings.script_compilers:
        return None
    return CompilerOptions(workers=settings.script_compilers)


def store_options(settings: Settings) -> StoreOptions:
    """Return which places may be read, and how."""
    return StoreOptions(
        roots=tuple(str(root.absolute()) for root in settings.data_roots),
        policy=OutboundPolicy(hosts=settings.data_hosts),
        s3=(
            S3Options(
                endpoint_url=settings.s3_endpoint or None,
                region=settings.s3_region or None,
                anonymous=settings.s3_anonymous,
                requester_pays=settings.s3_requester_pays,
            ),
        ),
        timeouts=Timeouts(total=settings.source_seconds),
    )
