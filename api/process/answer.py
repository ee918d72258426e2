"""Pixels → the file to answer with; shared by the route and the command."""

import json

from api.process.replies import JSON, USER_DATA, Replies, Reply
from engine.core import Engine
from engine.encode.archive import make_archive
from engine.encode.encoded import Encoded
from engine.samples import Pixels


async def answer(engine: Engine, replies: Replies, pixels: Pixels) -> Encoded:
    """Return the only file asked for, or a TAR of all."""
    files = [await _file(engine, pixels, reply) for reply in replies.files]
    return make_archive(files) if replies.is_archive else files[0]


async def _file(engine: Engine, pixels: Pixels, reply: Reply) -> Encoded:
    if reply.is_user_data:
        value = {} if pixels.user_data is None else pixels.user_data
        # Escaped to ASCII: JavaScript has texts with half characters, UTF-8 has not.
        body = json.dumps(value, allow_nan=False).encode("ascii")
        return Encoded(media_type=JSON, body=body, name=f"{USER_DATA}.json")
    return await engine.encode(
        pixels, output=reply.identifier, media_type=reply.media_type, quality=reply.quality
    )
