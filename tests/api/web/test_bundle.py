"""What was bundled: nothing from another host, every license, and a lock file for all of it."""

import json
import re
from collections.abc import Mapping

import pytest

from api.web.assets import STATIC, Asset

SOURCE = STATIC.with_name("source")
LOCK = json.loads((SOURCE / "package-lock.json").read_text(encoding="utf-8"))
PACKAGES = {path: package for path, package in LOCK["packages"].items() if path}
LOADING = re.compile(
    rb"""(?: (?:src|href|action|poster)\s*=\s*["'] | url\(\s*["']? | @import\s*["'] )
         (?:https?:)?//""",
    re.VERBOSE,
)
"""Addresses of other hosts where a browser would load them."""


def test_every_package_is_locked_by_its_content_and_by_no_address() -> None:
    assert [path for path, package in PACKAGES.items() if "resolved" in package] == []
    assert [path for path, package in PACKAGES.items() if "integrity" not in package] == []


@pytest.mark.parametrize("ending", ["html", "css"])
def test_pages_and_styles_load_nothing_from_another_host(
    assets: Mapping[str, Asset], ending: str
) -> None:
    bodies = {name: asset.body for name, asset in assets.items() if name.endswith(ending)}

    assert len(bodies) == 2
    assert [name for name, body in bodies.items() if LOADING.search(body)] == []


def test_pages_hold_no_script_and_no_style_of_their_own(assets: Mapping[str, Asset]) -> None:
    pages = [assets["index.html"].body, assets["docs.html"].body]

    assert [re.findall(rb"<script[^>]*>\s*[^<\s]|<style|\son\w+=|\sstyle=", p) for p in pages] == [
        [],
        [],
    ]


def test_scripts_load_no_code_from_another_host(assets: Mapping[str, Asset]) -> None:
    scripts = [asset.body for name, asset in assets.items() if name.endswith(".js")]
    loading = rb"""\b(?:import|from|importScripts|Worker)\s*\(?\s*["'](?:https?:)?//"""

    assert [re.findall(loading, body) for body in scripts] == [[], []]


@pytest.mark.parametrize(
    "package", ["ol", "codemirror", "@codemirror/view", "swagger-ui-dist", "rbush"]
)
def test_the_license_of_what_was_bundled_is_beside_it(
    assets: Mapping[str, Asset], package: str
) -> None:
    version = PACKAGES[f"node_modules/{package}"]["version"]
    licenses = assets["licenses.txt"].body.decode()

    assert re.search(rf"^{re.escape(package)} {re.escape(version)} \(", licenses, re.MULTILINE)
