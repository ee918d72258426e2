"""What was used last is kept, up to a weight."""

from engine.catalog.recent import Recent


def test_what_was_used_longest_ago_makes_room() -> None:
    recent: Recent[str, int] = Recent(limit=10)
    for number, key in enumerate("abc"):
        recent.put(key, number, weight=3)
    recent.get("a")
    recent.put("d", 3, weight=3)

    assert [recent.get(key) for key in "abcd"] == [0, None, 2, 3]


def test_putting_again_counts_once() -> None:
    recent: Recent[str, int] = Recent(limit=10)
    for number in range(5):
        recent.put("a", number, weight=6)
    recent.put("b", 9, weight=4)

    assert [recent.get(key) for key in "ab"] == [4, 9]


def test_what_weighs_too_much_is_not_kept() -> None:
    recent: Recent[str, int] = Recent(limit=10)
    recent.put("a", 1, weight=11)
    recent.put("b", 2, weight=10)

    assert [recent.get(key) for key in "ab"] == [None, 2]
