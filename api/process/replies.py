"""Which files a response holds: ``output.responses`` and Accept against the script's outputs.

Pure, and decided before a pixel is read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from api.errors import NotAcceptable
from api.params import accepted
from api.process.schema import WantedResponse
from engine.encode.formats import FORMATS, check_format
from engine.errors import RequestError, UnsupportedFormat
from evalscripts.setup import SetupOutput

USER_DATA = "userdata"
"""The identifier of the script's ``outputMetadata.userData``; reserved."""
JSON = "application/json"
PNG = "image/png"
TAR_TYPES = ("application/x-tar", "application/tar")
DEFAULT_QUALITY = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One file of a response."""

    identifier: str
    """The script's output, or ``userdata``."""
    media_type: str
    quality: int = DEFAULT_QUALITY
    """Of lossy formats, 0 to 100."""

    @property
    def is_user_data(self) -> bool:
        """True for the script's user data, False for pixels."""
        return self.identifier == USER_DATA


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies:
    """All files of a response."""

    files: tuple[Reply, ...]
    is_archive: bool
    """True: a TAR of them; False: the only one as it is."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """The script's outputs that are wanted, each once."""
        return tuple(dict.fromkeys(r.identifier for r in self.files if not r.is_user_data))


def choose_replies(
    responses: Sequence[WantedResponse], outputs: Sequence[SetupOutput], *, accept: str | None
) -> Replies:
    """Return what to answer, of outputs that have the band counts of this request.

    Raises `RequestError` for an identifier that the script does not have, `UnsupportedFormat`
    for a format that cannot hold an output, `NotAcceptable` where Accept rules everything out.
    """
    asked = [_reply(response) for response in responses or (WantedResponse(),)]
    replies = _negotiate(asked, accept)
    by_id = {output.id: output for output in outputs}
    names = set()
    for index, reply in enumerate(replies.files):
        where = f"output->responses[{index}]"
        _check(reply, by_id, where=where)
        if (name := (reply.identifier, reply.media_type)) in names:
            message = f"response {reply.identifier[:60]!r} is asked for twice as {reply.media_type}"
            raise RequestError(message, where=where)
        names.add(name)
    return replies


def _reply(response: WantedResponse) -> Reply:
    default = JSON if response.identifier == USER_DATA else PNG
    quality = response.format.quality
    return Reply(
        identifier=response.identifier,
        media_type=(response.format.type or default).partition(";")[0].strip().lower(),
        quality=DEFAULT_QUALITY if quality is None else quality,
    )


def _negotiate(asked: Sequence[Reply], accept: str | None) -> Replies:
    """Let Accept override the format of a single file, or ask for an archive of it."""
    files = tuple(asked)
    types = accepted(accept)
    as_asked = Replies(files=files, is_archive=len(files) > 1)
    if not types or len(files) > 1:
        return as_asked
    [only] = files
    if only.media_type in types:
        return as_asked
    for wanted in types:
        if wanted in TAR_TYPES:
            return Replies(files=files, is_archive=True)
        if wanted == "*/*" or wanted == f"{only.media_type.partition('/')[0]}/*":
            return as_asked
        if wanted in FORMATS and not only.is_user_data:
            return Replies(files=(replace(only, media_type=wanted),), is_archive=False)
    message = (
        f"none of the types in Accept can be had: {', '.join(types)[:200]!r}; "
        f"allowed: {', '.join([*FORMATS, *TAR_TYPES])}, {JSON} for userdata, */*"
    )
    raise NotAcceptable(message)


def _check(reply: Reply, outputs: Mapping[str, SetupOutput], *, where: str) -> None:
    if reply.is_user_data:
        if reply.media_type != JSON:
            message = f"userdata is {JSON}, not {reply.media_type[:60]!r}"
            raise UnsupportedFormat(message, where=f"{where}->format->type")
        return
    output = outputs.get(reply.identifier)
    if output is None:
        message = (
            f"output {reply.identifier[:60]!r} is asked for, but setup() of the script has no "
            f"such output; it has: {', '.join(outputs)}"
        )
        raise RequestError(message, where=f"{where}->identifier")
    try:
        check_format(reply.media_type, bands=output.bands, dtype=output.sample_type.dtype)
    except UnsupportedFormat as error:
        error.where = f"{where}->format->type"
        raise
