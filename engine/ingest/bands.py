"""Which band of a collection a name means."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.catalog.collection import Collection
from engine.catalog.user import is_band_name
from engine.errors import RequestError

_NUMBERED = re.compile(r"(?:B|BAND)0*(\d{1,2})(A?)", re.IGNORECASE)
_RESOLUTION = re.compile(r"R?\d+m", re.IGNORECASE)
_NO_BAND = frozenset({"TCI", "VISUAL", "PVI", "PREVIEW", "THUMBNAIL", "OVERVIEW", "QUICKLOOK"})
"""Words of pictures that are made of bands, and are none."""


@dataclass(frozen=True, slots=True)
class BandNames:
    """The names of a collection's bands, ready to be found in other names."""

    by_words: Mapping[tuple[str, ...], str]
    """Words of a band's name, or of another name of it → the band."""

    def find(self, text: str) -> tuple[str, ...]:
        """Return the bands named in ``text``, in the order of the text, without repeats.

        A name of several words (``QA_RADSAT``) wins over a shorter one inside it. Numbers count,
        leading zeros do not: ``B4``, ``B04`` and ``band_4`` are one.
        """
        words = words_of(text)
        found: list[str] = []
        longest = max((len(name) for name in self.by_words), default=0)
        at = 0
        while at < len(words):
            for length in range(min(longest, len(words) - at), 0, -1):
                band = self.by_words.get(tuple(words[at : at + length]))
                if band is not None:
                    found.append(band)
                    at += length
                    break
            else:
                at += 1
        return tuple(dict.fromkeys(found))

    def without(self, text: str) -> str:
        """Return what of ``text`` names no band, words joined by ``_``; empty where all does."""
        words = [word for word in re.split(r"[^A-Za-z0-9]+", text) if word]
        kept = [word for word in words if not self.find(word) and not _RESOLUTION.fullmatch(word)]
        return "_".join(kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class BandPattern:
    """``--band NAME=PATTERN``: which file holds a band."""

    band: str
    pattern: str
    """Of a file's name, or of its path below the place named; ``*`` and ``?`` stand for text."""
    index: int
    """Band of the file, counted from 0."""

    def match(self, name: str) -> tuple[str, ...] | None:
        """Return the text that ``*`` and ``?`` stand for in ``name``, or None.

        Files for which it is the same, each of another band, are one scene.
        """
        wild = {"*": "(.*)", "?": "(.)"}
        compiled = re.compile("".join(wild.get(one) or re.escape(one) for one in self.pattern))
        found = compiled.fullmatch(name.rpartition("/")[2]) or compiled.fullmatch(name)
        return None if found is None else found.groups()


def parse_patterns(bands: Mapping[str, str]) -> Sequence[BandPattern]:
    """Return the patterns of ``{name: pattern}``; ``pattern#2`` means the second band.

    Raises `RequestError` where a name is no identifier or an index no number from 1 on.
    """
    patterns = []
    for band, text in bands.items():
        pattern, mark, number = text.partition("#")
        if not is_band_name(band):
            message = f"band name {band[:40]!r} is not a JavaScript identifier, or is reserved"
            raise RequestError(message, where="bands")
        if mark and not (number.isdecimal() and int(number) >= 1):
            message = f"band {band}: {number[:20]!r} after # is not a number from 1 on"
            raise RequestError(message, where="bands")
        index = int(number) - 1 if mark else 0
        patterns.append(BandPattern(band=band, pattern=pattern or "*", index=index))
    return patterns


def is_picture(text: str) -> bool:
    """Return True where a name says that the file is a picture for people (``TCI``)."""
    return not _NO_BAND.isdisjoint(words_of(text))


def band_names(collection: Collection, also: Mapping[str, str]) -> BandNames:
    """Return the names of ``collection``'s bands; ``also`` maps other names to them."""
    names: dict[tuple[str, ...], str] = {}
    for other, meant in also.items():
        names[words_of(other)] = meant
    for band in collection.bands.values():
        if band.source:
            names[words_of(band.source)] = band.name
        names[words_of(band.name)] = band.name
    return BandNames(names)


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of ``text`` in capitals, ``B4`` and ``band 4`` as ``B04``."""
    words: list[str] = []
    for word in re.split(r"[^A-Za-z0-9]+", text):
        numbered = _NUMBERED.fullmatch(word)
        if numbered is not None:
            words.append(f"B{int(numbered[1]):02}{numbered[2].upper()}")
        elif word.isdigit() and words and words[-1] == "BAND":
            words[-1] = f"B{int(word):02}"
        elif word:
            words.append(word.upper())
    return tuple(words)


def make_band_name(text: str) -> str:
    """Return ``text`` as a JavaScript identifier: ``2-red edge`` becomes ``_2_red_edge``."""
    name = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")
    if not name or name[0].isdigit():
        name = f"_{name}" if name else "band"
    return name if is_band_name(name) else f"{name}_"
