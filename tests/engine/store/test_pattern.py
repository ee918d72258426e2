import glob
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.store.pattern import compile_pattern, fixed_prefix, is_pattern, parts_after

NAMES = ["a", "b", "ab", "a.tif", "b.tif", "[a]", "a!b", "x-y", "a^", "é"]
PARTS = ["a", "*", "?", "**", "*.tif", "[ab]", "[!a]", "[a-b]*", "?b", "a*", "[[]a]", "[", "[^a]"]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    for folder in ["", "a", "b", "ab", "a/b", "a/b/ab", "b/[a]"]:
        (root / folder / "d").mkdir(parents=True, exist_ok=True)
        for name in NAMES:
            path = root / folder / "d" / name
            path.touch()
    return root


@settings(
    derandomize=True,
    max_examples=300,
    deadline=None,
)
@given(parts=st.lists(st.sampled_from([*PARTS, "d", "b"]), min_size=1, max_size=4))
def test_patterns_match_what_pythons_glob_finds(tree: Path, parts: list[str]) -> None:
    pattern = "/".join(parts)
    files = [str(path.relative_to(tree)) for path in tree.rglob("*") if path.is_file()]
    expected = {
        found
        for found in glob.glob(pattern, root_dir=tree, recursive=True)  # noqa: PTH207 - the oracle
        # Of a file "a", Python finds "a/" as well.
        if (tree / found).is_file() and not found.endswith("/")
    }

    matched = {name for name in files if compile_pattern(pattern).fullmatch(name)}

    assert matched == expected
    assert all(name.startswith(fixed_prefix(pattern)) for name in matched)


def test_a_text_without_wildcards_is_no_pattern() -> None:
    assert not is_pattern("/data/a.tif")
    assert fixed_prefix("/data/a.tif") == "/data/a.tif"
    assert [is_pattern(text) for text in ("a*", "a?", "a[b]")] == [True, True, True]


def test_the_depth_below_a_folder_is_known_unless_any_depth_is_asked_for() -> None:
    assert parts_after("/data/*/x/*.tif", "/data") == 3
    assert parts_after("/data/*.tif", "/data") == 1
    assert parts_after("/data/**/*.tif", "/data") is None
