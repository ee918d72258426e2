"""Pixels → files.

formats     encode_output: the one door; which format holds which pixels
encoded     Encoded, a finished file
png         our own writer: gray to RGBA, 8 and 16 bits, palettes; its kernels: paeth filters rows,
            squeeze deflates them, huffman and matches are the codes and their bits, palette numbers
            few colors
photo       JPEG and WebP
tiff        GeoTIFF in one go; tiff_tags: its directories as bytes
arrays      .npy (band, row, col) and raw samples (row, col, band)
archive     several files as one TAR
cog         a COG written row by row; pyramid: its overviews
deflate     the compressors; interleave: from planes to pixels
"""
