"""Errors → what the command says and its exit code."""

import sqlite3
import tomllib
from dataclasses import dataclass
from typing import Any

import typer
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from api.cli.output import SCRIPT_IS_WRONG
from api.errors import HttpError, violations_of
from api.settings import PREFIX, Settings, UnknownSetting
from engine.errors import (
    EngineError,
    Forbidden,
    NotFound,
    RequestError,
    SourceError,
    UnknownCollection,
)
from evalscripts.errors import ScriptError, ScriptTierUnavailable

CODES: tuple[tuple[type[Exception], int], ...] = (
    (ScriptTierUnavailable, 1),
    (ScriptError, SCRIPT_IS_WRONG),
    (NotFound, 3),
    (UnknownCollection, 3),
    (SourceError, 4),
    (RequestError, 2),
    (Forbidden, 2),
    (HttpError, 2),
    (ValidationError, 2),
    (UnknownSetting, 2),
    (tomllib.TOMLDecodeError, 2),
    (typer.TyperException, 2),
    (EngineError, 1),
    (SQLAlchemyError, 1),
    (sqlite3.Error, 1),
    (OSError, 1),
    (typer.Abort, 130),
)
"""Error class → exit code; the first that fits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What is told of an error."""

    code: int
    """The exit code."""
    message: str
    """One line; empty where the command's help was printed already."""
    excerpt: str | None = None
    """The script's line, with a caret below the place; two lines."""


def describe_failure(error: Exception) -> Failure | None:
    """Return what to say of ``error``, or None where nobody foresaw it."""
    code = next((code for cls, code in CODES if isinstance(error, cls)), None)
    if code is None:
        return None
    excerpt = error.excerpt if isinstance(error, ScriptError) else None
    return Failure(code=code, message=" ".join(_message(error).split()), excerpt=excerpt)


def _message(error: Any) -> str:
    match error:
        case ScriptError():
            place = f" (line {error.line}, column {error.column})" if error.line else ""
            text = error.message + place
        case RequestError(where=str(where)):
            text = f"{where}: {error.message}"
        case EngineError() | HttpError():
            text = error.message
        case ValidationError():
            text = _invalid(error)
        case tomllib.TOMLDecodeError():
            text = f"the settings file is not TOML: {error}"
        case SQLAlchemyError() | sqlite3.Error():
            text = f"the database cannot be used: {getattr(error, 'orig', None) or error}"
        case OSError(strerror=str(reason), filename=str(name)):
            text = f"{name}: {reason}"
        case typer.TyperException():
            text = _usage(error)
        case _:
            text = str(error) or "interrupted"
    return text


def _invalid(error: ValidationError) -> str:
    """Return the first thing that is wrong with a request or with the settings."""
    first = violations_of(error.errors())[0]
    if error.title != Settings.__name__:
        return f"{first.parameter}: {first.violation}"
    if error.errors()[0]["type"] == "extra_forbidden":
        return f"the settings file: there is no setting {first.parameter}"
    name = first.parameter.partition("->")[0].partition("[")[0]
    return f"setting {PREFIX}{name.upper()}: {first.violation}, found {first.invalid_value}"


def _usage(error: Any) -> str:
    """Return what is wrong with the command line, and where help is."""
    text = str(error.format_message()).rstrip(".")
    path = error.ctx.command_path if getattr(error, "ctx", None) else "cogmill"
    return f"{text}; see: {path} --help" if text else ""
