"""Whether images cover the same ground, so that they can be bands of one scene."""

from collections.abc import Mapping, Sequence

from engine.cog.image import CogImage
from engine.ingest.assign import data_bands
from engine.ingest.group import Draft, Member


def is_alike(one: CogImage, other: CogImage) -> bool:
    """Return True for the same CRS and corners that differ by at most a pixel of the coarser."""
    if one.crs != other.crs:
        return False
    # A hair more than a pixel: the corners were computed, not copied.
    slack = max(pixel_size(one), pixel_size(other)) * 1.001
    corners = zip(_corners(one), _corners(other), strict=True)
    return all(abs(x - u) <= slack and abs(y - v) <= slack for (x, y), (u, v) in corners)


def pixel_size(image: CogImage) -> float:
    """Return the longer side of a pixel, in units of the image's CRS."""
    a, b, _, d, e, _ = image.affine[:6]
    return float(max((a * a + d * d) ** 0.5, (b * b + e * e) ** 0.5))


def split_guess(draft: Draft, images: Mapping[str, CogImage]) -> Sequence[Draft]:
    """Return ``draft``, or one draft for each of its files where they cannot be its bands.

    Files in one folder may be the bands of one scene, or sheets of one map: files of several
    bands, or of different boxes, are each a scene.
    """
    known = [(one, images[one.file.address]) for one in draft.members if one.file.address in images]
    if not draft.is_guess or len(known) < 2:
        return [draft]
    first = known[0][1]
    if all(data_bands(image) == 1 and is_alike(first, image) for _, image in known):
        return [draft]
    return [_alone(draft, member) for member, _ in known]


def _alone(draft: Draft, member: Member) -> Draft:
    folder = member.file.folder
    name = f"{folder}/{member.file.stem}" if folder else member.file.stem
    return Draft(name=name, product=draft.product, members=[member])


def _corners(image: CogImage) -> Sequence[tuple[float, float]]:
    ends = ((0, 0), (image.width, 0), (image.width, image.height), (0, image.height))
    return [image.affine * end for end in ends]
