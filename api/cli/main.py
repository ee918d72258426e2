"""`cogmill`: the command's tree, and how it fails.

Exit codes: 0 done · 1 it failed · 2 the command or the request was wrong · 3 no such thing ·
4 the data's source failed · 5 the script is wrong · 130 interrupted.
"""

import sys

import typer
from pydantic import ValidationError

from api.cli import about, access, data, pixels, serving
from api.cli.output import ERR
from engine.errors import EngineError, Forbidden, NotFound, RequestError, SourceError
from evalscripts.errors import ScriptError

app = typer.Typer(
    name="cogmill",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="On-the-fly raster processing over cloud-optimised GeoTIFFs, speaking Sentinel Hub's APIs."
    "\n\nStart here:  [bold]cogmill demo[/]",
)
app.command()(serving.serve)
app.command()(serving.demo)
app.command()(pixels.process)
app.command()(pixels.explain)
app.command()(pixels.check)
app.command()(data.ingest)
app.command()(data.scenes)
app.add_typer(data.collections, name="collections")
app.add_typer(access.client, name="client")
app.command()(about.info)


def main() -> None:
    """Run the command; every failure is one clear line on standard error."""
    try:
        app()
    except ScriptError as error:
        place = f" (line {error.line}, column {error.column})" if error.line else ""
        excerpt = f"\n{error.excerpt}" if error.excerpt else ""
        _fail(f"{error.message}{place}{excerpt}", code=5)
    except NotFound as error:
        _fail(error.message, code=3)
    except (RequestError, Forbidden) as error:
        where = getattr(error, "where", None)
        _fail(f"{where}: {error.message}" if where else error.message, code=2)
    except SourceError as error:
        _fail(error.message, code=4)
    except EngineError as error:
        _fail(error.message, code=1)
    except ValidationError as error:
        first = error.errors()[0]
        place = " -> ".join(str(part) for part in first["loc"])
        _fail(f"{place}: {first['msg']}", code=2)
    except OSError as error:
        _fail(f"{error.strerror or error}: {error.filename}" if error.filename else str(error), 1)
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(message: str, code: int) -> None:
    ERR.print("[bold red]error:[/] ", end="")
    ERR.print(message, markup=False)
    sys.exit(code)


if __name__ == "__main__":
    main()
