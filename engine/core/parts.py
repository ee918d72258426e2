"""What an open engine holds; opened and closed together."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from engine.catalog.definitions import ensure_builtin
from engine.catalog.sql import SqlCatalog
from engine.cog.decode import DecodedBlock
from engine.cog.gdal import GdalDecoder
from engine.cog.image import CogImage
from engine.core.options import EngineOptions
from engine.database.connection import Database, open_database
from engine.run.blocks import BlockReader
from engine.run.decoding import Key
from engine.run.turns import Turns
from engine.run.workers import Workers, make_workers
from engine.store.cache import BoundedCache
from engine.store.route import OpenStore, open_store
from evalscripts import NativeCompiler, ScriptCache, V8Pool, open_compiler, open_pool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parts:
    """The collaborators of one engine in one event loop."""

    store: OpenStore
    database: Database
    catalog: SqlCatalog
    workers: Workers
    turns: Turns
    """Of each principal's scripts: all workers but one."""
    pool: V8Pool
    compiler: NativeCompiler | None
    """None where every script runs in V8."""
    scripts: ScriptCache
    reader: BlockReader
    images: BoundedCache[str, CogImage]
    """Newer headers by address, of objects that changed after they were registered."""
    stack: AsyncExitStack

    async def close(self) -> None:
        """Close everything, in the reverse order of opening."""
        await self.stack.aclose()


async def open_parts(options: EngineOptions) -> Parts:
    """Return the opened parts; whatever was opened is closed again where one fails."""
    async with AsyncExitStack() as stack:
        database = await open_database(options.database_url)
        stack.push_async_callback(database.close)
        catalog = SqlCatalog(database)
        await ensure_builtin(catalog)
        store = open_store(options.store)
        stack.push_async_callback(store.close)
        workers = make_workers(
            compute=options.threads, waiting=options.scripts.workers + options.threads + 2
        )
        stack.callback(workers.close)
        pool = await workers.wait(open_pool, options.scripts)
        stack.callback(pool.close)
        compiler = None
        if options.native is not None:
            compiler = await workers.wait(open_compiler, options.native)
            stack.callback(compiler.close)
        gdal = GdalDecoder()
        stack.callback(gdal.close)
        cache: BoundedCache[Key, DecodedBlock] = BoundedCache(
            options.block_cache_bytes, weigh=lambda block: block.nbytes
        )
        images: BoundedCache[str, CogImage] = BoundedCache(256, weigh=lambda _: 1)
        return Parts(
            store=store,
            database=database,
            catalog=catalog,
            workers=workers,
            turns=Turns(each=max(1, options.scripts.workers - 1)),
            pool=pool,
            compiler=compiler,
            scripts=ScriptCache(pool, entries=options.script_cache, compiler=compiler),
            reader=BlockReader(store=store, workers=workers, gdal=gdal, cache=cache),
            images=images,
            stack=stack.pop_all(),
        )
