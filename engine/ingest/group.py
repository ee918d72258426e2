"""Files → drafts of scenes, by their names and by the STAC items that speak of them."""

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from engine.catalog.collection import Collection
from engine.catalog.definitions import is_builtin
from engine.ingest.bands import BandNames, BandPattern, is_picture
from engine.ingest.dates import find_date
from engine.ingest.places import Findings, FoundFile
from engine.ingest.products import Product, find_product, without_product
from engine.ingest.stac import Item, ItemAsset

_INNER_FOLDER = re.compile(r"R?\d+m|IMG_DATA|measurement", re.IGNORECASE)
"""Folders inside one scene, named after a resolution or a standard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file of a draft."""

    file: FoundFile
    asset: ItemAsset | None = None
    """What a STAC item says of it."""


@dataclass(slots=True, kw_only=True)
class Draft:
    """Files that are one scene, as far as names tell."""

    name: str
    product: Product | None
    is_guess: bool = False
    """True where only the folder and the date hold the files together."""
    items: list[Item] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    left_out: list[FoundFile] = field(default_factory=list)
    """Pictures for people, which hold no band."""


def group_files(
    findings: Findings,
    *,
    collection: Collection,
    names: BandNames,
    patterns: Sequence[BandPattern] = (),
) -> Sequence[Draft]:
    """Return the drafts, in the order in which their files were found.

    Files are one scene when one STAC item names them, when they carry the same product's name, or
    when they lie in one folder and their names differ by the band only. Any other file is a scene
    of its own. In a collection whose bands are not known yet, what remains of a file's name
    without its date counts as the band.
    """
    drafts: dict[tuple[str, ...], Draft] = {}
    claimed: set[str] = set()
    for item in findings.items:
        product = find_product(item.id)
        # Ids of items are unique within one STAC collection only; product names everywhere.
        key, name = _key_of_product(product) or (("item", item.address, item.id), item.id)
        draft = drafts.setdefault(key, Draft(name=name, product=product))
        draft.items.append(item)
        for member in _members_of(item, findings.images):
            if member.file.address not in claimed:
                draft.members.append(member)
                claimed.add(member.file.address)
    for file in findings.images.values():
        if file.address in claimed:
            continue
        product = find_product(file.name)
        key, name = (
            _key_of_pattern(file, patterns)
            or _key_of_product(product)
            or _key_of_folder(file, collection, names)
        )
        is_guess = key[0] == "dated"
        draft = drafts.setdefault(key, Draft(name=name, product=product, is_guess=is_guess))
        if is_builtin(collection.id) and is_picture(without_product(file.stem)):
            draft.left_out.append(file)
        else:
            draft.members.append(Member(file=file))
    return [draft for draft in drafts.values() if draft.members or draft.left_out]


def _members_of(item: Item, images: Mapping[str, FoundFile]) -> Sequence[Member]:
    """Return the files of an item's assets.

    Where some of them were found, by their address or by their name beside the item, the others
    are taken as not wanted; where none was, all are tried at the addresses that the item gives.
    """
    folder = posixpath.dirname(item.address)
    found: list[Member] = []
    for asset in item.assets:
        base = posixpath.basename(urlsplit(asset.address).path)
        file = images.get(asset.address) or images.get(f"{folder}/{base}")
        if file is not None:
            found.append(Member(file=file, asset=asset))
    if found:
        return found
    return [
        Member(
            file=FoundFile(
                address=asset.address,
                name=f"{item.id}/{posixpath.basename(urlsplit(asset.address).path)}",
            ),
            asset=asset,
        )
        for asset in item.assets
    ]


Key = tuple[tuple[str, ...], str]
"""What the files of a scene have in common, and the scene's name."""


def _key_of_pattern(file: FoundFile, patterns: Sequence[BandPattern]) -> Key | None:
    for pattern in patterns:
        captured = pattern.match(file.name)
        if captured is not None:
            folder = _outer_folder(file.folder)
            rest = "_".join(text.replace("/", "_") for text in captured if text)
            return ("pattern", folder, *captured), _join(folder, rest) or file.stem
    return None


def _key_of_product(product: Product | None) -> Key | None:
    return None if product is None else (("named", product.name), product.name)


def _key_of_folder(file: FoundFile, collection: Collection, names: BandNames) -> Key:
    folder = _outer_folder(file.folder)
    if not collection.bands:
        found = find_date(file.stem)
        date = "" if found is None else file.stem[slice(*found[1])]
        return ("dated", folder, date), _join(folder, date) or file.stem
    if names.find(file.stem):
        rest = names.without(file.stem)
        return ("folder", folder, rest), _join(folder, rest) or file.stem
    return ("alone", file.address), _join(folder, file.stem)


def _outer_folder(folder: str) -> str:
    parts = folder.split("/")
    while len(parts) > 1 and _INNER_FOLDER.fullmatch(parts[-1]):
        parts.pop()
    return "/".join(parts)


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)
