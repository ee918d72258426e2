"""When the page is bundled, and with which Node."""

from pathlib import Path

import pytest

from api.web.build_hook import (
    NODE_WHEEL,
    STAMP,
    PageBuildHook,
    is_built,
    machine_node,
    sources_hash,
)


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A page of one source, built."""
    folder = tmp_path / "api" / "web"
    (folder / "source").mkdir(parents=True)
    (folder / "source" / "main.ts").write_text("export {};")
    (folder / "static").mkdir()
    (folder / "static" / STAMP).write_text(sources_hash(folder / "source"))
    return folder


def make_hook(root: Path) -> PageBuildHook:
    return PageBuildHook(str(root), {}, None, None, str(root), "wheel")  # type: ignore[arg-type]


def test_a_page_of_these_sources_is_built(web: Path) -> None:
    assert is_built(web / "source", web / "static")


def test_a_page_of_other_sources_is_not(web: Path) -> None:
    (web / "source" / "main.ts").write_text("export const changed = true;")

    assert not is_built(web / "source", web / "static")


def test_a_renamed_source_is_another_source(web: Path) -> None:
    (web / "source" / "main.ts").rename(web / "source" / "other.ts")

    assert not is_built(web / "source", web / "static")


def test_installed_packages_are_no_sources(web: Path) -> None:
    (web / "source" / "node_modules").mkdir()
    (web / "source" / "node_modules" / "package.js").write_text("")

    assert is_built(web / "source", web / "static")


def test_a_built_page_needs_no_node(
    web: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert is_built(web / "source", web / "static")
    assert make_hook(tmp_path).dependencies() == []


def test_node_comes_from_its_wheel_where_the_machine_has_none(
    web: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (web / "static" / STAMP).unlink()
    monkeypatch.setenv("PATH", str(tmp_path))

    assert make_hook(tmp_path).dependencies() == [NODE_WHEEL]


@pytest.mark.parametrize(("version", "is_taken"), [("v16.20.0", False), ("v18.0.0", True)])
def test_an_old_node_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, *, is_taken: bool
) -> None:
    for name in ("node", "npm"):
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\necho {version}\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")

    assert (machine_node() is not None) == is_taken
