"""The snapshot notices what the script did to the language, and believes no reply by itself."""

import pytest

from evalscripts import V8Pool
from evalscripts.v8.snapshot import BadSnapshot, read_snapshot
from tests.builders.snapshots import Shooter


@pytest.fixture
def shoot(pool: V8Pool) -> Shooter:
    return Shooter(pool)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Math.max = () => 1;", "Math.max"),
        ("Array.prototype.map = () => [];", "Array.prototype.map"),
        ("Array.prototype.median = () => 1;", "Array.prototype.median"),
        ("delete Array.prototype.at;", "Array.prototype"),
        ("Object.prototype.toString = () => '';", "Object.prototype.toString"),
        ("Object.defineProperty(Object.prototype, 'x', {get: () => 1});", "Object.prototype.x"),
        ("Number.prototype.valueOf = () => 1;", "Number.prototype.valueOf"),
        ("Identity.prototype.process = () => 1;", "Identity.prototype.process"),
        ("Object.getPrototypeOf(ColorMapVisualizer).y = 1;", "Function.prototype.y"),
        ("Array.prototype[Symbol.iterator] = function* () {};", "Array.prototype.a symbol"),
        ("Object.getPrototypeOf([].keys()).next = null;", "Array Iterator.prototype.next"),
        ("Date.now = () => 1;", "Date.now"),
        ("Date.prototype.getTime = () => 1;", "Date.prototype.getTime"),
        ("const p = new Proxy({}, {});", "Proxy"),
        ("const p = Proxy.revocable({}, {});", "Proxy"),
        ("var Math2 = Math; Math = {}; const a = Object.create(Array.prototype);", None),
        ("", None),
    ],
)  # fmt: skip
def test_changes_to_the_language_are_noticed(
    shoot: Shooter, text: str, expected: str | None
) -> None:
    assert shoot(text, "evaluatePixel").tampered == expected


def test_a_script_that_tampers_with_everything_is_still_copied(shoot: Shooter) -> None:
    shot = shoot(
        "const a = [1, {b: 2}]; Array.prototype.push = Map.prototype.get = Map.prototype.set ="
        "JSON.stringify = Reflect.ownKeys = Object.is = String.prototype.includes = null;"
        "Object.defineProperty(Array.prototype, 0, {set() { throw 1; }});"
        "Object.defineProperty(Object.prototype, 'value', {get() { throw 1; }});",
        "a",
    )

    assert shot["a"].items[0] == 1
    assert shot.tampered is not None


@pytest.mark.parametrize(
    "held",
    [
        None,
        [],
        {},
        {"globals": [], "heap": {}, "tampered": None},
        {"globals": [["a", [0]]], "heap": [], "tampered": None},
        {"globals": [["a", [-1]]], "heap": [["?", "x"]], "tampered": None},
        {"globals": [["a", [True]]], "heap": [["?", "x"]], "tampered": None},
        {"globals": [["a", [0.0]]], "heap": [["?", "x"]], "tampered": None},
        {"globals": [["a", ["nan"]]], "heap": [], "tampered": None},
        {"globals": [["a", {}]], "heap": [], "tampered": None},
        {"globals": [["a", [1, 2]]], "heap": [], "tampered": None},
        {"globals": [[1, 1]], "heap": [], "tampered": None},
        {"globals": [["a"]], "heap": [], "tampered": None},
        {"globals": [], "heap": [["x"]], "tampered": None},
        {"globals": [], "heap": [[]], "tampered": None},
        {"globals": [], "heap": [["a", [1], 1]], "tampered": None},
        {"globals": [], "heap": [["a", 5, False]], "tampered": None},
        {"globals": [], "heap": [["t", ["x"], "Float64Array"]], "tampered": None},
        {"globals": [], "heap": [["t", [1], "Array"]], "tampered": None},
        {"globals": [], "heap": [["o", [["a"]], False, None, None]], "tampered": None},
        {"globals": [], "heap": [["o", [["a", 1]], False, 5, None]], "tampered": None},
        {"globals": [], "heap": [["f", 1, None]], "tampered": None},
        {"globals": [], "heap": [["m", [[1]]]], "tampered": None},
        {"globals": [], "heap": [["d", "x"]], "tampered": None},
        {"globals": [], "heap": [["?", ["x"]]], "tampered": None},
        {"globals": [["a", 10**400]], "heap": [], "tampered": None},
        {"globals": [], "heap": [], "tampered": 5},
    ],
)
def test_what_snapshot_js_never_writes_is_refused(held: object) -> None:
    with pytest.raises(BadSnapshot):
        read_snapshot(held)
