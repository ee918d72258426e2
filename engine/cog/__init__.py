"""What is inside a COG. Pure: asks for byte ranges, never reads them.

tags       the TIFF tags and types that are understood
header     a generator that asks for ranges and returns a CogImage
geokeys    GeoKeys → Crs, transform
image      CogImage, Level: the parsed header as a value
blocks     which blocks and byte ranges a window needs
codecs     compressed bytes → bytes
predictor  kernels that undo predictors 1, 2 and 3
decode     a block's bytes → its values and validity
gdal       what is not decoded here, decoded by GDAL in a killable worker
"""
