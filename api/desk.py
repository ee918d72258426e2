"""The desk: where every request for pixels waits its turn, and is dropped when nobody waits."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from starlette.requests import Request

from api.auth import Principal
from api.patience import in_time
from api.quota import Buckets, Gate
from api.settings import Settings

T = TypeVar("T")


class Desk:
    """One per server process."""

    def __init__(self, settings: Settings) -> None:
        """Take allowances, turns and the deadline from ``settings``."""
        self.gate = Gate(
            running=settings.running,
            waiting=settings.waiting,
            running_per_client=settings.running_per_client,
            waiting_per_client=settings.waiting_per_client,
        )
        self._requests = Buckets(what="requests", per_minute=settings.requests_per_minute)
        self._units = Buckets(
            what="processing units", per_minute=settings.processing_units_per_minute
        )
        self._seconds = settings.request_seconds

    async def serve(
        self, request: Request, who: Principal, work: Callable[[], Coroutine[Any, Any, T]]
    ) -> T:
        """Return what ``work`` returns; the request's body must have been read.

        It starts when ``who`` has an allowance and a turn. It is cancelled at the deadline
        (`DeadlineExceeded`) and where the client goes away (`ClientGone`).
        """
        self._requests.take(who.id, 1)

        async def in_turn() -> T:
            async with self.gate.turn(who.id):
                return await work()

        return await in_time(request, in_turn(), seconds=self._seconds)

    @contextmanager
    def spending(self, who: Principal, units: float) -> Iterator[None]:
        """Take ``units`` of the client's allowance; give them back where the work fails."""
        self._units.take(who.id, units)
        try:
            yield
        except BaseException:
            self._units.give_back(who.id, units)
            raise
