"""`Connection`: one question after the other to one host, over one socket.

The bytes of an answer go from the socket into one buffer of the size that is expected, and are
handed on as a view of it: no copy, no stream, one task that waits. That makes a range cost a third
of what a general HTTP client takes (benchmarks/bench_store.py).
"""

import asyncio
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np

from engine.errors import SourceCorrupt, SourceUnavailable
from engine.net.body import Body, ChunkedBody, ClosedBody, TooLongError
from engine.net.head import (
    MAX_HEAD_BYTES,
    Head,
    NotHttpError,
    body_length,
    is_chunked,
    parse_head,
)

KEPT_SECONDS = 15.0
"""How long a connection is kept that nobody uses; many servers close theirs after 20."""
_USUAL_HEAD_BYTES = 2048
"""Room for a head before the body; longer ones cost a copy."""
_PIECE_BYTES = 64 << 10
"""Read at once of a body whose length is not known."""
_DRAINED_BYTES = 64 << 10
"""The longest body that is taken off the wire although nobody wants it."""


@dataclass(slots=True, kw_only=True)
class Answer:
    """A response."""

    host: str
    """Whose it is, for messages."""
    status: int
    """Three digits."""
    headers: Mapping[str, str]
    """By name in lower case."""
    body: memoryview
    """What was sent, as it was sent; empty where it was not wanted."""


Judge = Callable[[Answer], int | None]
"""Sees an answer before its body has come; returns how many bytes of that are wanted at most, or
None where it is not wanted, or raises what is to be raised instead."""


class StaleError(Exception):
    """The server had closed a connection that was kept, before it took the question."""


class Connection(asyncio.BufferedProtocol):
    """One connection; `ask` while it `is_free`."""

    def __init__(self, host: str, *, silence: float, freed: Callable[["Connection"], None]) -> None:
        """Give up after ``silence`` seconds without a byte; call ``freed`` when it has closed."""
        self.host = host
        self._silence = silence
        self._freed = freed
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._next_look = math.inf
        self._heard = self._loop.time()
        self._deadline = 0.0
        self._answered = False
        self._waiter: asyncio.Future[Answer] | None = None
        self._clear()

    def _clear(self) -> None:
        """Forget the answer of the last question."""
        self._judge: Judge | None = None
        self._buffer = memoryview(b"")
        self._begun = self._filled = self._stop = self._limit = 0
        self._head: Head | None = None
        self._answer: Answer | None = None
        self._body: Body | None = None

    @property
    def is_free(self) -> bool:
        """Whether a question may be asked."""
        transport = self._transport
        return transport is not None and self._waiter is None and not transport.is_closing()

    async def ask(self, question: bytes, *, size: int, judge: Judge, deadline: float) -> Answer:
        """Send ``question`` and return its answer, by the loop's time ``deadline``.

        ``size`` is how long the body is expected to be. Raises `StaleError` if the server had
        hung up before, `SourceUnavailable`, `SourceCorrupt` and what ``judge`` raises.
        """
        if self._transport is None:
            raise self._ended()
        waiter: asyncio.Future[Answer] = self._loop.create_future()
        self._waiter = waiter
        self._judge = judge
        self._buffer = np.empty(_USUAL_HEAD_BYTES + size, np.uint8).data
        self._heard = self._loop.time()
        self._deadline = deadline
        if self._next_look > min(self._heard + self._silence, deadline):
            self._look_again()
        self._transport.write(question)
        try:
            return await waiter
        finally:
            if self._waiter is waiter:
                self._hang_up()

    def close(self) -> None:
        """Hang up at once; a question that is under way fails."""
        waiter = self._waiter
        self._hang_up()
        if waiter is not None and not waiter.done():
            waiter.set_exception(SourceUnavailable(f"the connection to {self.host} was closed"))

    def _hang_up(self) -> None:
        self._waiter = None
        self._clear()
        if self._transport is not None:
            self._transport.abort()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._next_look = math.inf

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next bytes go."""
        del sizehint
        # Without a question nothing may come: room to notice that something does.
        return self._buffer[self._filled :] if self._waiter else memoryview(bytearray(1))

    def buffer_updated(self, nbytes: int) -> None:
        """Take the bytes that arrived."""
        if self._waiter is None:
            self._hang_up()
            return
        self._heard = self._loop.time()
        self._filled += nbytes
        try:
            if self._head is None and not self._read_head():
                return
            self._read_body()
        except NotHttpError:
            self._fail(SourceUnavailable(f"{self.host} gave an answer that is not HTTP"))
        except Exception as error:  # noqa: BLE001 - the judge's, told to whoever asked
            self._fail(error)

    def eof_received(self) -> None:
        """Take the end of what the server sends."""
        if self._answer is not None and self._body is not None and self._body.end():
            self._finish_with(memoryview(self._body.content), reusable=False)

    def connection_lost(self, exc: Exception | None) -> None:
        """Take the end of the connection."""
        del exc
        self._transport = None
        if self._waiter is not None:
            self._fail(self._ended())
        self._hang_up()
        self._freed(self)

    # The answer, step by step.

    def _read_head(self) -> bool:
        """Read the head if it is all there; return whether the body follows."""
        while True:
            arrived = self._buffer[self._begun : self._filled]
            raw = bytes(arrived[:_USUAL_HEAD_BYTES])
            end = raw.find(b"\r\n\r\n")
            if end < 0 and len(arrived) > len(raw):
                raw = bytes(arrived[:MAX_HEAD_BYTES])
                end = raw.find(b"\r\n\r\n")
            if end < 0:
                if len(raw) >= MAX_HEAD_BYTES:
                    raise NotHttpError
                if self._filled == len(self._buffer):
                    self._grow(2 * len(self._buffer))
                return False
            head = parse_head(raw[:end])
            self._begun += end + 4
            if not head.is_interim:
                self._head = head
                self._expect(head)
                return True
            if head.status == 101 or self._begun > MAX_HEAD_BYTES:
                raise NotHttpError

    def _expect(self, head: Head) -> None:
        """Have the answer judged, and make room for its body."""
        length = body_length(head)
        self._answer = Answer(
            host=self.host, status=head.status, headers=head.headers, body=memoryview(b"")
        )
        self._stop = -1 if length is None else self._begun + length
        assert self._judge is not None  # noqa: S101 - set as long as a question is open
        limit = self._judge(self._answer)
        if limit is None:
            self._finish_with(memoryview(b""), reusable=self._is_drained())
            return
        self._limit = limit
        if length is None:
            self._body = ChunkedBody(limit) if is_chunked(head) else ClosedBody(limit)
            self._grow(self._filled + _PIECE_BYTES)
        elif length > limit:
            raise self._too_long(limit)
        elif self._stop > len(self._buffer):
            self._grow(self._stop)

    def _read_body(self) -> None:
        """Finish if the body is all there."""
        if self._waiter is None:
            return
        if self._body is None:
            if self._filled >= self._stop:
                whole = self._buffer[self._begun : self._stop]
                # More than was announced: the next answer could not be told from it.
                self._finish_with(whole, reusable=self._filled == self._stop)
            return
        piece = bytes(self._buffer[self._begun : self._filled])
        self._filled = self._begun
        try:
            ended = self._body.feed(piece)
        except TooLongError:
            raise self._too_long(self._limit) from None
        if ended:
            self._finish_with(memoryview(self._body.content), reusable=True)

    def _finish_with(self, body: memoryview, *, reusable: bool) -> None:
        waiter, answer, head = self._waiter, self._answer, self._head
        assert answer is not None and head is not None  # noqa: S101, PT018 - the type checker
        answer.body = body
        self._let_go(reusable=reusable and head.keeps_open)
        if waiter is not None and not waiter.done():
            waiter.set_result(answer)

    def _fail(self, error: Exception) -> None:
        waiter = self._waiter
        self._let_go(reusable=self._answer is not None and self._is_drained())
        if waiter is not None and not waiter.done():
            waiter.set_exception(error)

    def _let_go(self, *, reusable: bool) -> None:
        """End the question; keep the connection if it stands where the next answer begins."""
        if not reusable:
            self._hang_up()
            return
        self._answered = True
        self._waiter = None
        self._clear()

    def _is_drained(self) -> bool:
        """Return whether the whole answer has come, its body too, though nobody wanted that."""
        head = self._head
        if head is None or not head.keeps_open:
            return False
        if self._stop >= 0:
            return self._filled == self._stop
        if not is_chunked(head):
            return False
        try:
            return ChunkedBody(_DRAINED_BYTES).feed(bytes(self._buffer[self._begun : self._filled]))
        except (NotHttpError, TooLongError):
            return False

    def _grow(self, size: int) -> None:
        grown = np.empty(size, np.uint8).data
        grown[: self._filled] = self._buffer[: self._filled]
        self._buffer = grown

    def _ended(self) -> Exception:
        """Return what it means that the server hung up."""
        if self._answered and not self._filled:
            return StaleError()
        return SourceUnavailable(f"{self.host} closed the connection before the end of its answer")

    def _too_long(self, limit: int) -> SourceCorrupt:
        return SourceCorrupt(f"{self.host} sent more than the {limit} bytes expected")

    def _watch(self) -> None:
        """Look at the clock: one timer goes on for the connection's life, not one a question."""
        now = self._loop.time()
        if self._waiter is not None and now >= self._due():
            self._head = None
            self._fail(SourceUnavailable(f"{self.host} did not answer in time"))
        elif self._waiter is None and now >= self._heard + KEPT_SECONDS:
            self._hang_up()
        else:
            self._look_again()

    def _look_again(self) -> None:
        """Set the timer anew, to when something may be due."""
        if self._timer is not None:
            self._timer.cancel()
        idle = self._heard + KEPT_SECONDS
        self._next_look = idle if self._waiter is None else min(self._due(), idle)
        self._timer = self._loop.call_at(self._next_look, self._watch)

    def _due(self) -> float:
        """Return when the answer must have come, or gone on."""
        return min(self._heard + self._silence, self._deadline)
