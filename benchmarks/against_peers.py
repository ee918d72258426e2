"""Cogmill beside rio-tiler and TiTiler, on the same COGs, taking turns in one run.

    python -m benchmarks.against_peers --pixels 5490 --repeats 7 --write

How to read the table: benchmarks/README.md, into which ``--write`` puts it.
"""

import argparse
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from benchmarks.contestants import EXACT, Cogmill, Loop, RioTiler
from benchmarks.report import describe, put
from benchmarks.rows import AGAIN, COLD, DEFAULT, FIRST, WARM, Row, write_rows
from benchmarks.scenes import benchmark_files
from benchmarks.serving import race_servers
from benchmarks.workloads import Question, Work, draw_question, make_workloads
from engine.run.warm import warm_kernels
from engine.trace import tracing
from tests.builders.servers import running_nginx

NEAR = 0.002
"""Of an index, bilinear: what a thousandth of a pixel makes at the sharpest edges."""
ALIKE = 0.999
"""Share of pixels below which a row is refused."""


def race(
    work: Work, place: str, *, ours: Cogmill, peer: RioTiler, image: Path, repeats: int
) -> Row:
    """Return the row of one question at one place.

    Each repetition asks of another place, first the one and then the other contestant first.
    """
    row = Row(name=work.name, place=place, peer="rio-tiler")
    random = np.random.default_rng(7)
    for repetition in range(repeats):
        question = draw_question(work, str(image), random)
        turns = [
            lambda q=question: _time_peer(row, peer, q),
            lambda q=question: _time(row, ours, q),
        ]
        for turn in turns if repetition % 2 else reversed(turns):
            turn()
        mine = ours.numbers(question)
        precise, timed = (_alike(mine, peer.numbers(question, how)) for how in (EXACT, {}))
        row.alike.append((precise, timed))
        if precise < ALIKE:
            raise SystemExit(f"{work.name}: only {precise:.2%} of the pixels are rio-tiler's")
    return row


def _time(row: Row, ours: Cogmill, question: Question) -> None:
    ours.forget()
    with tracing() as trace:
        row.time(COLD, lambda: ours.answer(question))
    row.time(WARM, lambda: ours.answer(question))
    row.requests, row.read_bytes = trace.counts["requests"], trace.counts["bytes"]


def _time_peer(row: Row, peer: RioTiler, question: Question) -> None:
    row.time(FIRST, lambda: peer.answer(question, zlevel=1))
    row.time(AGAIN, lambda: peer.answer(question, zlevel=1))
    if question.work.zoom is not None:
        row.time(DEFAULT, lambda: peer.answer(question))


def _alike(ours: np.ndarray, theirs: np.ma.MaskedArray) -> float:
    """Return the share of pixels that are equal, or near each other where they are an index."""
    if ours.dtype == np.uint16:
        return float(np.mean(ours == theirs.data))
    return float(np.mean(np.isclose(ours[0], theirs.data, rtol=0, atol=NEAR, equal_nan=True)))


def main() -> None:
    """Run every row and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pixels", type=int, default=10980, help="side of the scene at 10 m")
    parser.add_argument("--repeats", type=int, default=7, help="places asked of, per row")
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    files = benchmark_files(options.pixels)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder = home / "scene"
        folder.mkdir()
        for band, path in files.items():
            (folder / f"{band}.tif").hardlink_to(path)
        rows = _race_in_process(folder, home, repeats=options.repeats)
        rows += race_servers(folder, home, repeats=options.repeats)
    command = f"python -m benchmarks.against_peers {' '.join(sys.argv[1:])}".strip()
    text = describe(rows, command=command, load_before=load)
    print(f"\n{text}")
    if options.write:
        put(text)


def _race_in_process(folder: Path, home: Path, *, repeats: int) -> list[Row]:
    warm_kernels()
    loop = Loop()
    rows = []
    prefix = home / "nginx"
    prefix.mkdir()
    with running_nginx(folder, prefix) as server:
        for place, address in (("local", str(folder)), ("HTTP", server.url)):
            nest = home / place
            nest.mkdir()
            ours, peer = Cogmill(loop, nest, address), RioTiler(address)
            for work in make_workloads():
                image = folder / "B04.tif"
                race(work, place, ours=ours, peer=peer, image=image, repeats=1)
                row = race(work, place, ours=ours, peer=peer, image=image, repeats=repeats)
                rows.append(row)
                print(write_rows(rows[-1:]).splitlines()[-1], flush=True)
            ours.close()
    return rows


if __name__ == "__main__":
    main()
