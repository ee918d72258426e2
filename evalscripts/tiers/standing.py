"""`Standing`: what is known of one script's native tier."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait

from evalscripts.native.outcome import Outcome, Refused

_LOG = logging.getLogger("cogmill.native")
_REMEMBERED = 8
_TOO_MANY = 4
_ASK_AGAIN_SECONDS = 1.0


class Standing:
    """Shared by all sessions of a program. Thread-safe."""

    def __init__(self, submit: Callable[[], "Future[Outcome]"], *, name: str) -> None:
        """``submit`` asks the compiler; ``name`` is the script's in the log."""
        self._submit: Callable[[], Future[Outcome]] | None = submit
        self._name = name
        self._lock = threading.Lock()
        self._pending = self._asked_for(submit)
        self._asked = time.monotonic()
        self._trapped: deque[bool] = deque(maxlen=_REMEMBERED)
        self.is_checked = False
        """Whether V8 has confirmed some pixels of an answer."""

    def outcome(self) -> Outcome | None:
        """Return what became of the script; None while it is being compiled."""
        pending = self._pending
        return pending.result() if pending.done() else None

    def awaited(self, *, seconds: float) -> Outcome | None:
        """Return the outcome, after waiting for it so long."""
        wait((self._pending,), timeout=seconds)
        return self.outcome()

    def is_running(self) -> bool:
        """Return whether a worker is at it now, so that waiting a little may be worth it."""
        return self._pending.running()

    def renew(self) -> None:
        """Ask the compiler again where its last answer said nothing about the script."""
        outcome = self.outcome()
        if not isinstance(outcome, Refused) or outcome.is_final:
            return
        with self._lock:
            submit = self._submit
            if submit is not None and time.monotonic() - self._asked >= _ASK_AGAIN_SECONDS:
                self._asked = time.monotonic()
                self._pending = self._asked_for(submit)

    def _asked_for(self, submit: Callable[[], "Future[Outcome]"]) -> "Future[Outcome]":
        pending = submit()
        pending.add_done_callback(self._settle)
        return pending

    def _settle(self, pending: "Future[Outcome]") -> None:
        """Let go of the script's snapshot, which may be large, once nobody will ask again."""
        outcome = pending.result()
        if not isinstance(outcome, Refused) or outcome.is_final:
            self._submit = None

    def distrust(self, difference: str) -> None:
        """Leave the script to V8 for good: its machine code was caught with a wrong answer."""
        if self._leave("its machine code gave another answer than V8"):
            _LOG.error("script %s: native and V8 differ: %s", self._name, difference)

    def remember(self, *, is_trapped: bool) -> None:
        """Note how a request went; one in which V8 had to make most rows counts as trapped."""
        with self._lock:
            self._trapped.append(is_trapped)
            is_often = sum(self._trapped) >= _TOO_MANY
        reason = (
            f"in {_TOO_MANY} of its last {_REMEMBERED} requests most pixels needed what "
            "machine code leaves to V8"
        )
        if is_often and self._leave(reason):
            _LOG.warning("script %s goes back to V8: %s", self._name, reason)

    def _leave(self, reason: str) -> bool:
        """Refuse from now on, and let go of the machine code; False where it was so already."""
        refused: Future[Outcome] = Future()
        refused.set_result(Refused(reason=reason))
        with self._lock:
            if isinstance(self.outcome(), Refused):
                return False
            self._pending = refused
        return True
