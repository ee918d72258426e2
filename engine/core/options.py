"""`EngineOptions`: everything that can be chosen about an engine."""

import os
from dataclasses import dataclass, field

from engine.plan.limits import Limits
from engine.store.route import StoreOptions
from evalscripts import CompilerOptions, PoolOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """Frozen, comparable and picklable; see each field."""

    database_url: str
    """SQLAlchemy URL of the catalog: ``sqlite:////var/lib/cogmill/catalog.db``."""
    store: StoreOptions
    """Which roots and hosts may be read, with which credentials and timeouts."""
    scripts: PoolOptions = field(default_factory=PoolOptions)
    """Script workers: how many, their memory and time."""
    native: CompilerOptions | None = field(default_factory=CompilerOptions)
    """Compile workers; None: every script runs in V8."""
    limits: Limits = field(default_factory=Limits)
    """What one request may take."""
    threads: int = field(default_factory=lambda: os.cpu_count() or 1)
    """Compute threads; the machine's cores divided by the number of server processes."""
    block_cache_bytes: int = 256 << 20
    """Decoded blocks kept in memory."""
    script_cache: int = 256
    """Compiled scripts kept in memory."""
    seconds: float = 60.0
    """Wall clock of one request, from start to end."""
    setup_seconds: float = 5.0
    """Wall clock of a script's top level and ``setup()``."""
    script_seconds: float = 30.0
    """Wall clock of a script over all pixels of a request."""
