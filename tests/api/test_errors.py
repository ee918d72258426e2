import importlib
import json
import pkgutil
from collections.abc import Iterator

import pytest
from starlette.exceptions import HTTPException
from starlette.responses import Response

import engine
import evalscripts
from api.dialects import DIALECTS, answer_error
from api.errors import (
    ROWS,
    BadBody,
    HttpError,
    RateLimited,
    Violation,
    path_text,
    problem_of,
)
from engine.errors import EngineError, SourceUnavailable, TooLarge
from evalscripts.errors import ScriptError, ScriptRuntimeError, ScriptTierUnavailable


def family(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for child in root.__subclasses__():
        yield from family(child)


def import_all() -> None:
    for package in (engine, evalscripts):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name:
                importlib.import_module(module.name)


def example(cls: type[Exception]) -> Exception:
    """Make an error of ``cls`` without running constructors that ask for more than a message."""
    error = cls.__new__(cls, "it broke")
    given = {
        "message": "it broke",
        "where": "output->width",
        "found": 3000.0,
        "limit": 2500.0,
        "retry_after": 1.5,
        "violations": (),
        "line": 3,
        "column": 7,
        "excerpt": "let x = ;\n        ^",
        "stack": ("at evaluatePixel (evalscript.js:3:7)",),
        "scene": None,
        "band": None,
    }
    error.__dict__.update(given)
    return error


def error_of(response: Response) -> dict[str, object]:
    found: dict[str, object] = json.loads(bytes(response.body))["error"]
    return found


def test_every_error_class_has_a_row() -> None:
    import_all()
    classes = {*family(EngineError), *family(ScriptError), *family(HttpError)}

    # A private class is a detail of its module: it wears the row of the class above.
    missing = {cls.__name__ for cls in classes - set(ROWS) if not cls.__name__.startswith("_")}
    assert missing == set()


@pytest.mark.parametrize("prefix", DIALECTS)
@pytest.mark.parametrize("cls", ROWS, ids=lambda cls: cls.__name__)
def test_every_dialect_renders_every_row(prefix: str, cls: type[Exception]) -> None:
    response = answer_error(example(cls), path=prefix)

    assert (response.status_code, b"it broke" in bytes(response.body)) == (ROWS[cls][0], True)


def test_the_body_is_sentinel_hubs() -> None:
    error = TooLarge("width = 2624 is too large", found=2624, limit=2500, where="output->resx")

    assert error_of(answer_error(error, path="/api/v1/process")) == {
        "status": 400,
        "reason": "Bad Request",
        "message": "width = 2624 is too large",
        "code": "COMMON_BAD_PAYLOAD",
        "errors": [
            {
                "parameter": "output->resx",
                "violation": "width = 2624 is too large",
                "invalidValue": "2624",
            }
        ],
    }


def test_a_script_error_names_the_users_own_line() -> None:
    error = ScriptRuntimeError(
        "TypeError: x is undefined",
        line=20,
        column=19,
        excerpt="return x.y\n       ^",
        stack=("at evaluatePixel (evalscript.js:20:19)",),
    )

    body = error_of(answer_error(error, path="/api/v1/process"))

    assert body["message"] == (
        "Failed to evaluate script!\nevalscript.js:20: TypeError: x is undefined\n"
        "at evaluatePixel (evalscript.js:20:19)"
    )
    assert body["script"] == {
        "line": 20,
        "column": 19,
        "excerpt": "return x.y\n       ^",
        "message": "TypeError: x is undefined",
    }
    assert body["code"] == "RENDERER_EXCEPTION"


def test_a_busy_server_is_not_the_scripts_fault() -> None:
    response = answer_error(ScriptTierUnavailable("no worker was free"), path="/api/v1/process")

    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert error_of(response)["message"] == "no worker was free"


def test_an_unforeseen_error_tells_only_the_request_id() -> None:
    error = OSError(2, "No such file", "/srv/secret/token.pem")

    response = answer_error(error, path="/api/v1/process", request_id="abc-1")

    assert response.status_code == 500
    assert "abc-1" in str(error_of(response)["message"])
    assert b"secret" not in bytes(response.body)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/api/v1/process", "3398"), ("/oauth/token", "3398"), ("/tiles/x/1/0/0.png", "4")],
)
def test_retry_after_counts_milliseconds_where_sentinel_hubs_clients_read_it(
    path: str, expected: str
) -> None:
    response = answer_error(RateLimited("slow down", retry_after=3.398), path=path)

    assert (response.status_code, response.headers["retry-after"]) == (429, expected)


def test_retry_after_of_a_source_counts_seconds() -> None:
    error = SourceUnavailable("the store did not answer", retry_after=2.0)

    response = answer_error(error, path="/api/v1/process")

    assert (response.status_code, response.headers["retry-after"]) == (503, "2")


@pytest.mark.parametrize(
    ("status", "code"), [(404, "COMMON_NOT_FOUND"), (405, "COMMON_METHOD_NOT_ALLOWED")]
)
def test_the_routers_own_refusals_wear_the_same_dialect(status: int, code: str) -> None:
    body = error_of(answer_error(HTTPException(status), path="/nowhere", method="PUT"))

    assert (body["status"], body["code"]) == (status, code)
    assert "/nowhere" in str(body["message"])


def test_half_characters_in_a_message_do_not_break_the_body() -> None:
    violation = Violation(parameter="x", violation="\udc80 is odd")

    response = answer_error(BadBody("found \ud800", violations=[violation]), path="/")

    assert error_of(response)["message"] == "found ?"


def test_a_path_reads_as_sentinel_hub_writes_it() -> None:
    assert path_text(["input", "data", 0, "type"]) == "input->data[0]->type"


def test_a_missing_token_is_challenged() -> None:
    problem = problem_of(example(next(cls for cls in ROWS if cls.__name__ == "Unauthorized")))

    assert problem.headers == {"WWW-Authenticate": "Bearer"}
