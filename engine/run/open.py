"""Addresses → parsed headers: drives the header parser with a store's bytes."""

from engine.cog.header import FIRST_READ, read_header
from engine.cog.image import CogImage
from engine.errors import SourceCorrupt
from engine.store.protocol import ByteStore

MAX_READS = 16
"""More requests for one header than any honest file needs."""


async def open_image(store: ByteStore, address: str) -> CogImage:
    """Return the parsed header of the object at ``address``; one request for a usual COG.

    Raises `SourceCorrupt` where it is not a TIFF that can be read, and the store's own errors.
    """
    opened = await store.open(address, first=FIRST_READ)
    parser = read_header(opened.info, opened.start)
    try:
        wanted = next(parser)
        for _ in range(MAX_READS):
            (answer,) = await store.read(address, [wanted], info=opened.info)
            wanted = parser.send(bytes(answer))
    except StopIteration as done:
        image: CogImage = done.value
        return image
    message = f"the header is scattered over more than {MAX_READS} places"
    raise SourceCorrupt(message)
