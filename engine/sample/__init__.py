"""The generator of sample scenes for the demo, the tests and the benchmarks.

A country that does not exist, seen by two satellites over a year: Sentinel-2 L2A bands in their
own resolutions, two neighboring orbits, two UTM zones. The same seed gives the same pixels on
every machine.

spec       SampleSpec in, SampleReport out
generate   write_samples: the one door
product    names and STAC items as Sentinel-2 has them
landscape  what is the same all year: terrain, erosion, courses, lines, ground, parcels
season     what the day of the year makes of it; materials and their spectra
sky        clouds, cirrus and where shadows fall
render     ground, light and sky → stored numbers
companions radar, Landsat and heights of the same ground; sensors: what they see
world      the plane that all zones share; noise: seeded hashes
"""

from engine.sample.companions import COMPANIONS, CompanionScene, write_companions
from engine.sample.generate import write_samples
from engine.sample.spec import YEAR, Overpass, SampleReport, SampleScene, SampleSpec, Weather

__all__ = [
    "COMPANIONS",
    "YEAR",
    "CompanionScene",
    "Overpass",
    "SampleReport",
    "SampleScene",
    "SampleSpec",
    "Weather",
    "write_companions",
    "write_samples",
]
