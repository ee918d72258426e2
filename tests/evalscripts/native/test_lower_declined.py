"""What the native tier declines, and the place that it names."""

import pytest

from evalscripts import V8Pool
from evalscripts.native.lower import machine
from tests.builders.lowered import refusal, script

DECLINED = {
    "state kept across pixels, in n": ("let n = 0;", "n += 1;\nreturn [n, 0, 0];"),
    "a change of what outlives the pixel": (
        "const all = [];",
        "all.push(s.B04);\nreturn [1, 0, 0];",
    ),
    "recursion, or calls nested too deeply": (
        "const f = (x) => f(x - 1);",
        "return [f(s.B04), 0, 0];",
    ),
    "try": ("", "try { return [1, 0, 0]; } catch (e) { return [0, 0, 0]; }"),
    "outputMetadata": ("", "arguments[4].userData = 1;\nreturn [1, 0, 0];"),
    "Math.random": ("", "return [Math.random(), 0, 0];"),
    "the current time": ("", "return [new Date().getTime(), 0, 0];"),
    "console.log": ("", "console.log(s.B04);\nreturn [1, 0, 0];"),
    "eval()": ("", "return [eval('1'), 0, 0];"),
    "JSON.stringify": ("", "return [JSON.stringify(s).length, 0, 0];"),
    "unknown is not defined": ("", "return [unknown, 0, 0];"),
    "throw": ("", "throw new Error('x');"),
    "p is used before it is declared": (
        "",
        "let n = 0; const p = 5;\n{ for (const p of [p, s.B04]) n += p; }\nreturn [n, 0, 0];",
    ),
}


@pytest.mark.parametrize(("reason", "parts"), DECLINED.items(), ids=DECLINED.keys())
def test_what_is_declined_says_why(pool: V8Pool, reason: str, parts: tuple[str, str]) -> None:
    top, body = parts

    assert refusal(script(body, top=top), pool=pool)[0] == reason


def test_the_line_is_the_one_of_the_construct(pool: V8Pool) -> None:
    text = script("const a = s.B04;\ntry { a; } catch (e) { }\nreturn [a, 0, 0];")

    assert refusal(text, pool=pool)[1] == text[: text.index("try")].count("\n") + 1


def test_dead_code_declines_nothing(pool: V8Pool) -> None:
    text = script(
        "if (DEBUG) { console.log(s); throw 1; }\nreturn [1, 0, 0];", top="const DEBUG = false;"
    )

    assert refusal(text, pool=pool) == ("", 0)


def test_endless_loops_are_followed_for_a_while_only(
    pool: V8Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "MAX_STEPS", 3000)
    text = script("for (;;) { for (;;) { if (s.B04 > 5) break; } }")

    assert refusal(text, pool=pool)[0] == "its loops take too long to follow"
