"""Bytes by range: the only rooms of the engine that wait for a disk or a network.

protocol        ByteRange, ObjectInfo, ByteStore, ObjectLister
local http s3_objects   the three ends; ranged is what http and S3 share, descriptors is what local
                keeps open, s3 what only botocore knows, s3_signing what it need not do each time
coalesce retry  stores that wrap a store: fewer, larger and shared requests; another try
cache flights together   values kept, work shared, waits joined
route           `open_store`: one store that picks by the address' scheme
"""
