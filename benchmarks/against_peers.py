"""Cogmill beside its peers, on the same COGs, taking turns in one run.

    python -m benchmarks.against_peers --repeats 9 --write
    python -m benchmarks.against_peers --quick --only color256 series

How to read the table: benchmarks/README.md, into which ``--write`` puts it.
"""

import argparse
import os
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
from rasterio.errors import NotGeoreferencedWarning
from rio_tiler.errors import NoOverviewWarning

from benchmarks.peers import QUICKEST, Ask, Peer
from benchmarks.peers.asynchronous import AsyncGeotiff
from benchmarks.peers.cogmill import Cogmill, Loop, least_traffic
from benchmarks.peers.odc import OdcStac
from benchmarks.peers.riotiler import RioTiler
from benchmarks.peers.terracotta_tiles import Terracotta
from benchmarks.peers.titiler import TiTiler
from benchmarks.peers.warped import Warped
from benchmarks.places import Place, Traffic, opened_place
from benchmarks.report import describe, put
from benchmarks.rows import COLD, OURS, REGISTERED, WARM, Row, alike, write_details, write_rows
from benchmarks.scene_files import MEETING
from benchmarks.scenes import Scenes, SceneSet, benchmark_scenes
from benchmarks.stages import measure_stages
from benchmarks.workloads import (
    FAR,
    LOCAL,
    NEAR,
    Question,
    Work,
    draw_question,
    make_workloads,
    shift_question,
)
from engine.run.warm import warm_kernels
from engine.trace import tracing


class Race:
    """Everybody, at one place."""

    def __init__(
        self, scenes: Scenes, place: Place, ours: Cogmill, peers: Sequence[Peer], *, quick: bool
    ) -> None:
        self.scenes = scenes
        self.place = place
        self.ours = ours
        self.peers = peers
        self.quick = quick
        self.oracle = RioTiler()

    def run(self, work: Work, scenes: SceneSet, *, repeats: int, seed: int) -> Row:
        """Return the row of one question.

        Each repetition asks of another place, and another contestant goes first.
        """
        row = Row(work=work, scenes=scenes.name, place=self.place.name)
        random = np.random.default_rng(seed)
        path = str(self.scenes.root / scenes.name / scenes.days[0] / f"{work.bands[0]}.tif")
        # Not timed: libraries load their parts, and scripts and kernels are compiled.
        self._repeat(Row(work=work, scenes="", place=""), scenes, path, random, turn=0)
        for turn in range(repeats):
            self._repeat(row, scenes, path, random, turn=turn)
        return row

    def _repeat(
        self, row: Row, scenes: SceneSet, path: str, random: np.random.Generator, *, turn: int
    ) -> None:
        question = draw_question(row.work, path, random, meeting=MEETING)
        beside = shift_question(question, random)
        turns: list[Callable[[], None]] = [partial(self._ours, row, question, beside, scenes)]
        turns += [
            partial(self._peer, row, peer, setting, question, beside, scenes)
            for peer in self.peers
            for setting in ((QUICKEST,) if self.quick else peer.settings)
        ]
        first = turn % len(turns)
        for take in (*turns[first:], *turns[:first]):
            take()
        self._compare(row, question, scenes)

    def _ours(self, row: Row, question: Question, beside: Question, scenes: SceneSet) -> None:
        ours = self.ours
        ours.forget_all()
        self.place.traffic()
        with tracing() as trace:
            row.time((OURS, "", COLD), lambda: ours.answer_cold(question, scenes))
        local = Traffic(requests=trace.counts["requests"], bytes=trace.counts["bytes"])
        row.traffic.setdefault((OURS, ""), []).append(self.place.traffic() or local)
        headers = len(row.work.bands) * len(scenes.days)
        if len(scenes.days) == 1 or row.work.is_series:
            # Of a mosaic, a plan holds only what is read in any case.
            requests, size = least_traffic(ours.plan(question, scenes), headers=headers)
            row.least.append(Traffic(requests=requests, bytes=size))
        ours.forget_blocks()
        row.time((OURS, "", REGISTERED), lambda: ours.answer(question, scenes))
        if self.place.name != FAR:
            ours.answer(question.around(beside), scenes)
            row.time((OURS, "", WARM), lambda: ours.answer(beside, scenes))

    def _peer(
        self,
        row: Row,
        peer: Peer,
        setting: str,
        question: Question,
        beside: Question,
        scenes: SceneSet,
    ) -> None:
        paths = self.place.paths(row.work, scenes)
        ask = Ask(question=question, paths=paths, setting=setting)
        if not peer.takes(ask):
            return
        self.place.traffic()
        row.time((peer.name, setting, COLD), lambda: peer.answer(ask))
        traffic = self.place.traffic()
        if traffic is not None:
            row.traffic.setdefault((peer.name, setting), []).append(traffic)
        if self.place.name != FAR:
            again = Ask(question=beside, paths=paths, setting=setting)
            row.time((peer.name, setting, WARM), lambda: peer.answer(again))

    def _compare(self, row: Row, question: Question, scenes: SceneSet) -> None:
        mine = self.ours.numbers(question, scenes)
        ask = Ask(question=question, paths=self.place.paths(row.work, scenes))
        row.precise.append(alike(mine, self.oracle.precise(ask)))
        for peer in self.peers:
            if peer.takes(ask):
                row.alike.setdefault(peer.name, []).append(alike(mine, peer.numbers(ask)))


def main() -> None:
    """Run the rows that are wanted and print the table."""
    options = _options()
    # Pictures that rio-tiler makes of an array lie nowhere; the series' SCL is a single block.
    warnings.simplefilter("ignore", NotGeoreferencedWarning)
    warnings.simplefilter("ignore", NoOverviewWarning)
    load = os.getloadavg()[0]
    scenes = benchmark_scenes(options.pixels)
    warm_kernels()
    command = f"python -m benchmarks.against_peers {' '.join(sys.argv[1:])}".strip()
    if options.stages:
        works = [work for work in make_workloads() if work.key in options.only]
        found = measure_stages(scenes, works, repeats=options.repeats, seed=options.seed)
        tables = "\n\n".join(one.write() for one in found)
        _finish(options, tables, command=command, load=load, marks="stages")
        return
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        terracotta = Terracotta()
        stack.callback(terracotta.close)
        peers = (
            RioTiler(),
            Warped(),
            terracotta,
            OdcStac(),
            AsyncGeotiff(),
            TiTiler(stack),
        )
        rows = _race_all(scenes, peers, home, options)
    _finish(options, write_rows(rows), command=command, load=load, marks="against_peers")


def _finish(
    options: argparse.Namespace, table: str, *, command: str, load: float, marks: str
) -> None:
    text = describe(table, command=command, load_before=load)
    print(f"\n{text}")
    if options.write:
        put(text, marks=marks)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    keys = [work.key for work in make_workloads()]
    places = {"local": LOCAL, "http": NEAR, "far": FAR}
    parser.add_argument("--pixels", type=int, default=10980, help="side of the scene at 10 m")
    parser.add_argument("--repeats", type=int, help="places asked of, per row (9; quick: 3)")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=keys,
        default=keys,
        metavar="NAME",
        help=f"rows to run: {', '.join(keys)}",
    )
    parser.add_argument("--blocks", nargs="+", choices=("1024", "512"), help="sizes of blocks")
    parser.add_argument("--places", nargs="+", choices=places, help="where the files are")
    parser.add_argument("--seed", type=int, help="of the places asked of; else another each run")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="local files in blocks of 1024, the peers' quickest settings only",
    )
    parser.add_argument(
        "--stages",
        action="store_true",
        help="our own time by stage, cold and warm, beside each stage's floor",
    )
    parser.add_argument("--write", action="store_true", help="put the table into README.md")
    options = parser.parse_args()
    quick = options.quick
    options.repeats = options.repeats or (3 if quick else 9)
    options.blocks = options.blocks or (["1024"] if quick else ["1024", "512"])
    options.places = [places[name] for name in options.places or (["local"] if quick else places)]
    if options.seed is None:
        options.seed = int.from_bytes(os.urandom(4))
    return options


def _race_all(
    scenes: Scenes, peers: Sequence[Peer], home: Path, options: argparse.Namespace
) -> list[Row]:
    print(f"seed {options.seed}")
    rows: list[Row] = []
    try:
        for row in _race_each(scenes, peers, home, options):
            rows.append(row)
            print(f"\n{write_details(row)}", flush=True)
    except KeyboardInterrupt:
        print("\nstopped: the table has the rows so far")
    return rows


def _race_each(
    scenes: Scenes, peers: Sequence[Peer], home: Path, options: argparse.Namespace
) -> Iterator[Row]:
    loop = Loop()
    for number, name in enumerate(options.places):
        nest = home / str(number)
        nest.mkdir()
        with opened_place(name, scenes.root) as place:
            ours = Cogmill(loop, nest, place.root, list(scenes.sets.values()))
            race = Race(scenes, place, ours, peers, quick=options.quick)
            for work in make_workloads():
                for one in work.sets if work.key in options.only else ():
                    if one in {"1024", "512"} and one not in options.blocks:
                        continue
                    yield race.run(
                        work, scenes.sets[one], repeats=options.repeats, seed=options.seed
                    )
            ours.close()


if __name__ == "__main__":
    main()
