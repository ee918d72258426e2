"""Files, folders, buckets and STAC items → scenes with parsed headers.

register   ingest: the whole, read top to bottom
places     what lies at the places that people name
stac       STAC items → facts
products dates bands   what names tell
group      files → drafts of scenes
alike assign outline   what headers tell
build      drafts → scenes, or why not
naming     names that stay
report     what was understood, refused and should be known
"""

from engine.ingest.places import Source
from engine.ingest.register import OnProgress, ingest
from engine.ingest.report import IngestReport, Understanding

__all__ = ["IngestReport", "OnProgress", "Source", "Understanding", "ingest"]
