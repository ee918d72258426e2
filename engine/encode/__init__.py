"""Pixels → files: png, jpeg, webp, tiff, npy, raw, json, archive (tar).

encoded   Encoded, and which formats can hold which pixels
"""
