"""Where and when: values without I/O.

crs       Crs, parse_crs, transformers (x = east first, always)
bbox      BBox: corners and a Crs
geobox    GeoBox: shape, affine and Crs: the grid that every request asks for
window    Window: half-open integer pixel rectangle
geometry  Geometry: polygons and a Crs
time      TimeRange: half-open, aware, UTC
"""
