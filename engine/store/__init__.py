"""Bytes by range: the only rooms of the engine that wait for a disk or a network.

protocol   ByteRange, ObjectInfo, ByteStore
local http s3   the three ends
coalesce retry cache   stores that wrap a store
route      one store that picks by the address' scheme and guards what may be asked
"""
