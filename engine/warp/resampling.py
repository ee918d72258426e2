"""`Resampling`: how a value between source pixels is had."""

from enum import Enum


class Resampling(Enum):
    """Names as GDAL has them."""

    NEAREST = "nearest"
    BILINEAR = "bilinear"
    CUBIC = "cubic"
    """Catmull-Rom, a = −0.5, as GDAL's cubic and Sentinel Hub's BICUBIC."""
    AVERAGE = "average"
    """Mean of the source pixels under the target pixel; ours, not Sentinel Hub's."""
