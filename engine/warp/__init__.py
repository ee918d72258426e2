"""Destination pixel → source value: coordinates and kernels, nothing else.

lattice      Lattice: pixels numbered absolutely, so that neighboring requests agree
coordinates  CoordinateGrid, make_coordinate_grid, source_window: where pixels lie in a source
runs         places of a row's pixels, as every kernel takes them
source       which source pixels have data
nearest      places once for all bands, then the values of each
neighbors    places once for all bands of what is weighed
bilinear cubic average   one kernel each
cells        kernels that lay exact coordinates into cells
touched      which source pixels a kernel needs, by the kernels' own rules
resample     resample_bands: windows of source pixels → values and validity
clip         rasterize: a geometry → the pixels whose centers it holds
resampling   Resampling
"""
