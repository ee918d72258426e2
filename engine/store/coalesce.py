"""Fewer, larger reads: neighboring ranges merged, and one request for all who want the same.

`merge_ranges` plans and knows no store; `Coalescing` carries the plan out.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from engine.store.flights import Flight, Flights
from engine.store.protocol import ByteRange, ByteStore, ObjectInfo, Opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One range to read, and the ranges that were asked for and lie inside it."""

    range: ByteRange
    """From the first byte of the first part to the last byte of any."""
    parts: tuple[int, ...]
    """Indices of the ranges that it answers, by rising start."""


def merge_ranges(ranges: Sequence[ByteRange], *, max_gap: int, max_span: int) -> tuple[Span, ...]:
    """Return the spans to read, by rising start; each range that is not empty is in one of them.

    Two neighbors share a span where at most ``max_gap`` unwanted bytes lie between them and the
    span stays within ``max_span`` bytes. A range larger than that is a span by itself, never cut;
    a range that lies inside a span always joins it.
    """
    if len(ranges) == 1 and ranges[0].size:
        return (Span(range=ranges[0], parts=(0,)),)
    order = sorted((i for i, wanted in enumerate(ranges) if wanted.size), key=ranges.__getitem__)
    spans: list[Span] = []
    parts: list[int] = []
    start = stop = 0
    for i in order:
        wanted = ranges[i]
        grown = max(stop, wanted.stop)
        joins = grown == stop or (wanted.start - stop <= max_gap and grown - start <= max_span)
        if parts and joins:
            parts.append(i)
            stop = grown
            continue
        if parts:
            spans.append(Span(range=ByteRange(start, stop), parts=tuple(parts)))
        parts = [i]
        start, stop = wanted.start, wanted.stop
    if parts:
        spans.append(Span(range=ByteRange(start, stop), parts=tuple(parts)))
    return tuple(spans)


Bytes = bytes | memoryview
Reads = Flights[ByteRange, Bytes]
"""The reads in progress of one object, by the range that each reads."""
Seats = list[tuple[Flight[ByteRange, Bytes], Sequence[int]]]
"""The flights that one caller waits for, and the indices of its ranges that each answers."""


class Coalescing:
    """A store that asks another one for fewer and larger ranges, and for none twice at once.

    Each span is one call of the inner store, so that one that fails is retried alone. Answers are
    views into the spans, not copies: whoever keeps a small part for long should copy it.
    """

    def __init__(self, inner: ByteStore, *, max_gap: int, max_span: int) -> None:
        """Merge as `merge_ranges` does with ``max_gap`` and ``max_span``, both in bytes."""
        self._inner = inner
        self._max_gap = max_gap
        self._max_span = max_span
        self._opens: Flights[tuple[str, int], Opened] = Flights()
        self._reads: dict[tuple[str, str], Reads] = {}

    async def open(self, address: str, *, first: int) -> Opened:
        """Return the start of the object, shared with everyone who opens it just now."""
        return await self._opens.share(
            (address, first), lambda: self._inner.open(address, first=first)
        )

    async def read(
        self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo
    ) -> Sequence[Bytes]:
        """Return the bytes of each range, in the order asked for."""
        key = (address, info.identity)
        reads = self._reads.get(key)
        if reads is None:
            reads = self._reads[key] = Flights()
        seats: Seats = []
        try:
            self._board(reads, seats, address, ranges, info)
            return await _collect(seats, ranges)
        finally:
            for flight, _ in seats:
                reads.leave(flight)
            if not reads:
                self._reads.pop(key, None)

    def read_now(
        self, address: str, ranges: Sequence[ByteRange], *, info: ObjectInfo
    ) -> Sequence[bytes | memoryview] | None:
        """Return what the inner store has at hand, each range by itself."""
        return self._inner.read_now(address, ranges, info=info)

    async def close(self) -> None:
        """Close the inner store."""
        await self._inner.close()

    def _board(
        self,
        reads: Reads,
        seats: Seats,
        address: str,
        ranges: Sequence[ByteRange],
        info: ObjectInfo,
    ) -> None:
        """Add to ``seats`` the reads in progress that hold a range, and new ones for the rest."""

        async def read_span(wanted: ByteRange) -> Bytes:
            (content,) = await self._inner.read(address, [wanted], info=info)
            return content

        rest: Sequence[int] = range(len(ranges))
        if reads:
            rest = []
            ongoing = list(reads.keys())
            for i, wanted in enumerate(ranges):
                holder = next((one for one in ongoing if _holds(one, wanted)), None)
                if holder is None:
                    rest.append(i)
                else:
                    seats.append((reads.board(holder, partial(read_span, holder)), (i,)))
        spans = merge_ranges(
            [ranges[i] for i in rest], max_gap=self._max_gap, max_span=self._max_span
        )
        for span in spans:
            flight = reads.board(span.range, partial(read_span, span.range))
            seats.append((flight, [rest[part] for part in span.parts]))


def _holds(whole: ByteRange, part: ByteRange) -> bool:
    return whole.start <= part.start and part.stop <= whole.stop and part.size > 0


async def _collect(seats: Seats, ranges: Sequence[ByteRange]) -> Sequence[Bytes]:
    """Return the bytes of each range, or raise the first failure without waiting for the rest."""
    answers: list[Bytes] = [b""] * len(ranges)
    if len(seats) == 1:
        await asyncio.shield(seats[0][0].task)
    elif seats:
        # Like shield, and unlike gather, wait leaves the reads alone when this caller is cancelled.
        done, _ = await asyncio.wait(
            {flight.task for flight, _ in seats}, return_when=asyncio.FIRST_EXCEPTION
        )
        for task in done:
            task.result()
    for flight, parts in seats:
        content = flight.task.result()
        for i in parts:
            wanted = ranges[i]
            start = wanted.start - flight.key.start
            whole = wanted.size == flight.key.size
            answers[i] = content if whole else memoryview(content)[start : start + wanted.size]
    return answers
