"""`cogmill`: the command's tree, and how it fails.

Exit codes: 0 done · 1 it failed · 2 the command or the request was wrong · 3 no such thing ·
4 the data's source failed · 5 the script is wrong · 130 interrupted.
"""

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from api.cli import about, access, data, pixels, scripts, serving
from api.cli.output import OUT, print_error
from api.settings import load_settings

app = typer.Typer(
    name="cogmill",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="On-the-fly raster processing over cloud-optimised GeoTIFFs, speaking Sentinel Hub's APIs."
    "\n\nStart here:  [bold]cogmill demo[/]",
    epilog="Exit codes: 0 done · 1 it failed · 2 the command or the request was wrong · "
    "3 no such thing · 4 the data's source failed · 5 the script is wrong · 130 interrupted",
)
app.command(rich_help_panel="Serve")(serving.serve)
app.command(rich_help_panel="Serve")(serving.demo)
app.command(rich_help_panel="Ask, without a server")(pixels.process)
app.command(rich_help_panel="Ask, without a server")(pixels.explain)
app.command(rich_help_panel="Ask, without a server")(pixels.debug)
app.command(rich_help_panel="Scripts")(scripts.check)
app.add_typer(scripts.scripts, name="scripts", rich_help_panel="Scripts")
app.command(rich_help_panel="Data")(data.ingest)
app.command(rich_help_panel="Data")(data.scenes)
app.add_typer(data.collections, name="collections", rich_help_panel="Data")
app.add_typer(access.client, name="client", rich_help_panel="Run a server")
app.command(rich_help_panel="Run a server")(about.info)


def _print_version(asked: bool) -> None:
    if asked:
        OUT.print(f"cogmill {version('cogmill')}")
        raise typer.Exit


@app.callback()
def root(
    *,
    settings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="TOML file of settings; the same as COGMILL_SETTINGS in the environment.",
        ),
    ] = None,
    version: Annotated[  # noqa: ARG001 -- the callback answers it
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Say the version."),
    ] = False,
) -> None:
    """Read the settings file before any command does."""
    if settings is not None:
        load_settings(settings)


def main() -> None:
    """Run the command; every failure is one clear line on standard error."""
    try:
        # Commands return nothing; typer hands back the code of an Exit.
        code = app(standalone_mode=False)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        from api.cli.failures import describe_failure

        failure = describe_failure(error)
        if failure is None:
            # Not foreseen, so a fault of ours: the traceback is what its report needs.
            raise
        print_error(failure.message, excerpt=failure.excerpt)
        sys.exit(failure.code)
    sys.exit(code or 0)


if __name__ == "__main__":
    main()
