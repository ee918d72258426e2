from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.store.cache import BoundedCache

operations = st.lists(
    st.tuples(st.sampled_from(["get", "put", "discard"]), st.integers(0, 5), st.integers(0, 12)),
    max_size=60,
)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(operations=operations)
def test_a_cache_holds_what_a_list_in_order_of_use_would_hold(
    operations: list[tuple[str, int, int]],
) -> None:
    limit = 20
    cache: BoundedCache[int, bytes] = BoundedCache(limit, weigh=len)
    oracle: OrderedDict[int, bytes] = OrderedDict()

    for name, key, size in operations:
        if name == "get":
            assert cache.get(key) == oracle.get(key)
            if key in oracle:
                oracle.move_to_end(key)
        elif name == "put":
            cache.put(key, bytes(size))
            oracle.pop(key, None)
            oracle[key] = bytes(size)
            while sum(map(len, oracle.values())) > limit:
                oracle.popitem(last=False)
        else:
            cache.discard(key)
            oracle.pop(key, None)

    assert cache.stats().weight == sum(map(len, oracle.values()))
    assert cache.stats().items == len(oracle)
    assert all(cache.get(key) == value for key, value in oracle.items())


def test_a_value_heavier_than_the_whole_cache_is_not_kept_and_drives_nothing_out() -> None:
    cache: BoundedCache[str, bytes] = BoundedCache(10, weigh=len)
    cache.put("small", b"12345")

    cache.put("large", bytes(11))

    assert cache.get("large") is None
    assert cache.get("small") == b"12345"


def test_an_outdated_value_does_not_outlive_a_newer_one_that_is_too_heavy() -> None:
    cache: BoundedCache[str, bytes] = BoundedCache(10, weigh=len)
    cache.put("block", b"old")

    cache.put("block", bytes(11))

    assert cache.get("block") is None
    assert cache.stats().weight == 0


def test_stats_count_hits_misses_items_and_weight() -> None:
    cache: BoundedCache[str, bytes] = BoundedCache(10, weigh=len)
    cache.put("a", b"1234")
    cache.get("a")
    cache.get("b")

    stats = cache.stats()

    assert (stats.hits, stats.misses, stats.items, stats.weight, stats.limit) == (1, 1, 1, 4, 10)


def test_a_cleared_cache_is_empty_and_weighs_nothing() -> None:
    cache: BoundedCache[str, bytes] = BoundedCache(10, weigh=len)
    cache.put("a", b"1234")

    cache.clear()

    assert cache.get("a") is None
    assert cache.stats().weight == 0


def test_a_cache_stays_within_its_limit_when_many_threads_fill_it() -> None:
    cache: BoundedCache[int, bytes] = BoundedCache(1000, weigh=len)

    def fill(seed: int) -> None:
        for i in range(2000):
            cache.put((seed * 7 + i) % 50, bytes(i % 60))
            cache.get(i % 50)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(fill, range(4)))
    held = [cache.get(key) for key in range(50)]

    assert cache.stats().weight == sum(len(value) for value in held if value is not None)
    assert cache.stats().weight <= 1000
