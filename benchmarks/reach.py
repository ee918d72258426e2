"""How many public scripts run, natively or in V8, and what stops the others.

    python -m benchmarks.reach scan MIRRORS              write the lists in benchmarks/corpus
    python -m benchmarks.reach gather MIRRORS FOLDER     rebuild the corpus from local clones
    python -m benchmarks.reach count FOLDER [--out FILE] [--only A1,B,C] [--rounds 1] [--again]

MIRRORS is a folder of clones, named ``owner+name``, of the repositories in
benchmarks/corpus/repositories.tsv at their commits. *scan* finds all scripts in them and keeps
what excluded.tsv says; *gather* writes the listed ones. *count* runs
each on random and on adversarial pixels; verdicts go to a file as they come, and a second run
goes on where the first one stopped.
"""

import argparse
import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.reach_gather import (
    BY_HAND,
    GROUPS,
    TEMPLATE,
    read_excluded,
    rebuild,
    scan,
    write_lists,
)
from benchmarks.reach_report import report, summary
from benchmarks.report import describe_facts, put

_MOST_DEATHS = 5
"""In a row: then the judges are to blame, not the scripts."""
_JUDGE = [sys.executable, "-m", "benchmarks.reach_judge"]


def count(folder: Path, out: Path, *, groups: Sequence[str], processes: int, rounds: int) -> None:
    """Judge every script of the groups that has no verdict yet."""
    known = {verdict["file"] for verdict in read_verdicts(out)}
    files = [
        f"{group}/{file.name}" for group in groups for file in sorted((folder / group).glob("*.js"))
    ]
    waiting = deque(file for file in files if file not in known)
    lock = threading.Lock()
    with out.open("a", encoding="utf-8") as sink:

        def keep(verdict: str) -> None:
            with lock:
                sink.write(verdict)
                sink.flush()

        threads = [
            threading.Thread(target=_work, args=(folder, waiting, keep, rounds))
            for _ in range(processes)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _work(folder: Path, waiting: deque[str], keep: Callable[[str], None], rounds: int) -> None:
    """Feed one judge after the other: a script may end its judge, but not the count."""
    deaths = 0
    while waiting and deaths < _MOST_DEATHS:
        with subprocess.Popen(
            [*_JUDGE, str(folder), str(rounds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as judge:
            assert judge.stdin is not None  # noqa: S101 - for the types
            assert judge.stdout is not None  # noqa: S101
            while True:
                try:
                    file = waiting.popleft()
                except IndexError:
                    judge.stdin.close()
                    return
                judge.stdin.write(f"{file}\n")
                judge.stdin.flush()
                verdict = judge.stdout.readline()
                deaths = 0 if verdict else deaths + 1
                if not verdict:
                    code = judge.wait()
                    keep(
                        json.dumps({"file": file, "v8": f"the judge ended: {code}", "tier": "v8"})
                        + "\n"
                    )
                    break
                keep(verdict)


def read_verdicts(out: Path) -> list[dict[str, Any]]:
    """Return the verdicts so far."""
    if not out.exists():
        return []
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines() if line]


def main(arguments: Sequence[str] | None = None) -> None:
    """Gather or count."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    gather = verbs.add_parser("gather", help="rebuild the corpus from local clones")
    gather.add_argument("mirrors", type=Path)
    gather.add_argument("folder", type=Path)
    scanning = verbs.add_parser("scan", help="write the lists from local clones")
    scanning.add_argument("mirrors", type=Path)
    counting = verbs.add_parser("count", help="run every script and count")
    counting.add_argument("folder", type=Path)
    counting.add_argument("--out", type=Path, default=Path("reach.jsonl"))
    counting.add_argument("--only", default=",".join(GROUPS), help=f"by hand: {','.join(BY_HAND)}")
    counting.add_argument("--processes", type=int, default=2)
    counting.add_argument("--rounds", type=int, default=1, help="times as many pixels")
    counting.add_argument("--write", action="store_true", help="put the counts into README.md")
    counting.add_argument("--again", action="store_true", help="forget earlier verdicts")
    given = parser.parse_args(arguments)
    if given.verb == "gather":
        written, missing = rebuild(given.mirrors, given.folder)
        print(f"{written} scripts written")
        for listed in missing:
            print(f"missing: {listed.alias} {listed.path} {listed.digest[:10]}")
        return
    if given.verb == "scan":
        scripts, templates = scan(given.mirrors)
        reasons = read_excluded()
        excluded = {s: reasons[s.digest] for s in scripts if s.digest in reasons}
        excluded |= dict.fromkeys(templates, TEMPLATE)
        write_lists((s for s in scripts if s not in excluded), excluded)
        print(f"{len(scripts)} scripts, {len(excluded)} of them excluded")
        return
    load = os.getloadavg()[0]
    if given.again:
        given.out.unlink(missing_ok=True)
    count(
        given.folder,
        given.out,
        groups=given.only.split(","),
        processes=given.processes,
        rounds=given.rounds,
    )
    verdicts = read_verdicts(given.out)
    print(report(verdicts))
    if given.write:
        command = f"python -m benchmarks.reach count FOLDER --only {given.only} --write"
        head = describe_facts(("mini-racer", "llvmlite"), command=command, load_before=load)
        put(f"{head}\n\n{summary(verdicts)}", marks="reach")


if __name__ == "__main__":
    main()
