"""Scripts are found in files of any kind, and only scripts."""

import json

from benchmarks.reach_extract import essence, extract, looks_whole

SCRIPT = (
    "//VERSION=3\n"
    'function setup() { return { input: ["B04"], output: { bands: 1 } }; }\n'
    "function evaluatePixel(s) { return [s.B04]; }\n"
)


def texts(path: str, text: str) -> list[str]:
    return [found.text for found in extract(path, text)]


def test_a_file_that_is_a_script_is_taken_whole() -> None:
    assert texts("a/script.js", SCRIPT) == [SCRIPT]


def test_a_bare_body_is_a_script() -> None:
    assert texts("script.js", "var x = B04 * 2;\nreturn [x];\n") == [
        "var x = B04 * 2;\nreturn [x];\n"
    ]


def test_a_module_holds_scripts_in_its_strings() -> None:
    module = f"import x from 'x';\nexport const script = `{SCRIPT}`;\n"

    assert texts("layers.ts", module) == [SCRIPT]


def test_a_string_with_holes_is_a_template() -> None:
    module = f"export const make = (n) => `{SCRIPT}// ${{n}}`;\n"

    assert [found.is_template for found in extract("layers.js", module)] == [True]


def test_escapes_in_strings_are_resolved() -> None:
    module = "export const s = '//VERSION=3\\nreturn [\\u00422 * 2, \"\\x41\"]';\n"

    assert texts("a.js", module) == ['//VERSION=3\nreturn [B2 * 2, "A"]']


def test_configurations_hold_scripts_by_key() -> None:
    layer = {"styles": [{"name": "default", "evalScript": "return [B04]"}], "title": "return"}

    assert texts("layers.json", json.dumps([layer])) == ["return [B04]"]


def test_notebooks_hold_scripts_in_python_in_cells_of_their_own_and_in_prose() -> None:
    cells = [
        {"cell_type": "code", "source": ["%pip install x\n", f'evalscript = """{SCRIPT}"""\n']},
        {"cell_type": "code", "source": f"%%writefile script.js\n{SCRIPT}"},
        {"cell_type": "markdown", "source": f"Look:\n\n```javascript\n{SCRIPT}```\n"},
        {"cell_type": "code", "source": "this is no Python"},
    ]

    assert texts("n.ipynb", json.dumps({"cells": cells})) == [SCRIPT, SCRIPT, SCRIPT]


def test_an_f_string_with_holes_is_a_template_and_without_is_a_script() -> None:
    doubled = SCRIPT.replace("{", "{{").replace("}", "}}")
    program = f'a = f"""{doubled}"""\nb = f"//VERSION=3\\nreturn [{{x}}]"\n'

    assert [found.is_template for found in extract("p.py", program)] == [False, True]


def test_pages_hold_scripts_in_json_and_in_forms() -> None:
    page = (
        f"```json\n{json.dumps({'evalscript': SCRIPT})}\n```\n"
        f"```bash\ncurl \\\n  --form-string 'evalscript={SCRIPT}'\n```\n"
    )

    assert texts("page.md", page) == [SCRIPT, SCRIPT]


def test_prose_and_fragments_are_no_scripts() -> None:
    assert not looks_whole("Write evaluatePixel() and setup().")
    assert not looks_whole("//VERSION=3\nfunction setup() { return {}; }")
    assert texts("page.md", "```js\nfunction evaluatePixel(s) {}\n```\n") == []


def test_files_that_are_broken_hold_nothing() -> None:
    assert texts("a.json", "{") == []
    assert texts("a.ipynb", "[") == []
    assert texts("a.py", "def") == []


def test_comments_and_white_space_make_no_other_script() -> None:
    noisy = SCRIPT.replace("return [s.B04]", "/* the red\n one */\n  return  [ s.B04 ] // yes\n")

    assert essence(noisy) == essence(SCRIPT)


def test_the_version_and_the_text_of_strings_make_another_script() -> None:
    assert essence(SCRIPT) != essence(SCRIPT.replace("=3", "=2"))
    assert essence('return "a b"') != essence('return "ab"')
