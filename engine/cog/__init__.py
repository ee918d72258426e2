"""What is inside a COG. Pure: asks for byte ranges, never reads them.

tags         the TIFF tags and field types that are understood
ifd          directories: bytes known so far → fields → values
header       a generator that asks for ranges and returns a CogImage
structure    directories → which is the image, which its overviews and masks
layout       one directory → size, blocks and encoding
geokeys      GeoKeys → Crs, affine; projections: the user-defined ones
metadata     GDAL's tags: no-data, scale, offset, names
image        CogImage, Level, Encoding: the parsed header as a value
record       CogImage ↔ bytes, for the catalog
blocks       which blocks and byte ranges a window needs
codecs       compressed bytes → bytes
predictor    rows → values: predictors 1, 2 and 3 undone by kernels
inflate      a deflate stream, taken as far as it is needed
decode       a block's bytes → its values and validity
partial      a block's first rows, the others when they are needed
gdal         what is not decoded here, decoded by GDAL in a killable worker (wrap, gdal_worker)
"""
