"""The verdicts as tables."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.reach_gather import BY_HAND, GROUPS, read_excluded

_EXAMPLES = 4

Verdict = Mapping[str, Any]
"""A line of what `reach_judge` says."""


def report(verdicts: Sequence[Verdict]) -> str:
    """Return counts by group, mismatches, what the native tier declines and what V8 cannot run."""
    counted = _counted(verdicts)
    declined = [v for v in counted if v["v8"] == "runs" and v["tier"] != "native"]
    traps = [(v, trap) for v in counted for trap in set(v.get("traps", {}).values())]
    wrong = [f"{v['file']}: {text}" for v in counted for text in v.get("mismatches", ())]
    parts = (
        summary(verdicts),
        "\n".join(("Mismatches", *wrong)),
        "What runs in V8 alone, by the construct\n" + causes((v, v["reason"]) for v in declined),
        "What does not run\n" + causes((v, v["v8"]) for v in counted if v["v8"] != "runs"),
        "Traps, by scripts\n" + causes(traps),
    )
    return "\n\n".join(parts)


def summary(verdicts: Sequence[Verdict]) -> str:
    """Return counts by group, and how many scripts differ between the tiers."""
    counted = _counted(verdicts)
    wrong = sum(bool(v.get("mismatches")) for v in counted)
    return f"{_counts(counted)}\n\nScripts in which machine code and V8 differ: {wrong}."


def _counted(verdicts: Sequence[Verdict]) -> list[Verdict]:
    excluded = {digest[:10] for digest in read_excluded()}
    return [v for v in verdicts if v["file"][-13:-3] not in excluded]


def _counts(verdicts: Sequence[Verdict]) -> str:
    rows = ["| group | scripts | run | native | native share |", "|---|---|---|---|---|"]
    named: list[tuple[str, tuple[str, ...]]] = [(group, (group,)) for group in GROUPS]
    named += [("by hand", BY_HAND), ("all", tuple(GROUPS))]
    for name, groups in named:
        here = [v for v in verdicts if v["file"].partition("/")[0] in groups]
        runs = [v for v in here if v["v8"] == "runs"]
        native = [v for v in runs if v["tier"] == "native"]
        if not here:
            continue
        share = f"{len(native) / len(here):.1%}"
        title = f"{name}: {GROUPS[name]}" if name in GROUPS else name
        rows.append(f"| {title} | {len(here)} | {len(runs)} | {len(native)} | {share} |")
    return "\n".join(rows)


def causes(pairs: Iterable[tuple[Verdict, str]]) -> str:
    """Return causes by the number of scripts, those by hand first, with examples."""
    counts: Counter[str] = Counter()
    by_hand: Counter[str] = Counter()
    examples: dict[str, list[str]] = defaultdict(list)
    for verdict, text in pairs:
        cause = re.sub(r"\d+", "N", re.sub(r'"[^"]*"', '"…"', text))[:160]
        counts[cause] += 1
        hand = verdict["file"].partition("/")[0] in BY_HAND
        by_hand[cause] += hand
        line = verdict.get("line") or verdict.get("v8_line")
        place = f"{verdict['file']}:{line}" if line else verdict["file"]
        examples[cause].insert(0 if hand else len(examples[cause]), place)
    order = sorted(counts, key=lambda cause: (-by_hand[cause], -counts[cause], cause))
    return "\n".join(
        f"{by_hand[c]:5} by hand {counts[c]:5} in all  {c}\n"
        + "\n".join(f"{'':28}{example}" for example in examples[c][:_EXAMPLES])
        for c in order
    )
