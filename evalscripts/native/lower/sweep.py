"""`sweep`: drops what nobody needs from a kernel."""

from evalscripts.native import ir


def sweep(kernel: ir.Kernel) -> None:
    """Remove every value that no effect depends on."""
    needed: set[ir.Value] = set()
    kernel.body[:] = _kept(kernel.body, needed)


def _kept(region: ir.Region, needed: set[ir.Value]) -> ir.Region:
    kept: ir.Region = []
    for node in reversed(region):
        if type(node) is ir.Op:
            if node.type is not None and node not in needed:
                continue
            needed.update(node.operands)
        elif type(node) is ir.Loop:
            _sweep_loop(node, needed)
        elif type(node) is ir.Guard:
            _sweep_guard(node, needed)
        kept.append(node)
    kept.reverse()
    return kept


def _sweep_loop(loop: ir.Loop, needed: set[ir.Value]) -> None:
    """Keep the phis that are needed behind the loop, or by what is needed inside."""
    if loop.condition is not None:
        needed.add(loop.condition)
    head, body = loop.head, loop.body
    while True:
        before = len(needed)
        needed.update([phi.next for phi in loop.phis if phi in needed and phi.next is not None])
        kept_body = _kept(body, needed)
        kept_head = _kept(head, needed)
        if len(needed) == before:
            break
    loop.head[:], loop.body[:] = kept_head, kept_body
    loop.phis[:] = [phi for phi in loop.phis if phi in needed]
    needed.update([phi.first for phi in loop.phis])


def _sweep_guard(guard: ir.Guard, needed: set[ir.Value]) -> None:
    guard.results[:] = [result for result in guard.results if result in needed]
    needed.update([result.inside for result in guard.results])
    guard.body[:] = _kept(guard.body, needed)
    needed.update([result.otherwise for result in guard.results])
    needed.add(guard.mask)
