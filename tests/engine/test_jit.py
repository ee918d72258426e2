"""Machine code on disk, which several processes fill at once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from numba.core.registry import cpu_target

from engine.jit import SharedCache, kernel

DTYPES = ("int16", "int32", "float32", "float64")


def first(values: Any) -> Any:
    return values[0]


def test_who_saves_at_the_same_time_finds_the_own_signature_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    compiled: Any = kernel(first)
    for name in DTYPES:
        compiled(np.ones(1, dtype=name))
    # Each of these stands for a process, which has a cache of its own over the same files.
    made = list(compiled.overloads.values())
    found = []
    with ThreadPoolExecutor(len(made)) as pool:
        for _ in range(20):
            for file in tmp_path.rglob("*.nb?"):
                file.unlink()
            caches = [SharedCache(first) for _ in made]
            list(
                pool.map(
                    lambda cache, one: cache.save_overload(one.signature.args, one), caches, made
                )
            )
            target = cpu_target.target_context
            found += [SharedCache(first).load_overload(one.signature.args, target) for one in made]

    assert [one.signature for one in found] == [one.signature for one in made] * 20
