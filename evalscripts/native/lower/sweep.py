"""`sweep`: drops what nobody needs from a kernel."""

from evalscripts.native import ir


def sweep(kernel: ir.Kernel) -> None:
    """Remove every value that no effect depends on."""
    needed: set[ir.Value] = set()
    _mark(kernel.body, needed)
    _prune(kernel.body, needed)


def _mark(region: ir.Region, needed: set[ir.Value]) -> None:
    """Add what the effects of a region, and what is needed of its values, depend on."""
    for node in reversed(region):
        if type(node) is ir.Op:
            if node.type is None or node in needed:
                needed.update(node.operands)
        elif type(node) is ir.Loop:
            _mark_loop(node, needed)
        elif type(node) is ir.Guard:
            needed.update([result.inside for result in node.results if result in needed])
            _mark(node.body, needed)
            needed.update([result.otherwise for result in node.results if result in needed])
            needed.add(node.mask)


def _mark_loop(loop: ir.Loop, needed: set[ir.Value]) -> None:
    """Go round until nothing is new: what one turn needs, the turn before must give."""
    if loop.condition is not None:
        needed.add(loop.condition)
    before = -1
    while len(needed) != before:
        before = len(needed)
        phis = [phi for phi in loop.phis if phi in needed]
        needed.update([phi.next for phi in phis if phi.next is not None])
        _mark(loop.body, needed)
        _mark(loop.head, needed)
    needed.update([phi.first for phi in loop.phis if phi in needed])


def _prune(region: ir.Region, needed: set[ir.Value]) -> None:
    for node in region:
        if type(node) is ir.Loop:
            _prune(node.head, needed)
            _prune(node.body, needed)
            node.phis[:] = [phi for phi in node.phis if phi in needed]
        elif type(node) is ir.Guard:
            _prune(node.body, needed)
            node.results[:] = [result for result in node.results if result in needed]
    region[:] = [
        node for node in region if type(node) is not ir.Op or node.type is None or node in needed
    ]
