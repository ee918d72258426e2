"""A table of small TIFFs in every form that is read."""

from tests.builders.tiff_writers import (
    TiffFixture,
    as_cog,
    few_bits,
    gdal,
    lowest_bit_first,
    mask_of_other_blocks,
    old_deflate_of_bytes,
    overviews_first,
    overviews_in_jpeg,
    plain,
    sparse,
    sparse_nodata,
    with_alpha,
    with_mask,
)

_INTEGERS = ("uint8", "int8", "uint16", "int16", "uint32", "int32")
_ALL = (*_INTEGERS, "float32", "float64")

FIXTURES: tuple[TiffFixture, ...] = (
    *(gdal(f"deflate-{dtype}", dtype, compress="deflate") for dtype in _ALL),
    *(gdal(f"deflate-2-{dtype}", dtype, compress="deflate", predictor=2) for dtype in _ALL),
    *(
        gdal(
            f"zstd-2-3bands-{dtype}",
            dtype,
            bands=3,
            compress="zstd",
            predictor=2,
            interleave="pixel",
        )
        for dtype in _ALL
    ),
    *(
        gdal(f"{codec}-uint16", "uint16", compress=codec)
        for codec in ("lzw", "zstd", "packbits", "lzma", "none")
    ),
    *(
        gdal(f"{codec}-2-planar", "int16", bands=3, compress=codec, predictor=2, interleave="band")
        for codec in ("lzw", "deflate", "zstd")
    ),
    *(
        gdal(
            f"{codec}-3-{dtype}-{bands}",
            dtype,
            bands=bands,
            compress=codec,
            predictor=3,
            interleave="pixel",
        )
        for codec in ("deflate", "lzw", "zstd")
        for dtype in ("float32", "float64")
        for bands in (1, 2)
    ),
    *(
        gdal(f"lerc-{dtype}", dtype, compress="lerc", max_z_error=0)
        for dtype in ("uint8", "int16", "uint32", "float32", "float64")
    ),
    *(
        gdal(
            f"lerc-{extra}",
            "uint16",
            bands=2,
            compress=f"lerc_{extra}",
            max_z_error=0,
            interleave="pixel",
        )
        for extra in ("deflate", "zstd")
    ),
    gdal("big-endian", "uint16", compress="deflate", predictor=2, endianness="big"),
    gdal("big-endian-float", "float32", bands=2, compress="deflate", predictor=3, endianness="big"),
    gdal("big-endian-plain", "int32", bands=3, endianness="big", interleave="pixel"),
    gdal("bigtiff", "uint16", compress="deflate", predictor=2, bigtiff="yes"),
    gdal(
        "bigtiff-big-endian",
        "float64",
        compress="lzw",
        predictor=2,
        bigtiff="yes",
        endianness="big",
    ),
    gdal("strips", "uint16", compress="deflate", predictor=2, tiled=False, blockysize=24),
    gdal("strips-planar", "uint8", bands=3, tiled=False, blockysize=24, interleave="band"),
    gdal(
        "strips-chunky",
        "float32",
        bands=2,
        compress="lzw",
        predictor=3,
        tiled=False,
        blockysize=24,
        interleave="pixel",
    ),
    gdal("one-strip", "int16", tiled=False, blockysize=150, overviews=()),
    gdal("wide-blocks", "uint16", compress="deflate", predictor=2, blockxsize=128, blockysize=16),
    gdal("block-larger-than-image", "uint8", compress="zstd", blockxsize=256, blockysize=256),
    gdal("jpeg-gray", "uint8", compress="jpeg", jpeg_quality=90, lossy=0.05),
    gdal(
        "jpeg-rgb",
        "uint8",
        bands=3,
        compress="jpeg",
        photometric="rgb",
        interleave="pixel",
        lossy=0.05,
    ),
    gdal(
        "jpeg-ycbcr",
        "uint8",
        bands=3,
        compress="jpeg",
        photometric="ycbcr",
        interleave="pixel",
        lossy=2.0,
    ),
    gdal(
        "jpeg-4-bands",
        "uint8",
        bands=4,
        compress="jpeg",
        photometric="minisblack",
        interleave="pixel",
        lossy=0.05,
    ),
    gdal("jpeg-planar", "uint8", bands=3, compress="jpeg", interleave="band", lossy=0.05),
    gdal("jpeg-2-bands", "uint8", bands=2, compress="jpeg", interleave="pixel", lossy=0.05),
    gdal("jpeg-strips", "uint8", compress="jpeg", tiled=False, blockysize=24, lossy=0.05),
    gdal("webp", "uint8", bands=3, compress="webp", webp_level=80, interleave="pixel"),
    gdal(
        "webp-lossless", "uint8", bands=4, compress="webp", webp_lossless=True, interleave="pixel"
    ),
    *(
        gdal(f"{bits}-bits", dtype, nbits=bits, compress="deflate")
        for bits, dtype in ((12, "uint16"), (20, "uint32"))
    ),
    few_bits(1),
    few_bits(1, compress="ccittfax4"),
    few_bits(1, compress="ccittrle"),
    few_bits(2, compress="deflate"),
    few_bits(4, compress="lzw"),
    TiffFixture(name="lowest-bit-first", write=lowest_bit_first),
    TiffFixture(name="old-deflate", write=old_deflate_of_bytes),
    gdal("half-float-by-gdal", "float32", nbits=16, compress="deflate", predictor=3),
    gdal("nodata", "int16", compress="deflate", nodata=-9999),
    gdal("nodata-nan", "float32", compress="deflate", nodata=float("nan")),
    TiffFixture(name="sparse", write=sparse),
    TiffFixture(name="sparse-nodata", write=sparse_nodata),
    TiffFixture(name="alpha", write=with_alpha(interleave="pixel", compress="deflate")),
    TiffFixture(name="alpha-planar", write=with_alpha(interleave="band", compress="lzw")),
    TiffFixture(
        name="alpha-webp", write=with_alpha(interleave="pixel", compress="webp"), lossy=0.01
    ),
    TiffFixture(name="mask", write=with_mask("uint16", compress="deflate", predictor=2)),
    TiffFixture(
        name="mask-planar",
        write=with_mask("float32", bands=3, compress="deflate", predictor=3, interleave="band"),
    ),
    TiffFixture(
        name="mask-strips", write=with_mask("uint8", compress="lzw", tiled=False, blockysize=24)
    ),
    TiffFixture(
        name="mask-jpeg",
        write=with_mask("uint8", bands=3, compress="jpeg", photometric="ycbcr", interleave="pixel"),
        lossy=2.0,
    ),
    TiffFixture(name="mask-lerc", write=with_mask("float32", compress="lerc_zstd")),
    TiffFixture(name="mask-of-other-blocks", write=mask_of_other_blocks),
    TiffFixture(name="overviews-first", write=overviews_first),
    TiffFixture(name="overviews-in-jpeg", write=overviews_in_jpeg, lossy=0.05),
    TiffFixture(name="cog", write=as_cog(COMPRESS="DEFLATE", PREDICTOR="YES")),
    TiffFixture(name="cog-mask", write=as_cog(mask=True, COMPRESS="ZSTD")),
    TiffFixture(
        name="cog-jpeg", write=as_cog(bands=3, dtype="uint8", mask=True, COMPRESS="JPEG"), lossy=2.0
    ),
    TiffFixture(name="cog-big", write=as_cog(COMPRESS="LZW", BIGTIFF="YES")),
    *(
        plain(f"tifffile-{dtype}", dtype, compression="zlib", predictor=2, tile=(64, 64))
        for dtype in _INTEGERS
    ),
    plain("tifffile-half", "float16", compression="zlib", predictor=3, tile=(64, 64)),
    plain("tifffile-half-big-endian", "float16", tile=(64, 64), byteorder=">"),
    plain(
        "tifffile-half-3-bands",
        "float16",
        bands=3,
        compression="zlib",
        predictor=3,
        tile=(64, 64),
        planarconfig="contig",
    ),
    plain(
        "tifffile-planar-big-endian",
        "float32",
        bands=3,
        compression="zlib",
        predictor=3,
        tile=(64, 64),
        planarconfig="separate",
        byteorder=">",
    ),
    plain(
        "tifffile-big",
        "uint32",
        bands=2,
        compression="lzw",
        predictor=2,
        tile=(32, 96),
        planarconfig="contig",
        byteorder=">",
        big=True,
    ),
    plain("tifffile-strips", "int16", rowsperstrip=24, compression="packbits"),
)
"""Every form, by name."""
