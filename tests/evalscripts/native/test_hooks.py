"""What hooks and pixels tell each other through globals is V8's business."""

import pytest

from evalscripts.native.hooks import check_hooks
from evalscripts.native.lower import Declined
from evalscripts.snapshot import HeldArray, HeldFunction, Ref, Snapshot
from evalscripts.syntax import parse

HEAP = (HeldFunction(text=""), HeldArray(items=(1.0,)))
HOOKS = frozenset({"preProcessScenes", "filterScenes", "updateOutput", "updateOutputMetadata"})


def check(text: str) -> None:
    snapshot = Snapshot(
        globals={"list": Ref(1), "number": 1.0, "help": Ref(0)},
        heap=HEAP,
        hooks=frozenset(name for name in HOOKS if name in text),
        tampered=None,
    )
    check_hooks(parse(text), snapshot)


@pytest.mark.parametrize(
    ("text", "name", "hook"),
    [
        (
            (
                "var number = 1; function evaluatePixel(s) { return [number]; }"
                "function updateOutput(o) { number = 2; }"
            ),
            "number",
            "updateOutput",
        ),
        (
            (
                "let number; const help = () => number; function evaluatePixel() { return help(); }"
                "function set() { number++; } function preProcessScenes(c) { set(); return c; }"
            ),
            "number",
            "preProcessScenes",
        ),
        (
            (
                "var list = [1]; function evaluatePixel(s) { return [list[0]]; }"
                "function filterScenes(c) { list.push(1); return c; }"
            ),
            "list",
            "filterScenes",
        ),
        (
            (
                "function evaluatePixel(s) { number = s.B04; return [1]; }"
                "function updateOutputMetadata(a, b, c) { c.userData = number; }"
            ),
            "number",
            "updateOutputMetadata",
        ),
        (
            (
                "function evaluatePixel(s) { number = s.B04; return [number]; }"
                "function updateOutputMetadata(a, b, c) { c.userData = globalThis['number']; }"
            ),
            "number",
            "updateOutputMetadata",
        ),
        (
            (
                "const help = { add(n) { number += n; } };"
                "function evaluatePixel(s) { help.add(s.B04); return [1]; }"
                "var updateOutputMetadata = (a, b, c) => { c.userData = number; };"
            ),
            "number",
            "updateOutputMetadata",
        ),
    ],
)
def test_what_is_shared_is_declined(text: str, name: str, hook: str) -> None:
    with pytest.raises(Declined, match=rf"^{name}, shared by evaluatePixel\(\) and {hook}\(\)$"):
        check(text)


@pytest.mark.parametrize(
    "text",
    [
        "var number = 1; function evaluatePixel(s) { return [number]; }",
        (
            "const list = [1]; const number = 2; function evaluatePixel(s) { return [number]; }"
            "function preProcessScenes(c) { list.push(number); return c; }"
        ),
        (
            "const list = [1]; function evaluatePixel(s) { return [Math.max(list[0], s.B04)]; }"
            "function updateOutputMetadata(a, b, c) { c.userData = Math.min(list[0]); }"
        ),
        (
            "function evaluatePixel(s) { var number = 1; return [number]; }"
            "function updateOutput(o) { number = 2; }"
        ),
    ],
)
def test_what_is_not_shared_is_not(text: str) -> None:
    check(text)


def test_names_made_at_run_time_are_declined_beside_hooks() -> None:
    with pytest.raises(Declined, match="eval or with"):
        check(
            "function evaluatePixel(s) { return [1]; }"
            "function updateOutput(o) { eval('number = 2'); }"
        )
