"""`Knowledge`: what is known of masks on the path that runs."""

from evalscripts.native import ir
from evalscripts.native.lower.values import Mask


class Knowledge:
    """Masks that are surely on, or surely off, for every lane that is alive here."""

    def __init__(self) -> None:
        self._known: dict[ir.Value, bool] = {}
        self._log: list[ir.Value] = []

    def __len__(self) -> int:
        return len(self._log)

    def assume(self, mask: Mask, *, truth: bool) -> None:
        """Note what holds on the path from here on."""
        if isinstance(mask, bool) or mask in self._known:
            return
        self._known[mask] = truth
        self._log.append(mask)
        if type(mask) is not ir.Op:
            return
        if mask.name == "not":
            self.assume(mask.operands[0], truth=not truth)
        elif mask.name == ("and" if truth else "or"):
            for operand in mask.operands:
                self.assume(operand, truth=truth)

    def forget(self, length: int) -> None:
        """Go back to when so much was known."""
        log = self._log
        while len(log) > length:
            del self._known[log.pop()]

    def settled(self, mask: Mask) -> Mask:
        """Return the mask, or what is known of it on this path."""
        if isinstance(mask, bool) or not self._known:
            return mask
        truth = self._known.get(mask)
        if truth is not None:
            return truth
        if type(mask) is ir.Op and mask.name in ("and", "or", "not"):
            return self._combined(mask)
        return mask

    def _combined(self, mask: ir.Op) -> Mask:
        truths = [self._known.get(part) for part in mask.operands]
        if mask.name == "not":
            return mask if truths[0] is None else not truths[0]
        for truth, other in zip(truths, reversed(mask.operands), strict=True):
            if truth is not None:
                # An "and" of what is on is the other one, an "or" of it is on; and so on.
                return other if truth == (mask.name == "and") else truth
        return mask
