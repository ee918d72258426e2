"""Which band is where, once the headers are known."""

from collections.abc import Sequence
from dataclasses import dataclass

from engine.catalog.collection import Band, Collection
from engine.catalog.definitions import is_builtin
from engine.catalog.user import make_user_band
from engine.cog.image import CogImage
from engine.ingest.bands import BandNames, BandPattern, make_band_name
from engine.ingest.dates import find_date
from engine.ingest.group import Member
from engine.ingest.products import without_product


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A band of the collection, found in a file."""

    band: str
    index: int
    """Counted from 0."""
    source: str
    """What told it."""


def find_bands(
    member: Member,
    image: CogImage,
    *,
    collection: Collection,
    names: BandNames,
    patterns: Sequence[BandPattern],
) -> Sequence[Found]:
    """Return the bands of ``collection`` in one file; none where nothing tells.

    Asked in this order: the patterns that the user gave, the STAC item, the file's name, the
    descriptions inside the file, and last the mere number of bands.
    """
    return (
        _by_option(member, image, patterns)
        or _by_item(member, names)
        or _by_name(member, image, names)
        or _by_descriptions(image, names)
        or _by_count(image, collection)
    )


def define_bands(
    members: Sequence[tuple[Member, CogImage]], patterns: Sequence[BandPattern]
) -> Sequence[Band]:
    """Return the bands that the first scene gives to a user collection that has none yet."""
    bands: dict[str, Band] = {}
    for member, image in members:
        given = [one.band for one in patterns if one.match(member.file.name) is not None]
        for name in given or _new_names(member, image):
            bands.setdefault(name, _user_band(name, image))
    return list(bands.values())


def data_bands(image: CogImage) -> int:
    """Return how many bands an image has besides alpha."""
    return image.bands - 1 if image.has_alpha else image.bands


def _by_option(member: Member, image: CogImage, patterns: Sequence[BandPattern]) -> Sequence[Found]:
    given = [one for one in patterns if one.match(member.file.name) is not None]
    return [
        Found(band=one.band, index=one.index, source="option")
        for one in given
        if one.index < image.bands
    ]


def _by_item(member: Member, names: BandNames) -> Sequence[Found]:
    if member.asset is None:
        return []
    found = []
    for index, known in enumerate(member.asset.names):
        band = next((names.find(name)[0] for name in known if names.find(name)), None)
        if band is not None:
            found.append(Found(band=band, index=index, source="STAC item"))
    if not found:
        by_key = names.find(member.asset.key)
        found = [Found(band=by_key[-1], index=0, source="STAC item")] if by_key else []
    return found


def _by_name(member: Member, image: CogImage, names: BandNames) -> Sequence[Found]:
    count = data_bands(image)
    named = names.find(without_product(member.file.stem))
    if count == 1 and named:
        return [Found(band=named[-1], index=0, source="file name")]
    return _all(named, "file name") if count == len(named) else []


def _by_descriptions(image: CogImage, names: BandNames) -> Sequence[Found]:
    found = []
    for index, description in enumerate(image.band_names):
        bands = names.find(description)
        if bands:
            found.append(Found(band=bands[0], index=index, source="descriptions in the file"))
    return found


def _by_count(image: CogImage, collection: Collection) -> Sequence[Found]:
    # The order of bands is the user's own to define; that of a built-in collection says nothing.
    count = data_bands(image)
    if count != len(collection.bands) or (count > 1 and is_builtin(collection.id)):
        return []
    return _all(tuple(collection.bands), "number of bands")


def _all(bands: Sequence[str], source: str) -> Sequence[Found]:
    return [Found(band=band, index=index, source=source) for index, band in enumerate(bands)]


def _new_names(member: Member, image: CogImage) -> Sequence[str]:
    count = data_bands(image)
    described = [make_band_name(text) for text in image.band_names[:count] if text]
    if len(set(described)) == count:
        return described
    if member.asset is not None and len(member.asset.names) == count:
        named = [make_band_name(names[0]) for names in member.asset.names if names]
        if len(set(named)) == count:
            return named
    base = make_band_name(member.asset.key if member.asset is not None else _undated(member))
    return [base] if count == 1 else [f"{base}_{number}" for number in range(1, count + 1)]


def _undated(member: Member) -> str:
    text = without_product(member.file.stem)
    found = find_date(text)
    return text if found is None else text[: found[1][0]] + text[found[1][1] :]


def _user_band(name: str, image: CogImage) -> Band:
    nodata = None if image.nodata is None or image.nodata != image.nodata else image.nodata
    return make_user_band(name, sample_type=image.dtype, nodata=nodata)
