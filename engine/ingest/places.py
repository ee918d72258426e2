"""Places that people name → the files there."""

import asyncio
import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

import orjson

from engine.errors import EngineError, SourceCorrupt, TooLarge
from engine.ingest.stac import Item, parse_items
from engine.store.protocol import ByteStore, ObjectLister

MAX_FILES = 50_000
"""Files that one place may hold."""
MAX_JSON_BYTES = 4 << 20
"""Of one STAC item, or collection of items."""
_IMAGES = (".tif", ".tiff", ".gtif", ".gtiff", ".jp2")
"""Ends of names that are tried where a whole folder was named."""
_WILD = re.compile(r"[*?\[]")
_DOCUMENTS = (".json", ".geojson")


class Source(ByteStore, ObjectLister, Protocol):
    """A store that can also list what it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """A file that may be an image."""

    address: str
    name: str
    """Its path below the place that was named, with that folder's own name before it."""

    @property
    def folder(self) -> str:
        """The name without its last part."""
        return posixpath.dirname(self.name)

    @property
    def stem(self) -> str:
        """The last part of the name without its extension."""
        return posixpath.splitext(posixpath.basename(self.name))[0]


@dataclass(slots=True, kw_only=True)
class Findings:
    """What lies at the places, gathered place by place."""

    images: dict[str, FoundFile] = field(default_factory=dict)
    """By address."""
    items: list[Item] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)
    """(name, reason)."""


async def find_files(store: Source, places: Sequence[str], *, at_once: int) -> Findings:
    """Return the images and STAC items at and below ``places``; what fails is refused by name."""
    findings = Findings()
    for place in places:
        address = _absolute(place)
        try:
            addresses = await _list(store, address)
        except EngineError as error:
            findings.refused.append((place, error.message))
            continue
        base = _base_of(addresses)
        files = [FoundFile(address=one, name=_name(one, base)) for one in addresses]
        # A file that was named itself is tried whatever it is called.
        is_single = len(files) == 1 and _same(files[0].address, address)
        images = [file for file in files if _ends(file, _IMAGES)]
        documents = [file for file in files if _ends(file, _DOCUMENTS)]
        if is_single and not documents:
            images = files
        findings.images.update({file.address: file for file in images})
        count = len(findings.items)
        await _read_documents(store, documents, findings, at_once=at_once)
        if not images and len(findings.items) == count:
            findings.refused.append((place, "no GeoTIFF and no STAC item was found there"))
    return findings


async def _list(store: ObjectLister, address: str) -> Sequence[str]:
    if urlsplit(address).scheme in ("http", "https"):
        # Web servers do not list what they hold.
        return [address]
    listed = await store.list(address, limit=MAX_FILES)
    if not listed and _WILD.search(address):
        # A pattern may mean folders, as a shell's does.
        listed = await store.list(f"{address.rstrip('/')}/**", limit=MAX_FILES)
    return [one.address for one in listed]


async def _read_documents(
    store: Source, documents: Sequence[FoundFile], findings: Findings, *, at_once: int
) -> None:
    turns = asyncio.Semaphore(at_once)

    async def read(file: FoundFile) -> Sequence[Item]:
        async with turns:
            try:
                return parse_items(await _read_json(store, file.address), file.address)
            except EngineError as error:
                findings.refused.append((file.name, error.message))
                return []

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(read(file)) for file in documents]
    for task in tasks:
        findings.items += task.result()


async def _read_json(store: ByteStore, address: str) -> Any:
    opened = await store.open(address, first=MAX_JSON_BYTES)
    if opened.info.size > MAX_JSON_BYTES:
        message = f"the JSON has {opened.info.size} bytes; allowed: {MAX_JSON_BYTES}"
        raise TooLarge(message, found=opened.info.size, limit=MAX_JSON_BYTES)
    try:
        return orjson.loads(opened.start)
    except orjson.JSONDecodeError as error:
        message = f"not JSON: {error.msg} at line {error.lineno}"
        raise SourceCorrupt(message) from error


def _absolute(place: str) -> str:
    return place if urlsplit(place).scheme else str(Path(place).expanduser().absolute())


def _same(listed: str, place: str) -> bool:
    return listed in (place, unquote(urlsplit(place).path))


def _ends(file: FoundFile, ends: Sequence[str]) -> bool:
    return file.name.lower().endswith(tuple(ends))


def _base_of(addresses: Sequence[str]) -> str:
    """Return the folder above the one that holds all ``addresses``."""
    if not addresses:
        return ""
    common = posixpath.commonprefix([posixpath.dirname(address) + "/" for address in addresses])
    return posixpath.dirname(posixpath.dirname(common))


def _name(address: str, base: str) -> str:
    relative = address.removeprefix(base).lstrip("/")
    is_web = urlsplit(address).scheme in ("http", "https")
    return unquote(relative.partition("?")[0]) if is_web else relative
