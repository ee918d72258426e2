"""Drafts with their headers → scenes, or the reason why not."""

import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from affine import Affine

from engine.catalog.collection import Collection
from engine.catalog.definitions import is_builtin
from engine.catalog.scene import Asset, Scene
from engine.cog.image import CogImage
from engine.errors import InvalidGeometry
from engine.geo.geometry import Geometry
from engine.ingest.alike import is_alike, pixel_size
from engine.ingest.assign import Found, find_bands
from engine.ingest.bands import BandNames, BandPattern
from engine.ingest.dates import find_date
from engine.ingest.group import Draft, Member
from engine.ingest.outline import image_outline, straighten
from engine.ingest.products import find_product
from engine.ingest.report import Understanding

_SCENES = uuid.UUID("6d0c8c0e-58b5-4b0e-9a44-2f5b9d3c7a11")
"""Namespace of scene ids: the same collection and name give the same id."""
_HARMONIZED = frozenset({"sentinel-2-l1c", "sentinel-2-l2a"})
_OFFSET_BASELINE = 400
"""From processing baseline 04.00 on, stored reflectances carry +1000 (ESA, 25 January 2022)."""
_DN_OFFSET = -1000.0
_OFFSET_DAY = datetime(2022, 1, 25, tzinfo=UTC)
_SLACK = 0.01
"""A given cover may stand out from the image's outline by so much of its size: items round."""


@dataclass(slots=True, kw_only=True)
class Remarks:
    """What is refused, and what should be known; alike remarks are told once."""

    refused: list[tuple[str, str]] = field(default_factory=list)
    """(name, reason)."""
    notes: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    """Remark → the names that it is about."""

    def note(self, text: str, name: str) -> None:
        """Remember that ``text`` holds for ``name``."""
        self.notes[text][name] = None

    @property
    def warnings(self) -> tuple[str, ...]:
        """One sentence for each remark, naming the first few."""
        shown = 3
        lines = []
        for text, names in self.notes.items():
            more = f" and {len(names) - shown} more" if len(names) > shown else ""
            lines.append(f"{', '.join([*names][:shown])}{more}: {text}")
        return tuple(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What holds for every scene of one ingest."""

    collection: Collection
    names: BandNames
    patterns: Sequence[BandPattern]
    date: datetime | None
    """Sensing time of all, where the user gave it."""
    created: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Located:
    member: Member
    image: CogImage
    found: Sequence[Found]


def build_scene(
    draft: Draft, images: Mapping[str, CogImage], rules: Rules, remarks: Remarks
) -> tuple[Scene, Understanding] | None:
    """Return the scene of ``draft`` and what was understood, or None where it is refused.

    ``images`` holds the headers that could be read, by address; what could not is in ``remarks``
    already.
    """
    stranger = _stranger(draft, rules)
    if stranger is not None:
        remarks.refused.append((draft.name, stranger))
        return None
    located = _locate(draft, images, rules, remarks)
    if not located:
        return None
    alike = _alike(draft, located, remarks)
    if not alike:
        return None
    finest = min(alike, key=lambda one: pixel_size(one.image))
    try:
        cover, cover_source = _cover(draft, finest, remarks)
    except InvalidGeometry as error:
        remarks.refused.append((draft.name, error.message))
        return None
    sensed, sensed_source = _sensed(draft, rules)
    if sensed is None and not rules.collection.is_timeless:
        remarks.note("no date is known, so that every time range matches; give --date", draft.name)
    offset, offset_source = _offset(draft, sensed, rules, remarks)
    assets, bands_source = _assets(alike, rules.collection)
    clouds = [item.cloud_cover for item in draft.items if item.cloud_cover is not None]
    scene = Scene(
        id=make_scene_id(rules.collection.id, draft.name),
        collection=rules.collection.id,
        name=draft.name,
        sensed=sensed,
        created=rules.created,
        cloud_cover=clouds[0] if clouds else None,
        cover=cover,
        assets=assets,
        dn_offset=offset,
        properties=_properties(draft),
    )
    sources = {"bands": bands_source, "date": sensed_source, "cover": cover_source}
    if offset_source:
        sources["offset"] = offset_source
    if clouds:
        sources["cloud cover"] = "STAC item"
    return scene, _understanding(scene, sources)


def make_scene_id(collection_id: str, name: str) -> str:
    """Return the id of the scene of that name: the same whenever it is registered again."""
    return str(uuid.uuid5(_SCENES, f"{collection_id}/{name}"))


def _understanding(scene: Scene, sources: Mapping[str, str]) -> Understanding:
    return Understanding(
        scene_id=scene.id,
        name=scene.name,
        sensed=scene.sensed,
        cloud_cover=scene.cloud_cover,
        bands=tuple(scene.assets),
        dn_offset=scene.dn_offset,
        sources=sources,
    )


def _locate(
    draft: Draft, images: Mapping[str, CogImage], rules: Rules, remarks: Remarks
) -> Sequence[_Located]:
    """Return the members that hold bands and lie somewhere."""
    located = []
    unused = [(file.name, "it is a picture made of bands") for file in draft.left_out]
    for member in draft.members:
        image = images.get(member.file.address)
        if image is None:
            continue
        reason = _no_place(image)
        if reason is not None:
            remarks.refused.append((member.file.name, reason))
            continue
        found = find_bands(
            member,
            image,
            collection=rules.collection,
            names=rules.names,
            patterns=rules.patterns,
        )
        if found:
            located.append(_Located(member=member, image=image, found=found))
        else:
            what = "its band is not" if image.bands == 1 else f"none of its {image.bands} bands is"
            reason = f"{what} recognized as one of {rules.collection.id}; give --band NAME=PATTERN"
            unused.append((member.file.name, reason))
    for name, reason in unused:
        if located:
            remarks.note(f"left out: {reason}", name)
        else:
            remarks.refused.append((name, reason))
    return located


def _stranger(draft: Draft, rules: Rules) -> str | None:
    """Return why the product cannot be one of the collection's, or None where it can."""
    if not is_builtin(rules.collection.id):
        return None
    products = [draft.product, *(find_product(one.file.name) for one in draft.members)]
    told = (product.collection for product in products if product is not None)
    belongs = next((one for one in told if one is not None), rules.collection.id)
    if belongs == rules.collection.id:
        return None
    return f"is a product of {belongs}, not of {rules.collection.id}"


def _no_place(image: CogImage) -> str | None:
    """Return why the image lies nowhere, or None where it does."""
    is_unplaced = image.affine == Affine.identity()
    if not is_unplaced and image.crs is not None:
        return None
    missing = "georeference" if is_unplaced else "coordinate reference system"
    told = "".join(f"; it {text}" for text in image.warnings if "control points" in text)
    return f"has no {missing}{told}"


def _alike(draft: Draft, located: Sequence[_Located], remarks: Remarks) -> Sequence[_Located]:
    """Return the members that share CRS and box, the most there are; the others are refused.

    Boxes are equal where their corners differ by at most a pixel of the coarser image.
    """
    groups: list[list[_Located]] = []
    for one in located:
        for group in groups:
            if is_alike(group[0].image, one.image):
                group.append(one)
                break
        else:
            groups.append([one])
    groups.sort(key=len, reverse=True)
    if len(groups) > 1 and len(groups[0]) == len(groups[1]):
        names = ", ".join(group[0].member.file.name for group in groups[:3])
        reason = f"its files differ in CRS or box, so that they are not one scene: {names}"
        remarks.refused.append((draft.name, reason))
        return []
    for group in groups[1:]:
        for one in group:
            reason = f"differs in CRS or box from the other files of scene {draft.name}"
            remarks.refused.append((one.member.file.name, reason))
    return groups[0]


def _assets(located: Sequence[_Located], collection: Collection) -> tuple[dict[str, Asset], str]:
    """Return the asset of each band, the finest where several files hold it."""
    chosen: dict[str, tuple[_Located, Found]] = {}
    for one in sorted(located, key=lambda one: (pixel_size(one.image), one.member.file.name)):
        for found in one.found:
            if found.band in collection.bands:
                chosen.setdefault(found.band, (one, found))
    assets = {
        band: Asset(
            address=chosen[band][0].member.file.address,
            band_index=chosen[band][1].index,
            image=chosen[band][0].image,
        )
        for band in collection.bands
        if band in chosen
    }
    sources = Counter(found.source for _, found in chosen.values())
    return assets, ", ".join(sources)


def _cover(draft: Draft, finest: _Located, remarks: Remarks) -> tuple[Geometry, str]:
    outline = image_outline(finest.image)
    for item in draft.items:
        if item.geometry is None:
            continue
        west, south, east, north = outline.shape.bounds
        around = outline.shape.buffer(_SLACK * max(east - west, north - south))
        if around.covers(item.geometry.shape):
            return straighten(item.geometry, finest.image), "STAC item"
        remarks.note("the item's geometry reaches beyond the image and is not used", draft.name)
    return outline, "outline of the image"


def _sensed(draft: Draft, rules: Rules) -> tuple[datetime | None, str]:
    if rules.collection.is_timeless:
        return None, "the collection has no time"
    if rules.date is not None:
        return rules.date, "option"
    for item in draft.items:
        if item.sensed is not None:
            return item.sensed, "STAC item"
    if draft.product is not None:
        sensed = draft.product.sensed
        return sensed, "unknown" if sensed is None else "product name"
    for member in draft.members:
        folder, _, file = member.file.name.rpartition("/")
        parts = folder.split("/")
        for text in (file, *reversed(parts), folder):
            found = find_date(text)
            if found is not None:
                return found[0], "file name" if text is file else "folder name"
    return None, "unknown"


def _offset(
    draft: Draft, sensed: datetime | None, rules: Rules, remarks: Remarks
) -> tuple[float, str]:
    """Return the offset of Sentinel-2's reflectances, and what told it."""
    if rules.collection.id not in _HARMONIZED:
        return 0.0, ""
    if any(item.is_harmonized for item in draft.items):
        return 0.0, "STAC item: offset already applied"
    told = [(item.baseline, "STAC item") for item in draft.items]
    if draft.product is not None:
        told.append((draft.product.baseline, "product name"))
    for baseline, source in told:
        if baseline is not None:
            offset = _DN_OFFSET if baseline >= _OFFSET_BASELINE else 0.0
            return offset, f"baseline {baseline // 100:02}.{baseline % 100:02} in the {source}"
    if sensed is not None and sensed >= _OFFSET_DAY:
        text = "no processing baseline is known; the reflectances are taken to carry no offset"
        remarks.note(text, draft.name)
    return 0.0, "no processing baseline known"


def _properties(draft: Draft) -> dict[str, object]:
    properties: dict[str, object] = {}
    if draft.product is not None:
        properties.update(draft.product.properties)
    for item in draft.items:
        properties.update(item.properties)
    return properties
