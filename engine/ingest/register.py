"""`ingest`: places → registered scenes, some at a time."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol

from engine.catalog.collection import Collection, MosaicRule
from engine.catalog.definitions import other_band_names
from engine.catalog.protocol import Catalog
from engine.catalog.scene import Scene
from engine.catalog.user import derive_max_meters_per_pixel, make_user_collection
from engine.cog.image import CogImage
from engine.errors import EngineError, RequestError
from engine.ingest.alike import split_guess
from engine.ingest.assign import define_bands
from engine.ingest.bands import BandPattern, band_names, parse_patterns
from engine.ingest.build import Remarks, Rules, build_scene
from engine.ingest.dates import parse_date
from engine.ingest.group import Draft, group_files
from engine.ingest.naming import settle_name
from engine.ingest.places import FoundFile, Source, find_files
from engine.ingest.report import IngestReport, Understanding
from engine.run.open import open_image

HEADERS_AT_ONCE = 16
"""Requests under way at a time."""
_FILES_AT_ONCE = 512
"""Files, about, whose scenes are registered together; a crash loses no more than these."""


class OnProgress(Protocol):
    """Told after each header."""

    def __call__(self, done: int, total: int, name: str) -> None:
        """``done`` of ``total`` files were looked at; ``name`` was the last one."""
        ...


@dataclass(slots=True, kw_only=True)
class _Progress:
    total: int
    tell: OnProgress | None
    done: int = 0

    def step(self, name: str) -> None:
        self.done += 1
        if self.tell is not None:
            self.tell(self.done, self.total, name)


async def ingest(
    catalog: Catalog,
    store: Source,
    collection_id: str,
    places: Sequence[str],
    *,
    date: datetime | str | None = None,
    bands: Mapping[str, str] | None = None,
    on_progress: OnProgress | None = None,
) -> IngestReport:
    """Register what lies at ``places`` (files, folders, patterns, http(s) and s3 URLs).

    Each header is read and parsed once. Names and STAC items beside the files tell which files
    are one scene, which band is where, and when it was sensed; ``date`` (ISO 8601, UTC where it
    names no zone) and ``bands`` (band → file pattern, ``#2`` behind it for the second band of a
    file) overrule them. What cannot be used is refused by name and reason, and the rest taken.
    Ingesting the same files again replaces their scenes. A user collection without bands takes
    those of its first scene.

    Raises `UnknownCollection`, `UnknownBand` or `RequestError` where the question itself is wrong.
    """
    collection = await catalog.collection(collection_id)
    patterns = parse_patterns(bands or {})
    for pattern in patterns:
        if collection.bands:
            collection.band(pattern.band)
    sensed = _instant(date)
    findings = await find_files(store, places, at_once=HEADERS_AT_ONCE)
    names = band_names(collection, other_band_names(collection.id))
    drafts = group_files(findings, collection=collection, names=names, patterns=patterns)
    remarks = Remarks(refused=findings.refused)
    progress = _Progress(total=sum(len(draft.members) for draft in drafts), tell=on_progress)
    understood: list[Understanding] = []
    taken: set[str] = set()
    for some in _portions(drafts):
        images = await _open_all(store, some, remarks, progress)
        if not collection.bands:
            collection = await _define(catalog, collection, some, images, patterns)
            names = band_names(collection, other_band_names(collection.id))
        rules = Rules(
            collection=collection,
            names=names,
            patterns=patterns,
            date=sensed,
            created=datetime.now(UTC),
        )
        built = await asyncio.to_thread(_build_all, some, images, rules, remarks)
        understood += await _register(catalog, built, taken)
    if understood:
        await _limit_resolution(catalog, collection)
    return IngestReport(
        scenes=tuple(understood), refused=tuple(remarks.refused), warnings=remarks.warnings
    )


def _instant(date: datetime | str | None) -> datetime | None:
    if date is None:
        return None
    try:
        return parse_date(date if isinstance(date, str) else date.isoformat())
    except ValueError as error:
        message = f"date {str(date)[:40]!r} is not ISO 8601, such as 2024-05-01T10:30:00Z"
        raise RequestError(message, where="date") from error


def _portions(drafts: Sequence[Draft]) -> Iterator[Sequence[Draft]]:
    portion: list[Draft] = []
    files = 0
    for draft in drafts:
        portion.append(draft)
        files += len(draft.members)
        if files >= _FILES_AT_ONCE:
            yield portion
            portion, files = [], 0
    if portion:
        yield portion


async def _open_all(
    store: Source, drafts: Sequence[Draft], remarks: Remarks, progress: _Progress
) -> Mapping[str, CogImage]:
    """Return the headers of the drafts' files by address; what cannot be read is refused."""
    turns = asyncio.Semaphore(HEADERS_AT_ONCE)
    images: dict[str, CogImage] = {}

    async def read(file: FoundFile) -> None:
        async with turns:
            try:
                images[file.address] = await open_image(store, file.address)
            except EngineError as error:
                remarks.refused.append((file.name, error.message))
        progress.step(file.name)

    async with asyncio.TaskGroup() as group:
        for draft in drafts:
            for member in draft.members:
                group.create_task(read(member.file))
    return images


async def _define(
    catalog: Catalog,
    collection: Collection,
    drafts: Sequence[Draft],
    images: Mapping[str, CogImage],
    patterns: Sequence[BandPattern],
) -> Collection:
    """Return ``collection`` with the bands of the first scene that has any, and store it so."""
    for draft in (part for one in drafts for part in split_guess(one, images)):
        known = [
            (member, images[member.file.address])
            for member in draft.members
            if member.file.address in images
        ]
        if known:
            made = make_user_collection(collection.title, bands=define_bands(known, patterns))
            collection = replace(collection, bands=made.bands)
            await catalog.replace_collection(collection)
            return collection
    return collection


def _build_all(
    drafts: Sequence[Draft], images: Mapping[str, CogImage], rules: Rules, remarks: Remarks
) -> Sequence[tuple[Draft, Scene, Understanding]]:
    built = []
    for draft in (part for one in drafts for part in split_guess(one, images)):
        made = build_scene(draft, images, rules, remarks)
        if made is not None:
            scene, understanding = made
            built.append((draft, scene, understanding))
            files = {asset.address: asset.image for asset in scene.assets.values()}
            for address, image in files.items():
                for text in image.warnings:
                    remarks.note(text, _file_name(draft, address))
    return built


def _file_name(draft: Draft, address: str) -> str:
    return next(one.file.name for one in draft.members if one.file.address == address)


async def _register(
    catalog: Catalog, built: Sequence[tuple[Draft, Scene, Understanding]], taken: set[str]
) -> Sequence[Understanding]:
    if not built:
        return []
    known = await catalog.known_files(
        built[0][1].collection,
        names=[scene.name for _, scene, _ in built],
        addresses=[asset.address for _, scene, _ in built for asset in scene.assets.values()],
    )
    settled = [
        settle_name(
            scene,
            is_product=draft.product is not None or bool(draft.items),
            known=known,
            taken=taken,
        )
        for draft, scene, _ in built
    ]
    await catalog.add_scenes(settled)
    return [
        replace(understanding, name=scene.name, scene_id=scene.id)
        for scene, (_, _, understanding) in zip(settled, built, strict=True)
    ]


async def _limit_resolution(catalog: Catalog, collection: Collection) -> None:
    """Derive a user collection's limit from the files it has now."""
    if collection.rule is not MosaicRule.TOP_COVER:
        return
    limit = derive_max_meters_per_pixel(await catalog.coarsest_resolutions(collection.id))
    if limit != collection.max_meters_per_pixel:
        await catalog.replace_collection(replace(collection, max_meters_per_pixel=limit))
