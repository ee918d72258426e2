"""The request's data sources and the script's inputs, each found its other half."""

from collections.abc import Sequence
from dataclasses import replace

from engine.errors import RequestError
from engine.request import Input
from evalscripts.setup import SetupInput

WHERE = "input->data"


def match_inputs(
    sources: Sequence[Input], wanted: Sequence[SetupInput]
) -> tuple[tuple[Input, SetupInput], ...]:
    """Return each data source with the input of the script that reads it, in the request's order.

    One of each always belong together, and the data source goes by the name that the script has
    for it. Of several, an input with a ``datasource`` reads the one
    of that id, and one without reads the one at its own position. Raises `RequestError` where a
    half is missing or claimed twice.
    """
    if len(sources) == len(wanted) == 1:
        [source], [one] = sources, wanted
        return ((replace(source, id=one.datasource or source.id), one),)
    known = ", ".join(source.id[:60] for source in sources)
    if len(sources) != len(wanted):
        message = (
            f"the request has {_count(len(sources), 'data source')} ({known}), but setup() of the "
            f"script has {_count(len(wanted), 'input')}; each data source needs an input of its own"
        )
        raise RequestError(message, where=WHERE)
    positions = {source.id: index for index, source in enumerate(sources)}
    claimed: dict[int, int] = {}
    for index, one in enumerate(wanted):
        if one.datasource is not None and one.datasource not in positions:
            message = (
                f"input[{index}] of the script reads datasource {one.datasource[:60]!r}, which "
                f"the request does not have; it has: {known}"
            )
            raise RequestError(message, where=WHERE)
        position = index if one.datasource is None else positions[one.datasource]
        if position in claimed:
            message = (
                f"input[{claimed[position]}] and input[{index}] of the script both read data "
                f"source {sources[position].id[:60]!r}; give each input a datasource of its own"
            )
            raise RequestError(message, where=WHERE)
        claimed[position] = index
    return tuple((source, wanted[claimed[at]]) for at, source in enumerate(sources))


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
