"""`Awaited`: which bytes a stripe still waits for; what must not wait with them starts after."""

import asyncio
from collections.abc import Callable

from engine.catalog.scene import Scene
from engine.plan.plan import InputPlan, Plan


class Awaited:
    """Sets an event once no band of any scene of a plan is awaited from the network any more."""

    def __init__(self, plan: Plan, event: asyncio.Event | None) -> None:
        """Await every band of every scene, those too that may turn out not to be needed.

        Without an ``event`` nothing is counted.
        """
        self._event = event
        self._bands = {} if event is None else {p.input.id: len(p.bands) for p in plan.inputs}
        self._waiting = {
            (part.input.id, scene.id, band)
            for part in plan.inputs
            for scene in part.scenes
            for band in range(self._bands.get(part.input.id, 0))
        }
        self._look()

    def of_band(self, part: InputPlan, scene: Scene, band: int) -> Callable[[], None] | None:
        """Return what is to be called, once or more, when the bytes of a band are there.

        None where nobody wants to know: telling wakes the event loop from other threads.
        """
        if self._event is None:
            return None

        def arrived() -> None:
            self._waiting.discard((part.input.id, scene.id, band))
            self._look()

        return arrived

    def leave(self, part: InputPlan, scene: Scene) -> None:
        """Await nothing of this scene any more: it is there, or not needed."""
        for band in range(self._bands.get(part.input.id, 0)):
            self._waiting.discard((part.input.id, scene.id, band))
        self._look()

    def _look(self) -> None:
        if self._event is not None and not self._waiting:
            self._event.set()
