"""The lists of the corpus: what `benchmarks.reach gather` rebuilds it from."""

import re
from collections import Counter

from benchmarks.reach_gather import (
    GROUPS,
    LISTS,
    read_excluded,
    read_repositories,
    read_scripts,
)


def test_every_listed_script_is_named_by_a_hash_a_known_repository_and_a_path() -> None:
    aliases = {repository.alias for repository in read_repositories()}

    for script in read_scripts():
        assert re.fullmatch(r"[0-9a-f]{64}", script.digest)
        assert script.group in GROUPS
        assert script.alias in aliases
        assert script.path


def test_every_repository_is_named_by_its_commit() -> None:
    for repository in read_repositories():
        assert re.fullmatch(r"[\w.-]+/[\w.-]+", repository.name)
        assert re.fullmatch(r"[0-9a-f]{40}", repository.commit)


def test_no_text_is_listed_twice_nor_both_counted_and_excluded() -> None:
    counts = Counter([script.digest for script in read_scripts()] + list(read_excluded()))

    assert counts.most_common(1)[0][1] == 1


def test_every_exclusion_has_a_reason() -> None:
    assert all(reason.strip() for reason in read_excluded().values())


def test_files_of_the_corpus_have_names_of_their_own() -> None:
    names = Counter(script.file for script in read_scripts())

    assert names.most_common(1)[0][1] == 1


def test_the_lists_hold_no_script() -> None:
    for file in LISTS.iterdir():
        assert "evaluatePixel" not in file.read_text(encoding="utf-8")
